package dev.keyhole.dht.routing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RoutingTableTest {

    private final Random random = new Random(1);
    private final NodeId self = new NodeId(Bytes.wrap(new byte[32]));
    private final RoutingTable table = new RoutingTable(self);

    @Test
    void reAddingAKnownIdReplacesItWithoutPingingAnyone() {
        List<Neighbour> row = fillARow("10.0.");
        Neighbour again = new Neighbour(row.get(3).id(), row.get(3).address(), 9);

        boolean added = table.add(again);

        assertThat(added).isTrue();
        assertThat(table.find(again.id())).isSameAs(again);
        assertThat(table.size()).isEqualTo(RoutingTable.K);
    }

    @Test
    void closestNodesAreThoseThatSortingAllOfThemPutsFirst() {
        RoutingTable crowded = new RoutingTable(NodeId.random(random));
        List<Neighbour> all = new ArrayList<>();
        for (int i = 0; i < 5000; i++) {
            Address address = new Address(random.nextInt(), 1);
            Neighbour node = new Neighbour(NodeId.of(address), address, 1);
            if (crowded.add(node)) {
                all.add(node);
            }
        }

        for (int i = 0; i < 500; i++) {
            Bytes target = sharing(crowded.self().bytes(), random.nextInt(40));
            all.sort((a, b) -> a.id().compareDistance(b.id(), target));
            int count = 1 + random.nextInt(60);
            assertThat(crowded.closest(target, count)).isEqualTo(all.subList(0, count));
        }
        assertThat(crowded.closest(crowded.self().bytes(), 1000)).hasSize(all.size());
    }

    /** Bytes that begin as others do, for so many bits at least. */
    private Bytes sharing(Bytes other, int bits) {
        byte[] mixed = other.toArray();
        byte[] fresh = new byte[mixed.length];
        random.nextBytes(fresh);
        for (int bit = bits; bit < 8 * mixed.length; bit++) {
            mixed[bit / 8] ^= (byte) (fresh[bit / 8] & 0x80 >>> bit % 8);
        }
        return Bytes.wrap(mixed);
    }

    @Test
    void oneHostCannotFillARowOrTheRelaySet() {
        int added = 0;
        for (int port = 1; port < 2000; port++) {
            Address address = Address.of("8.8.8.8", port);
            if (farFromSelf(address)) {
                added += table.add(new Neighbour(NodeId.of(address), address, 1)) ? 1 : 0;
            }
        }

        assertThat(added).isEqualTo(RoutingTable.MAX_PER_HOST);
    }

    @Test
    void oneSubnetCannotFillARow() {
        int added = 0;
        for (int i = 1; i < 255; i++) {
            Address address = Address.of("8.8.8." + i, 49737);
            if (farFromSelf(address)) {
                added += table.add(new Neighbour(NodeId.of(address), address, 1)) ? 1 : 0;
            }
        }

        assertThat(added).isEqualTo(RoutingTable.MAX_PER_SUBNET);
    }

    @Test
    void aPrivateNetworkMayFillARowFromOneHost() {
        int added = 0;
        for (int port = 1; port < 200; port++) {
            Address address = Address.loopback(port);
            if (farFromSelf(address)) {
                added += table.add(new Neighbour(NodeId.of(address), address, 1)) ? 1 : 0;
            }
        }

        assertThat(added).isEqualTo(RoutingTable.K);
    }

    @Test
    void ownIdStaysOut() {
        assertThat(table.add(new Neighbour(self, Address.loopback(1), 1))).isFalse();
    }

    @Test
    void nodeThatIsHeardMovesToTheYoungEnd() {
        List<Neighbour> row = fillARow("10.1.");

        table.heard(row.get(0), 7);

        assertThat(table.latest(1)).containsExactly(row.get(0));
        assertThat(table.oldestFirst()).first().isSameAs(row.get(1));
        assertThat(row.get(0).seenTick()).isEqualTo(7);
    }

    private List<Neighbour> fillARow(String prefix) {
        List<Neighbour> row = new ArrayList<>();
        while (row.size() < RoutingTable.K) {
            Address address =
                    Address.of(
                            prefix + random.nextInt(256) + "." + random.nextInt(256),
                            1 + random.nextInt(65000));
            Neighbour neighbour = new Neighbour(NodeId.of(address), address, 1);
            if (farFromSelf(address) && table.add(neighbour)) {
                row.add(neighbour);
            }
        }
        return row;
    }

    private boolean farFromSelf(Address address) {
        return table.rowOf(NodeId.of(address).bytes()) == 0;
    }
}
