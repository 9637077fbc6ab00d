package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.Seeds;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.sim.Link;
import dev.keyhole.transport.sim.SimNetwork;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.udx.UdxExchange.Settings;
import dev.keyhole.transport.udx.UdxExchange.Side;
import dev.keyhole.transport.wire.Bytes;
import java.util.function.Predicate;

/**
 * A packet that is lost, and acknowledged by somebody else in the name of the peer that waits for it.
 */
class ForgedAckSim {

    private static final int BYTES = 300_000;

    private SimNetwork net;
    private UdxExchange exchange;

    /** When somebody acknowledged what did not arrive; -1 until then. */
    private long forgedAt = -1;

    @Seeds(40)
    void anAckOfWhatIsLostEndsTheStreamSoon(long seed) {
        begin(seed, 0);
        int victim = anySoon();

        loseAndAcknowledge(packet -> packet.seq() == victim, PacketHeader.ACK);
        net.runUntil(() -> exchange.a.closed != null, SECONDS.toNanos(60));

        assertThat(exchange.a.closed).isInstanceOf(CloseReason.Misbehaved.class);
        assertThat(net.now() - forgedAt).isLessThan(SECONDS.toNanos(14));
    }

    @Seeds(40)
    void aSelectiveAckOfWhatIsLostEndsTheStreamSoon(long seed) {
        begin(seed, 0);
        int victim = anySoon();

        loseAndAcknowledge(packet -> packet.seq() == victim, PacketHeader.SACK);
        net.runUntil(() -> exchange.a.closed != null, SECONDS.toNanos(60));

        assertThat(exchange.a.closed).isInstanceOf(CloseReason.Misbehaved.class);
        assertThat(net.now() - forgedAt).isLessThan(SECONDS.toNanos(14));
    }

    @Seeds(40)
    void anAckOfTheLostEndShowsInWhatThePeerGoesOnToSay(long seed) {
        begin(seed, 1);

        loseAndAcknowledge(packet -> packet.has(PacketHeader.END), PacketHeader.ACK);
        net.runUntil(() -> exchange.a.closed != null, SECONDS.toNanos(300));

        assertThat(exchange.a.closed).isInstanceOf(CloseReason.Misbehaved.class);
        assertThat(net.now() - forgedAt).isLessThan(SECONDS.toNanos(60));
    }

    @Seeds(20)
    void thePeerOfAStreamThatEndedForAForgedAckIsToldSo(long seed) {
        begin(seed, 0);
        net.link(Link.of(MILLISECONDS.toNanos(20)));
        int victim = anySoon();

        loseAndAcknowledge(packet -> packet.seq() == victim, PacketHeader.ACK);
        net.runUntil(exchange::closed, SECONDS.toNanos(60));

        assertThat(exchange.b.closed).isEqualTo(new CloseReason.ByPeer());
        assertThat(exchange.b.closedAtNet - exchange.a.closedAtNet)
                .isLessThan(MILLISECONDS.toNanos(100));
    }

    /** What was acknowledged too early still arrives, so nothing is wrong that anybody can tell. */
    @Seeds(40)
    void acksOfWhatIsUnderWayDoNoHarm(long seed) {
        net = new SimNetwork(seed);
        net.link(
                Link.of(MILLISECONDS.toNanos(net.random().nextInt(300)))
                        .withJitter(MILLISECONDS.toNanos(net.random().nextInt(30)))
                        .withReordering(0.2 * net.random().nextDouble()));
        exchange = UdxExchange.between(net, Settings.plain(), BYTES, BYTES);

        for (int i = 0; i < 100; i++) {
            net.after(MILLISECONDS.toNanos(20L * i), () -> forge(PacketHeader.ACK, newest()));
        }
        net.runUntil(exchange::closed, SECONDS.toNanos(600));

        for (Side side : new Side[] {exchange.a, exchange.b}) {
            assertThat(side.closed).isEqualTo(new CloseReason.Ended());
            assertThat(side.received).isEqualTo(BYTES);
        }
    }

    private void begin(long seed, double writerPauses) {
        net = new SimNetwork(seed);
        net.link(Link.swarm(net.random()));
        Settings drawn = Settings.draw(net.random());
        Settings settings =
                new Settings(
                        drawn.firstSeq(), drawn.windowBytes(), 0, writerPauses, false, drawn.mtu());
        exchange = UdxExchange.between(net, settings, BYTES, 8 * BYTES);
    }

    /** The number of a packet that will be sent soon. */
    private int anySoon() {
        return exchange.a.stream.nextSeq() + net.random().nextInt(60);
    }

    private int newest() {
        return exchange.a.stream.nextSeq() - 1;
    }

    /** Has every copy of a packet of a's lost, and the first of them acknowledged. */
    private void loseAndAcknowledge(Predicate<PacketHeader> victim, int flags) {
        Address target = exchange.b.socket.local();
        net.meddle(
                (source, destination, payload) -> {
                    boolean isVictim =
                            destination.equals(target)
                                    && PacketHeader.leads(payload)
                                    && takesNumber(PacketHeader.of(payload))
                                    && victim.test(PacketHeader.of(payload));
                    if (!isVictim) {
                        return payload;
                    }
                    if (forgedAt < 0) {
                        forgedAt = net.now();
                        forge(flags, PacketHeader.of(payload).seq());
                    }
                    return null;
                });
    }

    private static boolean takesNumber(PacketHeader packet) {
        return packet.has(PacketHeader.DATA | PacketHeader.END);
    }

    private void forge(int flags, int seq) {
        boolean selective = flags == PacketHeader.SACK;
        Bytes body = selective ? LoneStream.blocks(seq, seq + 1) : Bytes.EMPTY;
        byte[] bytes = new byte[PacketHeader.LENGTH + body.length()];
        int ack = selective ? exchange.a.firstSeq() : seq + 1;
        new PacketHeader(
                        flags,
                        0,
                        exchange.a.stream.localId(),
                        4_194_304,
                        exchange.b.stream.nextSeq(),
                        ack)
                .writeTo(bytes);
        body.copyTo(bytes, PacketHeader.LENGTH);
        net.inject(exchange.b.socket.local(), exchange.a.socket.local(), Bytes.wrap(bytes));
    }
}
