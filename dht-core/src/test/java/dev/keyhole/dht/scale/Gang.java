package dev.keyhole.dht.scale;

import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.List;

/** Nodes that work together against the rest, and addresses they know nobody is at. */
final class Gang {

    /** How many it names when it is asked, and how many of them nobody is at. */
    private static final int NAMED = 16;

    private static final int DEAD = 6;
    private static final int DEAD_KNOWN = 1000;

    private final Crowd members = new Crowd();
    private final Crowd dead = new Crowd();

    Gang(World world) {
        for (int i = 0; i < DEAD_KNOWN; i++) {
            dead.add(new Address(world.freeHost(), Inhabitant.SERVER_PORT));
        }
    }

    void join(Address member) {
        members.add(member);
    }

    /** Whom to name to somebody who looks for a target: the nearest of ours, and of nobody. */
    List<Address> lure(Bytes target) {
        List<Address> named = new ArrayList<>(members.nearest(target, NAMED - DEAD));
        named.addAll(dead.nearest(target, DEAD));
        return named;
    }

    /** Addresses that can be searched by distance. */
    private static final class Crowd {

        private final List<Address> addresses = new ArrayList<>();
        private final List<Long> beginnings = new ArrayList<>();

        private void add(Address address) {
            addresses.add(address);
            beginnings.add(beginning(NodeId.of(address).bytes()));
        }

        /** Nearest first, as far as the first 64 bits tell. */
        private List<Address> nearest(Bytes target, int count) {
            long towards = beginning(target);
            int[] best = new int[Math.min(count, addresses.size())];
            int found = 0;
            for (int i = 0; i < addresses.size(); i++) {
                long distance = beginnings.get(i) ^ towards;
                int at = found;
                while (at > 0
                        && Long.compareUnsigned(distance, beginnings.get(best[at - 1]) ^ towards)
                                < 0) {
                    at--;
                }
                if (at >= best.length) {
                    continue;
                }
                found = Math.min(found + 1, best.length);
                System.arraycopy(best, at, best, at + 1, found - at - 1);
                best[at] = i;
            }
            List<Address> nearest = new ArrayList<>(found);
            for (int i = 0; i < found; i++) {
                nearest.add(addresses.get(best[i]));
            }
            return nearest;
        }

        private static long beginning(Bytes id) {
            long first = 0;
            for (int i = 0; i < 8; i++) {
                first = first << 8 | id.unsignedAt(i);
            }
            return first;
        }
    }
}
