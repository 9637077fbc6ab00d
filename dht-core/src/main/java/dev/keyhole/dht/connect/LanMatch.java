package dev.keyhole.dht.connect;

import dev.keyhole.transport.net.Address;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which of a peer's local addresses most likely lies in one of our own networks. */
public final class LanMatch {

    private LanMatch() {}

    /**
     * The first with three octets in common, else the first with two, else the first with one.
     *
     * @return null if none has even one
     */
    public static @Nullable Address best(List<Address> ours, List<Address> theirs) {
        Address best = null;
        int bestOctets = 0;
        for (Address our : ours) {
            for (Address their : theirs) {
                int octets = commonOctets(our.host(), their.host());
                if (octets == 3) {
                    return their;
                }
                if (octets > bestOctets) {
                    best = their;
                    bestOctets = octets;
                }
            }
        }
        return best;
    }

    private static int commonOctets(int a, int b) {
        return Math.min(3, Integer.numberOfLeadingZeros(a ^ b) / Byte.SIZE);
    }
}
