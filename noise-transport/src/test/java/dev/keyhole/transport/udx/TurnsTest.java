package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.wire.Bytes;
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
            streams.drain(effects, 0);

            assertThat(effects.takeRecipients())
                    .hasSize(Bbr.INITIAL_PACKETS)
                    .containsOnly(100 + id);
        }

        streams.drain(effects, 0);
        assertThat(effects.sent).isEmpty();
    }

    @Test
    void whoHasMuchToSendLetsOthersHaveTheirTurnInBetween() {
        UdxStream one = stream(1);
        UdxStream other = stream(2);
        long now = 0;
        while (one.stats().windowPackets() < 100 || other.stats().windowPackets() < 100) {
            streams.drain(effects, now);
            now += MILLISECONDS.toNanos(1);
            acknowledgeAll(one, now);
            acknowledgeAll(other, now);
            one.write(MUCH, now);
            other.write(MUCH, now);
        }
        effects.sent.clear();
        now += MILLISECONDS.toNanos(1);

        streams.drain(effects, now);

        int turn = Sender.MAX_PACKETS_PER_TURN;
        List<Integer> recipients = effects.takeRecipients();
        assertThat(recipients.subList(0, turn)).containsOnly(101);
        assertThat(recipients.subList(turn, 2 * turn)).containsOnly(102);
        assertThat(recipients.subList(2 * turn, 2 * turn + 5)).containsOnly(101);
    }

    @Test
    void aLastWordWaitsForItsTurnAndIsSaidThen() {
        UdxStream stream = stream(1);
        streams.drain(effects, 0);
        effects.take();
        effects.patience = 0;

        stream.destroy(0);
        streams.drain(effects, 0);
        assertThat(effects.sent).isEmpty();

        effects.patience = 1;
        streams.drain(effects, 0);
        assertThat(effects.takeRecipients()).containsExactly(101);
    }

    private void acknowledgeAll(UdxStream stream, long now) {
        byte[] ack = new byte[PacketHeader.LENGTH];
        new PacketHeader(PacketHeader.ACK, 0, stream.localId(), 4_194_304, 0, stream.nextSeq())
                .writeTo(ack);
        streams.receive(new Datagram(LoneStream.SOCKET, LoneStream.PEER, Bytes.wrap(ack)), now);
    }

    private UdxStream stream(int id) {
        Inbox inbox = new Inbox();
        UdxStream stream = inbox.open(streams, id);
        stream.connect(LoneStream.SOCKET, LoneStream.PEER, 100 + id, 0);
        stream.write(MUCH, 0);
        return stream;
    }

    /** A recorder that is busy as soon as so many packets have been sent. */
    private static final class Patience extends Recorder {

        int patience = Integer.MAX_VALUE;

        /** To whom packets were sent since the last call, in order. */
        List<Integer> takeRecipients() {
            return takePayloads().stream()
                    .map(packet -> PacketHeader.of(packet).streamId())
                    .toList();
        }

        @Override
        public boolean isBusy() {
            return sent.size() >= patience;
        }
    }
}
