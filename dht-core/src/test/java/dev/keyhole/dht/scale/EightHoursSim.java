package dev.keyhole.dht.scale;

import static java.util.concurrent.TimeUnit.HOURS;
import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.connect.ConnectFailure;
import dev.keyhole.dht.connect.ConnectListener;
import dev.keyhole.dht.connect.ConnectSpec;
import dev.keyhole.dht.connect.PeerStream;
import dev.keyhole.transport.Seeds;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.Seed;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.stream.Link;
import dev.keyhole.transport.wire.Bytes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A server, two clients and a small network for eight hours, with a connection every second, half of
 * them punched through two NATs: what they hold on to in the end is what they held on to early.
 */
class EightHoursSim {

    private static final Bytes MESSAGE = Bytes.utf8("still there?");

    @Tag("soak")
    @Seeds(1)
    void twentyEightThousandConnectionsLeaveNothingBehind(long seed) {
        new Day(seed).run(HOURS.toNanos(1), HOURS.toNanos(8), 4 << 20);
    }

    @Test
    void fourHundredConnectionsLeaveNothingBehind() {
        new Day(1).run(MINUTES.toNanos(2), MINUTES.toNanos(7), 8 << 20);
    }

    private static final class Day {

        private final World world;
        private final Service server;
        private final List<Inhabitant> clients;
        private final List<String> failures = new ArrayList<>();
        private long dialled;
        private long echoed;
        private boolean paused;

        private Day(long seed) {
            Conditions small = new Conditions(20, 0, 0, 0.001, 0, 0);
            world = new World(seed, small.loss());
            Society society = new Society(world, small);
            society.found();
            server = society.serve(society.bearBehind(Nat.Kind.PORT_RESTRICTED));
            clients = List.of(society.bearHonest(), society.bearBehind(Nat.Kind.CONE));
            world.run(SECONDS.toNanos(20));
        }

        private void run(long earlyNanos, long lateNanos, long heapSlack) {
            dial();
            world.run(earlyNanos);
            Snapshot early = rest();
            paused = false;
            dial();
            world.run(lateNanos - earlyNanos);
            Snapshot late = rest();

            assertThat(failures).isEmpty();
            assertThat(echoed).isEqualTo(dialled).isGreaterThan(lateNanos / SECONDS.toNanos(2));
            assertThat(late.sockets).isLessThanOrEqualTo(early.sockets);
            assertThat(late.streams).isZero();
            assertThat(late.server.kinds()).as("the server was looked into").isGreaterThan(20);
            assertThat(late.server.grownSince(early.server, 60)).isEmpty();
            for (int i = 0; i < clients.size(); i++) {
                assertThat(late.clients.get(i).grownSince(early.clients.get(i), 60)).isEmpty();
            }
            assertThat(late.heap).isLessThan(early.heap + early.heap / 20 + heapSlack);
        }

        /** Lets everything that lingers come to its end, and looks what there is. */
        private Snapshot rest() {
            paused = true;
            world.run(MINUTES.toNanos(3));
            Snapshot snapshot =
                    new Snapshot(
                            Belongings.of(server.node().dht()),
                            clients.stream().map(c -> Belongings.of(c.dht())).toList(),
                            server.node().sockets()
                                    + clients.stream().mapToInt(Inhabitant::sockets).sum(),
                            server.node().dht().openStreams()
                                    + clients.stream().mapToInt(c -> c.dht().openStreams()).sum(),
                            Life.heap());
            System.out.printf(
                    "%.0f s: %d connects, %d echoed, %d sockets, %d streams, heap %d KB%n",
                    world.seconds(),
                    dialled,
                    echoed,
                    snapshot.sockets,
                    snapshot.streams,
                    snapshot.heap >> 10);
            return snapshot;
        }

        private void dial() {
            if (paused) {
                return;
            }
            Inhabitant client = clients.get((int) (dialled++ % clients.size()));
            ConnectSpec spec =
                    new ConnectSpec(
                            KeyPair.fromSeed(Seed.of(Bytes.random(world.random(), 32))),
                            server.key(),
                            List.of(),
                            true,
                            Optional.of(Duration.ofSeconds(30)));
            client.command(now -> client.dht().connect(spec, new Caller(client), now));
            world.after(SECONDS.toNanos(1), this::dial);
        }

        /** Says one thing, hears it back, and hangs up. */
        private final class Caller implements ConnectListener {

            private final Inhabitant client;

            private Caller(Inhabitant client) {
                this.client = client;
            }

            @Override
            public void connected(PeerStream stream, long nowNanos) {
                client.dht()
                        .notice(
                                () -> {
                                    stream.start(new Ear(stream), world.now());
                                    stream.write(MESSAGE, world.now());
                                });
            }

            @Override
            public void failed(ConnectFailure failure, long nowNanos) {
                failures.add(world.seconds() + " s: " + failure.cause() + ", " + failure.text());
            }
        }

        private final class Ear implements Link.Receiver {

            private final PeerStream stream;

            private Ear(PeerStream stream) {
                this.stream = stream;
            }

            @Override
            public void message(Bytes message) {
                echoed += message.equals(MESSAGE) ? 1 : 0;
                stream.end(world.now());
            }

            @Override
            public void writable() {}

            @Override
            public void ended() {}

            @Override
            public void closed(CloseReason reason) {}
        }
    }

    private record Snapshot(
            Belongings server, List<Belongings> clients, int sockets, int streams, long heap) {}
}
