package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.HOURS;
import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.Seeds;
import dev.keyhole.transport.sim.Forger;
import dev.keyhole.transport.sim.Link;
import dev.keyhole.transport.sim.SimNetwork;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.udx.UdxExchange.Bounds;
import dev.keyhole.transport.udx.UdxExchange.Settings;
import dev.keyhole.transport.wire.Bytes;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Peers, and others who know as much as a peer, that do not keep to the rules. */
class RogueSim {

    private static final int PAYLOAD = 1000;

    @Seeds(100)
    void forgedPacketsPassNoBound(long seed) {
        SimNetwork net = new SimNetwork(seed);
        net.link(Link.swarm(net.random()));
        Settings settings = Settings.draw(net.random()).whateverArrives();
        UdxExchange exchange = UdxExchange.between(net, settings, 200_000, 50_000);

        Forger.join(net, 2_000);
        net.run(MINUTES.toNanos(10));

        assertThat(exchange.a.host.wakes()).isLessThan(20_000);
        assertThat(exchange.a.host.sent()).isLessThan(20_000);
    }

    @Test
    void aPeerThatNeverReadsIsAskedNowAndThenAndCostsWhatWasWritten() {
        LoneStream lone = LoneStream.connected();
        int written = 0;
        boolean more = true;
        while (more) {
            more = lone.stream.write(Bytes.wrap(new byte[10_000]), lone.now);
            written += 10_000;
        }

        for (long second = 0; second < HOURS.toSeconds(3); second++) {
            int next = lone.stream.nextSeq();
            lone.receive(LoneStream.packet(PacketHeader.ACK, 0, 0, next, Bytes.EMPTY));
            lone.until(second * 1000);
        }

        assertThat(lone.inbox.closed).isNull();
        assertThat(lone.stream.stats().pendingBytes()).isLessThanOrEqualTo(written);
        assertThat(lone.recorder.sent.size()).isLessThan(3 * 3600);
    }

    @Seeds(10)
    void whoeverAcknowledgesWhatItHasNotGotRaisesNoBoundAndIsGivenUpInTheEnd(long seed) {
        Random random = new Random(seed);
        LoneStream lone = LoneStream.connected();
        for (int i = 0; i < 1_500; i++) {
            while (lone.stream.write(Bytes.wrap(new byte[50_000]), lone.now)) {
                // As long as more is welcome.
            }
            lone.until(lone.now / 1_000_000 + 1 + random.nextInt(3));
            lone.recorder.take();
            int ack = lone.stream.nextSeq() - (random.nextInt(4) == 0 ? random.nextInt(5) : 0);
            lone.receive(LoneStream.packet(PacketHeader.ACK, 4_194_304, 0, ack, Bytes.EMPTY));
            check(lone, UdxStream.DEFAULT_WINDOW_BYTES);
        }
        lone.recorder.take();

        lone.until(lone.now / 1_000_000 + 60_000);

        assertThat(lone.inbox.closed).isInstanceOf(CloseReason.TimedOut.class);
    }

    @Seeds(20)
    void aPeerThatSendsBeyondTheWindowIsCutShort(long seed) {
        Random random = new Random(seed);
        int window = 20_000 + random.nextInt(200_000);
        LoneStream lone = LoneStream.connected(window);
        lone.inbox.paused = true;
        int seq = 0;

        for (int i = 0; i < 5_000; i++) {
            int at = random.nextInt(3) == 0 ? seq + random.nextInt(50) : seq++;
            lone.receive(PacketHeader.DATA, at, 0, Bytes.wrap(new byte[PAYLOAD]));
            check(lone, window);
            lone.recorder.take();
        }

        UdxStats stats = lone.stream.stats();
        assertThat(stats.unreadBytes() + stats.keptBytes()).isGreaterThan(window);
        assertThat(lone.count(UdxCounters.Event.REFUSED)).isPositive();
    }

    @Seeds(20)
    void aWindowThatShrinksIsObeyedAndOneThatGrowsIsUsed(long seed) {
        Random random = new Random(seed);
        LoneStream lone = LoneStream.connected();
        lone.stream.write(Bytes.wrap(new byte[1_000_000]), lone.now);
        lone.drain();
        int acked = 0;

        while (acked < 1_000_000 / PathMtu.BASE_PAYLOAD) {
            int window = random.nextInt(3) == 0 ? 0 : random.nextInt(30_000);
            acked = lone.stream.nextSeq();
            lone.recorder.take();
            lone.receive(LoneStream.packet(PacketHeader.ACK, window, 0, acked, Bytes.EMPTY));
            lone.until(lone.now / 1_000_000 + random.nextInt(100));

            int most = window == 0 ? 0 : Math.max(1, window / PathMtu.BASE_PAYLOAD);
            assertThat(lone.stream.stats().inFlightPackets()).isLessThanOrEqualTo(most);
        }
    }

    @Seeds(50)
    void selectiveAcksOfAnyRangesKeepTheBooksInOrder(long seed) {
        Random random = new Random(seed);
        LoneStream lone = LoneStream.connected();
        lone.stream.write(Bytes.wrap(new byte[500_000]), lone.now);

        for (int i = 0; i < 2_000; i++) {
            lone.until(lone.now / 1_000_000 + random.nextInt(10));
            int[] edges = new int[2 * random.nextInt(60)];
            for (int j = 0; j < edges.length; j++) {
                edges[j] = lone.stream.nextSeq() - 30 + random.nextInt(40);
            }
            int ack = random.nextInt(20) == 0 ? lone.stream.nextSeq() - random.nextInt(60) : 0;
            lone.receive(PacketHeader.SACK, 0, ack, LoneStream.blocks(edges));
            lone.recorder.take();
            check(lone, UdxStream.DEFAULT_WINDOW_BYTES);
        }
        lone.receive(PacketHeader.ACK, 0, lone.stream.nextSeq(), Bytes.EMPTY);

        assertThat(lone.stream.stats().inFlightPackets()).isNotNegative();
        assertThat(lone.stream.stats().pendingBytes()).isBetween(0L, 500_000L);
    }

    private static void check(LoneStream lone, int window) {
        Bounds.check(lone.multiplexer.deadlineNanos(), lone.stream, window);
        UdxStats stats = lone.stream.stats();
        assertThat(stats.pendingBytes()).isNotNegative();
        assertThat(stats.inFlightPackets()).isNotNegative();
    }
}
