package dev.keyhole.dht.holepunch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PunchSocketsTest {

    private static final LocalSocket SOCKET = new LocalSocket(7, Address.loopback(7));
    private static final Address PEER = Address.loopback(9);

    private final PunchSockets sockets = new PunchSockets();
    private final World world = new World();
    private final Recorder holder = new Recorder();

    @Test
    void aSocketClosesWhenItsAttemptGivesItUp() {
        open();

        sockets.giveUp(SOCKET);
        sockets.drain(world);

        assertThat(world.closed).containsExactly(SOCKET);
        assertThat(sockets.size()).isZero();
    }

    @Test
    void theWinningSocketOutlivesItsAttempt() {
        open();
        sockets.hold(SOCKET);

        sockets.giveUp(SOCKET);
        sockets.drain(world);
        assertThat(world.closed).isEmpty();

        sockets.release(SOCKET);
        sockets.drain(world);
        assertThat(world.closed).containsExactly(SOCKET);
    }

    @Test
    void probesGoToWhoHoldsTheSocketAndToNobodyAfterwards() {
        open();
        Datagram probe = new Datagram(SOCKET, PEER, Bytes.of(0));

        sockets.receive(probe, 0);
        sockets.hold(SOCKET);
        sockets.giveUp(SOCKET);
        sockets.receive(probe, 0);

        assertThat(holder.probedBy).containsExactly(PEER);
    }

    @Test
    void onOtherSocketsAByteMeansNothing() {
        open();
        LocalSocket other = new LocalSocket(8, Address.loopback(8));

        sockets.receive(new Datagram(other, PEER, Bytes.of(0)), 0);

        assertThat(holder.probedBy).isEmpty();
    }

    @Test
    void noMoreSocketsAreOpenedThanTheLimit() {
        for (int i = 0; i < PunchSockets.MAX_OPEN + 3; i++) {
            sockets.acquire(holder, 0);
        }
        sockets.drain(world);

        assertThat(world.requests).hasSize(PunchSockets.MAX_OPEN);
        assertThat(holder.refused).isEqualTo(3);
    }

    private void open() {
        sockets.acquire(holder, 0);
        sockets.drain(world);
        sockets.opened(world.requests.get(0), SOCKET, 0);
    }

    private static final class Recorder implements PunchSockets.Holder {
        private final List<Address> probedBy = new ArrayList<>();
        private int refused;

        @Override
        public void opened(LocalSocket socket, long nowNanos) {}

        @Override
        public void notOpened(long nowNanos) {
            refused++;
        }

        @Override
        public void probed(LocalSocket socket, Address from, long nowNanos) {
            probedBy.add(from);
        }
    }

    private static final class World implements Effects {
        private final List<Integer> requests = new ArrayList<>();
        private final List<LocalSocket> closed = new ArrayList<>();

        @Override
        public void send(LocalSocket socket, Address destination, Bytes payload) {}

        @Override
        public void open(int request) {
            requests.add(request);
        }

        @Override
        public void close(LocalSocket socket) {
            closed.add(socket);
        }

        @Override
        public void deliver(Runnable notice) {
            notice.run();
        }
    }
}
