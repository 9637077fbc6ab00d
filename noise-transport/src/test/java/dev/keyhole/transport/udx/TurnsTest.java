package dev.keyhole.transport.udx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** How streams take turns at sending. */
class TurnsTest {

    private static final Bytes MUCH = Bytes.wrap(new byte[50_000]);

    private final StreamMultiplexer streams = new StreamMultiplexer(new Random(1));
    private final Patience effects = new Patience();

    @Test
    void whileTheWorldIsBusyNobodySends() {
        stream(1);
        effects.patience = 0;

        streams.drain(effects, 0);

        assertThat(effects.sent).isEmpty();
    }

    @Test
    void whoHadNoTurnHasTheNextOne() {
        stream(1);
        stream(2);
        stream(3);
        effects.patience = 1;

        for (int id = 1; id <= 3; id++) {
            effects.sent.clear();
            streams.drain(effects, 0);

            assertThat(effects.sent).hasSize(Bbr.INITIAL_PACKETS).containsOnly(100 + id);
        }

        effects.sent.clear();
        streams.drain(effects, 0);
        assertThat(effects.sent).isEmpty();
    }

    @Test
    void aLastWordWaitsForItsTurnAndIsSaidThen() {
        UdxStream stream = stream(1);
        streams.drain(effects, 0);
        effects.sent.clear();
        effects.patience = 0;

        stream.destroy(0);
        streams.drain(effects, 0);
        assertThat(effects.sent).isEmpty();

        effects.patience = 1;
        streams.drain(effects, 0);
        assertThat(effects.sent).containsExactly(101);
    }

    private UdxStream stream(int id) {
        Inbox inbox = new Inbox();
        UdxStream stream = inbox.open(streams, id);
        stream.connect(LoneStream.SOCKET, LoneStream.PEER, 100 + id, 0);
        stream.write(MUCH, 0);
        return stream;
    }

    /** Effects that are busy as soon as somebody has sent so many packets. */
    private static final class Patience implements Effects {

        /** To whom packets were sent. */
        final List<Integer> sent = new ArrayList<>();

        int patience = Integer.MAX_VALUE;

        @Override
        public void send(LocalSocket socket, Address destination, Bytes payload) {
            sent.add(PacketHeader.of(payload).streamId());
        }

        @Override
        public boolean isBusy() {
            return sent.size() >= patience;
        }

        @Override
        public void open(int request) {
            throw new AssertionError("streams open no sockets");
        }

        @Override
        public void close(LocalSocket socket) {
            throw new AssertionError("streams close no sockets");
        }

        @Override
        public void deliver(Runnable notice) {
            throw new AssertionError("streams tell their listener directly");
        }
    }
}
