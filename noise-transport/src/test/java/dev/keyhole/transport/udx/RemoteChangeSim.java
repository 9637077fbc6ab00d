package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.Seeds;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.sim.Link;
import dev.keyhole.transport.sim.SimHost;
import dev.keyhole.transport.sim.SimNetwork;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.udx.UdxExchange.Settings;
import dev.keyhole.transport.udx.UdxExchange.Side;
import java.util.Random;

/** Streams that begin over a relay and go on without it, at different times on both sides. */
class RemoteChangeSim {

    private static final int BYTES = 1_000_000;

    private SimNetwork net;
    private SimHost relayHost;
    private StreamRelay relay;

    @Seeds(40)
    void changingTheRemoteInMidTransferLosesNothing(long seed) {
        net = new SimNetwork(seed);
        UdxExchange exchange = throughARelay(BYTES, BYTES / 4);
        Random random = net.random();
        net.link(exchange.a.host, exchange.b.host, straight(random));
        net.link(exchange.b.host, exchange.a.host, straight(random));

        net.after(MILLISECONDS.toNanos(random.nextInt(400)), exchange.a::goStraight);
        net.after(MILLISECONDS.toNanos(random.nextInt(400)), exchange.b::goStraight);
        net.runUntil(exchange::closed, SECONDS.toNanos(60));

        checkWhole(exchange);
        assertThat(exchange.a.remoteChanges).isEqualTo(1);
        assertThat(exchange.b.remoteChanges).isEqualTo(1);
    }

    @Seeds(20)
    void aPathThatDiesAsItIsLeftCostsAFewRoundTrips(long seed) {
        net = new SimNetwork(seed);
        UdxExchange exchange = throughARelay(3 * BYTES, 0);
        net.link(exchange.a.host, exchange.b.host, Link.of(MILLISECONDS.toNanos(30)));
        net.link(exchange.b.host, exchange.a.host, Link.of(MILLISECONDS.toNanos(30)));
        net.run(MILLISECONDS.toNanos(300 + net.random().nextInt(300)));
        int before = exchange.b.received;

        relayHost.kill();
        exchange.a.goStraight();
        exchange.b.goStraight();
        net.run(MILLISECONDS.toNanos(500));

        assertThat(before).isPositive();
        assertThat(exchange.b.received).isGreaterThan(before);
        net.runUntil(exchange::closed, SECONDS.toNanos(60));
        checkWhole(exchange);
        assertThat(exchange.a.machine.streams.counters().of(UdxCounters.Event.TIMEOUT)).isZero();
    }

    @Seeds(20)
    void aNewPathThatLeadsNowhereMayBeLeftAgain(long seed) {
        net = new SimNetwork(seed);
        UdxExchange exchange = throughARelay(BYTES, 0);
        net.cut(exchange.a.host, exchange.b.host);
        net.run(MILLISECONDS.toNanos(300));

        exchange.a.goStraight();
        net.run(MILLISECONDS.toNanos(100 + net.random().nextInt(5_000)));
        exchange.a.host.command(
                now -> {
                    int id = relay.initiator().localId();
                    LocalSocket at = exchange.a.socket;
                    exchange.a.stream.changeRemote(at, relayAddress(), id, now);
                });
        net.runUntil(exchange::closed, SECONDS.toNanos(60));

        checkWhole(exchange);
    }

    private UdxExchange throughARelay(int fromA, int fromB) {
        Random random = net.random();
        net.link(Link.of(MILLISECONDS.toNanos(5 + random.nextInt(60))).withRate(2_000_000, 60_000));
        relayHost = net.host("10.0.0.9");
        LocalSocket socket = relayHost.bind(1000);
        UdxMachine machine = new UdxMachine(new Random(1));
        relayHost.run(machine);
        return UdxExchange.through(
                net,
                Settings.plain(),
                fromA,
                fromB,
                (a, b) -> {
                    relay =
                            machine.streams.relay(
                                    a.stream.localId(), b.stream.localId(), new OpenGuard(), 0);
                    relay.initiator().expectAt(socket, a.socket.local());
                    relay.responder().expectAt(socket, b.socket.local());
                    a.begin(socket.local(), relay.initiator().localId());
                    b.begin(socket.local(), relay.responder().localId());
                });
    }

    private Address relayAddress() {
        return new Address(relayHost.address(), 1000);
    }

    /** Faster or slower than the relay, and sometimes lossy. */
    private static Link straight(Random random) {
        Link link = Link.of(MILLISECONDS.toNanos(1 + random.nextInt(200)));
        return random.nextBoolean() ? link : link.withLoss(0.02);
    }

    private static void checkWhole(UdxExchange exchange) {
        for (Side side : new Side[] {exchange.a, exchange.b}) {
            assertThat(side.received).isEqualTo(side.other().toSend.length());
            assertThat(side.closed).isEqualTo(new CloseReason.Ended());
        }
    }
}
