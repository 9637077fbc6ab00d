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
