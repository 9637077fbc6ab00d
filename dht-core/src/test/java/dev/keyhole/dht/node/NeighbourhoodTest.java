package dev.keyhole.dht.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.request.PendingRequest;
import dev.keyhole.dht.request.PendingRequests;
import dev.keyhole.dht.request.ReplyListener;
import dev.keyhole.dht.request.RequestSpec;
import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.dht.routing.RoutingTable;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class NeighbourhoodTest {

    private static final Address OURS = Address.parse("89.1.1.1:49737");
    private static final NodeId SELF = NodeId.of(OURS);

    private final Random random = new Random(1);
    private final Asked asked = new Asked();
    private final Neighbourhood neighbourhood = new Neighbourhood(asked, SELF, 100);

    @Test
    void aFullRowOfNodesHeardInTheLastMinuteCostsNobodyAPing() {
        fillFirstRow();
        Address newcomer = inFirstRow();
        neighbourhood.tick(100 + Neighbourhood.RECENT_TICKS - 1);

        neighbourhood.heardRequest(newcomer, NodeId.of(newcomer), OURS, true, 0);
        neighbourhood.heardAnswer(newcomer, NodeId.of(newcomer), OURS, true, 0);

        assertThat(asked.pinged).isEmpty();
        assertThat(neighbourhood.table().find(NodeId.of(newcomer))).isNull();
    }

    @Test
    void theOldestOfAFullRowIsPingedOnceItHasBeenQuietForAMinute() {
        Address oldest = fillFirstRow();
        Address newcomer = inFirstRow();
        neighbourhood.tick(100 + Neighbourhood.RECENT_TICKS);

        neighbourhood.heardRequest(newcomer, NodeId.of(newcomer), OURS, true, 0);
        neighbourhood.heardAnswer(newcomer, NodeId.of(newcomer), OURS, true, 0);

        assertThat(asked.pinged).containsExactly(newcomer, oldest);
    }

    /** Fills the row of nodes that differ from us in the first bit; says which came in first. */
    private Address fillFirstRow() {
        List<Address> row = new ArrayList<>();
        neighbourhood.tick(99);
        for (int i = 0; i < RoutingTable.K; i++) {
            Address node = inFirstRow();
            neighbourhood.heardAnswer(node, NodeId.of(node), OURS, true, 0);
            row.add(node);
            neighbourhood.tick(100);
        }
        neighbourhood.table().find(NodeId.of(row.get(0))).pinged(100);
        assertThat(neighbourhood.table().size()).isEqualTo(RoutingTable.K);
        return row.get(0);
    }

    private Address inFirstRow() {
        while (true) {
            Address drawn = new Address(0x5800_0000 | random.nextInt(1 << 24), 49737);
            if (SELF.sharedBits(NodeId.of(drawn).bytes()) == 0) {
                return drawn;
            }
        }
    }

    /** A node whose requests go nowhere. */
    private static final class Asked implements Neighbourhood.Host, PendingRequests.Outlet {

        private final List<Address> pinged = new ArrayList<>();
        private final LocalSocket socket = new LocalSocket(1, OURS);
        private final PendingRequests requests = new PendingRequests(this, new Random(2));

        @Override
        public PendingRequest request(RequestSpec spec, ReplyListener listener, long nowNanos) {
            assertThat(spec.command()).isEqualTo(Command.PING);
            pinged.add(spec.to());
            return requests.send(spec, listener, nowNanos);
        }

        @Override
        public boolean isBootstrapped() {
            return true;
        }

        @Override
        public int bootstrapNodeCount() {
            return 0;
        }

        @Override
        public LocalSocket mainSocket() {
            return socket;
        }

        @Override
        public @Nullable NodeId idOn(LocalSocket through) {
            return null;
        }

        @Override
        public void send(LocalSocket through, Address to, Bytes datagram) {}

        @Override
        public void timedOut(RequestSpec spec, long nowNanos) {}
    }
}
