package dev.keyhole.dht.node;

import dev.keyhole.transport.net.Address;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What others say our address is: a vote among the last sixteen of them.
 *
 * <p>Each voice counts twice, for the host with the port and for the host alone, and how many have
 * to agree depends on how many there are ({@code docs/protocol.md}, "Address samples").
 */
final class NatSampler {

    private static final int WINDOW = 16;

    /** How far back a voice looks for one that said the same. */
    private static final int LOOK_BACK = 4;

    private final List<Vote> full = new ArrayList<>(WINDOW);
    private final List<Vote> hosts = new ArrayList<>(WINDOW);
    private int next;
    private int threshold;
    private @Nullable Vote bestFull;
    private @Nullable Vote bestHost;

    /** An address and how many of the voices in the window named it. */
    private static final class Vote {
        final Address address;
        int hits;

        Vote(Address address) {
            this.address = address;
        }
    }

    /**
     * The address most agree on; with port 0 if they agree on the host alone, which is what an
     * address translator that changes ports looks like; null if they do not agree.
     */
    @Nullable Address verdict() {
        if (bestFull != null && bestFull.hits >= threshold) {
            return bestFull.address;
        }
        return bestHost != null && bestHost.hits >= threshold ? bestHost.address : null;
    }

    int size() {
        return full.size();
    }

    void add(Address seen) {
        Vote vote = vote(full, seen);
        Vote host = vote(hosts, seen.withPort(0));
        if (full.size() < WINDOW) {
            full.add(vote);
            hosts.add(host);
            int size = full.size();
            threshold = size - (size < 4 ? 0 : size < 8 ? 1 : size < 12 ? 2 : 3);
        } else {
            full.set(next, vote).hits--;
            hosts.set(next, host).hits--;
        }
        next = (next + 1) % WINDOW;
        bestFull = bestFull == null || vote.hits > bestFull.hits ? vote : bestFull;
        bestHost = bestHost == null || host.hits > bestHost.hits ? host : bestHost;
    }

    private Vote vote(List<Vote> votes, Address address) {
        Vote vote = null;
        for (int back = 1; back <= Math.min(LOOK_BACK, votes.size()); back++) {
            Vote earlier = votes.get(Math.floorMod(next - back, votes.size()));
            if (earlier.address.equals(address)) {
                vote = earlier;
                break;
            }
        }
        if (vote == null) {
            vote = new Vote(address);
        }
        vote.hits++;
        return vote;
    }
}
