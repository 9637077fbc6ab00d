package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.connect.ConnectFailure.Cause;
import dev.keyhole.dht.connect.SimDht.Dialled;
import dev.keyhole.dht.connect.SimDht.Node;
import dev.keyhole.dht.connect.SimDht.Served;
import dev.keyhole.dht.relay.RelayLimits;
import dev.keyhole.dht.relay.RelayServer;
import dev.keyhole.dht.relay.RelayStatistics;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.sim.Link;
import dev.keyhole.transport.sim.SimHost;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.wire.Bytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Connections through a blind relay, and away from it. */
class RelaySim {

    private static final Link LINK = Link.of(MILLISECONDS.toNanos(20));

    @Test
    void peersThatCannotReachEachOtherMeetAtARelay() {
        SimDht dht = network(31);
        Relay relay = new Relay(dht);
        Served server = dht.behind(SimNat.Kind.RANDOM).serve(key -> false);
        Node client = dht.behind(SimNat.Kind.RANDOM);
        dht.settle();

        Dialled dialled = dial(client, server, relay).await();

        assertThat(dialled.failure).isNull();
        assertThat(dialled.stream.path()).isEqualTo(Path.RELAYED);
        assertThat(dialled.echoes("through the relay")).isTrue();
        assertThat(server.accepted.get(0).path()).isEqualTo(Path.RELAYED);
        assertThat(relay.statistics().pairs()).isEqualTo(1);
    }

    @Test
    void theServersRelayCountsBeforeTheClients() {
        SimDht dht = network(32);
        Relay relay = new Relay(dht);
        Relay other = new Relay(dht);
        Served server = serve(dht.behind(SimNat.Kind.RANDOM), relay);
        Node client = dht.behind(SimNat.Kind.RANDOM);
        dht.settle();

        Dialled dialled = dial(client, server, other).await();

        assertThat(dialled.echoes("where the server wants it")).isTrue();
        assertThat(relay.statistics().pairs()).isEqualTo(1);
        assertThat(other.statistics().paired()).isZero();
    }

    @Test
    void relayedConnectionMovesToTheDirectPath() {
        SimDht dht = network(33);
        Relay relay = new Relay(dht);
        Served server = dht.firewalled().serve(key -> false);
        Node client = dht.firewalled();
        apart(dht, client, server.node);
        Dialled dialled = dial(client, server, relay).await();
        assertThat(dialled.stream.path()).isEqualTo(Path.RELAYED);
        Transfer transfer = new Transfer(dialled, 24 << 20);

        transfer.run(4 << 20);
        assertThat(dialled.stream.path()).isEqualTo(Path.RELAYED);
        together(dht, client, server.node);
        transfer.run(24 << 20);

        assertThat(transfer.differs).isFalse();
        assertThat(dialled.moves).containsExactly(Path.PUNCHED);
        assertThat(server.accepted.get(0).path()).isEqualTo(Path.PUNCHED);
        long relayed = relay.statistics().bytes();
        assertThat(dialled.echoes("all the rest goes straight")).isTrue();
        assertThat(relay.statistics().bytes()).isEqualTo(relayed);
        assertThat(dialled.reason).isNull();
    }

    @Test
    void relayedConnectionBecomesDirectWhenThatBecomesPossible() {
        SimDht dht = network(45);
        Relay relay = new Relay(dht);
        Served server = dht.firewalled().serve(key -> false);
        Node client = dht.firewalled();
        apart(dht, client, server.node);
        Dialled dialled = dial(client, server, relay).await();
        dht.net.run(MINUTES.toNanos(3));
        assertThat(dialled.echoes("still relayed")).isTrue();
        assertThat(dialled.stream.path()).isEqualTo(Path.RELAYED);

        together(dht, client, server.node);
        dht.net.run(MINUTES.toNanos(6));

        assertThat(dialled.stream.path()).isEqualTo(Path.PUNCHED);
        assertThat(server.accepted).hasSize(1);
        assertThat(server.accepted.get(0).path()).isEqualTo(Path.PUNCHED);
        assertThat(dialled.echoes("and now direct")).isTrue();
        assertThat(relay.statistics().connections()).isZero();
        assertThat(server.acceptor.slots()).isZero();
        assertThat(client.dht.openStreams()).isEqualTo(1);
    }

    @Test
    void aChangeOfNetworksIsReasonToLookForADirectPathAgain() {
        SimDht dht = network(46);
        Relay relay = new Relay(dht);
        Served server = dht.firewalled().serve(key -> false);
        Node client = dht.firewalled();
        apart(dht, client, server.node);
        Dialled dialled = dial(client, server, relay).await();
        dht.net.run(MINUTES.toNanos(8));
        together(dht, client, server.node);

        client.host.command(now -> client.dht.networkChanged(List.of(client.address), now));
        dht.net.run(SECONDS.toNanos(15));

        assertThat(dialled.stream.path()).isEqualTo(Path.PUNCHED);
        assertThat(dialled.echoes("direct at once")).isTrue();
    }

    @Test
    void clientChosenRelaysAreBounded() {
        SimDht dht = network(47);
        Relay relay = new Relay(dht);
        Served server = dht.firewalled().serve(key -> false);
        Node client = dht.firewalled();
        apart(dht, client, server.node);
        apart(dht, relay.node, client);
        int tooMany = ServerSlots.MAX_CLIENT_RELAYS + 8;

        for (int i = 0; i < tooMany; i++) {
            dial(client, server, relay);
        }
        dht.net.run(SECONDS.toNanos(8));

        assertThat(relay.statistics().waiting()).isEqualTo(ServerSlots.MAX_CLIENT_RELAYS);
        assertThat(relay.statistics().connections()).isEqualTo(1);
        assertThat(server.acceptor.counters().overLimit()).isEqualTo(8);
    }

    @Test
    void relayIsClosedOnlyAfterTrafficArrivedDirectly() {
        SimDht dht = network(34);
        Relay relay = new Relay(dht);
        Served server = dht.firewalled().serve(key -> false);
        Node client = dht.firewalled();
        apart(dht, client, server.node);
        Dialled dialled = dial(client, server, relay).await();
        dht.net.run(SECONDS.toNanos(3));
        assertThat(relay.statistics().pairs()).isEqualTo(1);

        together(dht, client, server.node);
        dht.net.runUntil(() -> dialled.stream.path() != Path.RELAYED, SECONDS.toNanos(10));
        assertThat(relay.statistics().pairs()).isEqualTo(1);
        dht.net.run(SECONDS.toNanos(8));
        assertThat(relay.statistics().pairs()).isZero();
        dht.net.run(SECONDS.toNanos(30));

        assertThat(relay.statistics().connections()).isZero();
        assertThat(dialled.echoes("still there")).isTrue();
        assertThat(server.accepted.get(0).path()).isEqualTo(Path.PUNCHED);
    }

    @Test
    void aPeerThatSaysSoWithABareMessageHasLeftTheRelay() {
        SimDht dht = network(48);
        Relay relay = new Relay(dht);
        Served server = dht.firewalled().serve(key -> false);
        Node client = dht.firewalled();
        Leaver leaver = new Leaver(dht, client, server.node);
        apart(dht, client, server.node);
        Dialled dialled = dial(client, server, relay).await();
        assertThat(dialled.stream.path()).isEqualTo(Path.RELAYED);

        leaver.streamId = dialled.stream.localId();
        leaver.stranger = dht.net.host(dht.nextHost());
        leaver.present = true;
        dht.net.runUntil(() -> leaver.probes > 1, SECONDS.toNanos(15));
        assertThat(dialled.stream.path()).isEqualTo(Path.RELAYED);
        leaver.stranger = null;
        dht.net.runUntil(() -> dialled.stream.path() != Path.RELAYED, SECONDS.toNanos(15));

        assertThat(dialled.moves).containsExactly(Path.PUNCHED);
        leaver.present = false;
        together(dht, client, server.node);
        assertThat(dialled.echoes("where it went")).isTrue();
        assertThat(dialled.reason).isNull();
    }

    @Test
    void whatARelayForwardsMayOvertakeItsWord() {
        for (boolean late : new boolean[] {true, false}) {
            SimDht dht = network(late ? 49 : 50);
            Relay relay = new Relay(dht);
            Served server = dht.behind(SimNat.Kind.RANDOM).serve(key -> false);
            Node client = dht.behind(SimNat.Kind.RANDOM);
            dht.settle();
            loseFirstWord(dht, relay, late ? server.node : client);

            Dialled dialled = dial(client, server, relay).await();

            assertThat(dialled.failure).isNull();
            assertThat(dialled.echoes("through the relay")).isTrue();
            assertThat(dialled.stream.path()).isEqualTo(Path.RELAYED);
            assertThat(server.accepted.get(0).path()).isEqualTo(Path.RELAYED);
        }
    }

    /** Has the word of a relay that it forwards get lost once. */
    private static void loseFirstWord(SimDht dht, Relay relay, Node to) {
        boolean[] lost = new boolean[1];
        dht.net.tap(
                (from, destination, packet) -> {
                    if (from.host() != relay.node.host.address()
                            || destination.host() != to.host.address()) {
                        return;
                    }
                    if (relay.statistics().paired() == 1 && !lost[0]) {
                        lost[0] = true;
                        dht.net.cut(relay.node.host, to.host);
                    } else {
                        dht.net.heal(relay.node.host, to.host);
                    }
                });
    }

    @Test
    void stalledPairingIsGivenUpAfterFifteenSeconds() {
        SimDht dht = network(35);
        Relay relay = new Relay(dht);
        Served server = dht.firewalled().serve(key -> false);
        Node client = dht.firewalled();
        apart(dht, client, server.node);
        apart(dht, relay.node, server.node);

        Dialled dialled = dial(client, server, relay).await();

        assertThat(dialled.failure.cause()).isEqualTo(Cause.RELAY_ABORTED);
        assertThat(dialled.failure.text()).contains("but not by the other side");
        assertThat(dialled.seconds()).isBetween(15.0, 18.0);
        dht.net.run(SECONDS.toNanos(80));
        assertThat(server.accepted).isEmpty();
        assertThat(server.acceptor.slots()).isZero();
        assertThat(server.node.dht.openStreams()).isZero();
        assertThat(relay.statistics().waiting()).isZero();
        assertThat(relay.statistics().connections()).isZero();
    }

    @Test
    void parkedPunchIsFreedWhenTheRelayFails() {
        SimDht dht = network(36);
        Relay relay = new Relay(dht);
        Served server = dht.firewalled().serve(key -> false);
        Node client = dht.firewalled();
        apart(dht, relay.node, server.node);
        Dialled dialled = dial(client, server, relay);
        dht.net.runUntil(() -> server.acceptor.slots() == 1, SECONDS.toNanos(10));

        client.host.kill();
        dht.net.run(SECONDS.toNanos(60));

        assertThat(dialled.stream).isNull();
        assertThat(server.acceptor.slots()).isZero();
        assertThat(server.node.dht.openStreams()).isZero();
    }

    @Test
    void relayedConnectionsKeepAliveLikeDirectOnes() {
        SimDht dht = network(37);
        Relay relay = new Relay(dht);
        Served server = dht.behind(SimNat.Kind.RANDOM).serve(key -> false);
        Node client = dht.behind(SimNat.Kind.RANDOM);
        dht.settle();
        Dialled dialled = dial(client, server, relay).await();
        assertThat(dialled.echoes("before")).isTrue();

        dht.net.run(MINUTES.toNanos(10));

        assertThat(dialled.reason).isNull();
        assertThat(dialled.received).hasSize(1);
        assertThat(dialled.echoes("after")).isTrue();
    }

    @Test
    void openOrDirectClientCausesNoRelayAtTheServer() {
        SimDht dht = network(38);
        Relay relay = new Relay(dht);
        Served behindFirewall = serve(dht.firewalled(), relay);
        Served open = serve(dht.open(), relay);

        assertThat(dial(dht.open(), behindFirewall, relay).await().echoes("one")).isTrue();
        assertThat(dial(dht.firewalled(), open, relay).await().echoes("two")).isTrue();
        dht.net.run(SECONDS.toNanos(5));

        assertThat(relay.served.accepted).isEmpty();
    }

    @Test
    void relayIsDialledOnlyWhenTheDirectPathIsLate() {
        SimDht dht = network(39);
        Relay relay = new Relay(dht);
        Served server = serve(dht.behind(SimNat.Kind.CONSISTENT), relay);
        Node client = dht.behind(SimNat.Kind.CONSISTENT);
        dht.settle();

        Dialled prompt = dial(client, server, relay).await();
        assertThat(prompt.stream.path()).isEqualTo(Path.PUNCHED);
        dht.net.run(SECONDS.toNanos(5));
        assertThat(relay.served.accepted).isEmpty();

        Node random = dht.behind(SimNat.Kind.RANDOM);
        Served unreachable = serve(dht.behind(SimNat.Kind.RANDOM), relay);
        dht.settle();
        Dialled late = dial(random, unreachable, relay).await();
        assertThat(late.stream.path()).isEqualTo(Path.RELAYED);
    }

    @Test
    void relayConnectionIsShared() {
        SimDht dht = network(40);
        Relay relay = new Relay(dht);
        Served server = dht.behind(SimNat.Kind.RANDOM).serve(key -> false);
        Node client = dht.behind(SimNat.Kind.RANDOM);
        dht.settle();

        List<Dialled> all = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            all.add(dial(client, server, relay));
        }

        all.forEach(one -> assertThat(one.await().echoes("one of many")).isTrue());
        assertThat(relay.statistics().pairs()).isEqualTo(5);
        assertThat(relay.statistics().connections()).isEqualTo(2);
        assertThat(relay.served.accepted).hasSize(2);
    }

    @Test
    void deadRelayIsReplacedByTheNextOne() {
        SimDht dht = network(41);
        Relay dead = new Relay(dht);
        Relay alive = new Relay(dht);
        Served server = dht.behind(SimNat.Kind.RANDOM).serve(key -> false);
        Node client = dht.behind(SimNat.Kind.RANDOM);
        dht.settle();
        dead.node.host.kill();

        for (int i = 0; i < 4; i++) {
            Dialled dialled = dial(client, server, dead, alive).await();

            assertThat(dialled.failure).isNull();
            assertThat(dialled.echoes("over the other one")).isTrue();
            assertThat(dialled.seconds()).isLessThan(i == 0 ? 15.0 : 8.0);
        }
    }

    @Test
    void aRelayThatDiesIsReportedWithinFifteenSeconds() {
        SimDht dht = network(42);
        Relay relay = new Relay(dht);
        Served server = dht.behind(SimNat.Kind.RANDOM).serve(key -> false);
        Node client = dht.behind(SimNat.Kind.RANDOM);
        dht.settle();
        Dialled dialled = dial(client, server, relay).await();
        assertThat(dialled.echoes("before")).isTrue();
        List<CloseReason> atServer = new ArrayList<>();
        server.accepted.get(0).onClosed(atServer::add);

        relay.node.host.kill();
        long killed = dht.net.now();
        dht.net.runUntil(() -> dialled.reason != null && !atServer.isEmpty(), SECONDS.toNanos(60));

        assertThat((dht.net.now() - killed) / 1e9).isLessThan(15.0);
        assertThat(dialled.reason.code()).isIn("EHOSTUNREACH", "ETIMEDOUT");
    }

    @Test
    void aRelayThatClosesIsReportedAtOnce() {
        SimDht dht = network(43);
        Relay relay = new Relay(dht);
        Served server = dht.behind(SimNat.Kind.RANDOM).serve(key -> false);
        Node client = dht.behind(SimNat.Kind.RANDOM);
        dht.settle();
        Dialled dialled = dial(client, server, relay).await();

        relay.node.host.command(now -> relay.server.close(() -> {}));
        dht.net.run(SECONDS.toNanos(1));

        assertThat(dialled.reason).isInstanceOf(CloseReason.Unreachable.class);
        assertThat(dialled.reason.text()).contains("has gone away");
    }

    @Test
    void aRelayedConnectionEndsInGoodOrder() {
        SimDht dht = network(45);
        Relay relay = new Relay(dht);
        Served server = dht.behind(SimNat.Kind.RANDOM).serve(key -> false);
        Node client = dht.behind(SimNat.Kind.RANDOM);
        dht.settle();
        dht.net.link(LINK.withLoss(0.2));
        Dialled dialled = dial(client, server, relay).await();
        assertThat(dialled.echoes("before")).isTrue();
        List<CloseReason> atServer = new ArrayList<>();
        server.accepted.get(0).onClosed(atServer::add);

        client.host.command(dialled.stream::end);
        dht.net.run(SECONDS.toNanos(60));

        assertThat(dialled.reason).isInstanceOf(CloseReason.Ended.class);
        assertThat(atServer).containsExactly(new CloseReason.Ended());
        assertThat(relay.statistics().connections()).isZero();
        assertThat(server.node.dht.openStreams()).isZero();
    }

    private static SimDht network(long seed) {
        SimDht dht = SimDht.of(seed, 6);
        dht.net.link(LINK);
        return dht;
    }

    private static void apart(SimDht dht, Node one, Node other) {
        dht.net.cut(one.host, other.host);
        dht.net.cut(other.host, one.host);
    }

    private static void together(SimDht dht, Node one, Node other) {
        dht.net.heal(one.host, other.host);
        dht.net.heal(other.host, one.host);
    }

    private static Served serve(Node node, Relay relay) {
        return node.serve(
                new ServerConfig(key -> false, true, 16, 8, List.of(relay.key())),
                node.newKeyPair());
    }

    private static Dialled dial(Node client, Served server, Relay... relays) {
        List<PublicKey> keys = new ArrayList<>();
        for (Relay relay : relays) {
            keys.add(relay.key());
        }
        return client.dial(server.key(), true, keys);
    }

    /** A node that relays for everybody. */
    private static final class Relay {

        private final Node node;
        private final RelayServer server;
        private final Served served;

        private Relay(SimDht dht) {
            node = dht.open();
            server = node.dht.relayServer(RelayLimits.defaults(), dht.net::now);
            served = node.serve(key -> false);
            served.onConnection = this::accept;
        }

        private PublicKey key() {
            return served.key();
        }

        private RelayStatistics statistics() {
            return server.statistics();
        }

        private void accept(PeerStream stream) {
            server.accept(
                    new StreamLink(stream, node.network.net::now, node.dht::notice),
                    new RelayServer.Whereabouts() {
                        @Override
                        public @Nullable LocalSocket socket() {
                            return stream.socket();
                        }

                        @Override
                        public Address address() {
                            return stream.remoteAddress();
                        }
                    });
        }
    }

    /**
     * Has a server do as the original does: it goes straight to a client that probes it, says so
     * with a message of nothing, and writes nothing else. The rest of its stream is lost, and a
     * stranger may say it instead.
     */
    private static final class Leaver {

        private final SimDht dht;
        private final Node client;
        private final Node server;
        private boolean present;
        private @Nullable SimHost stranger;
        private int streamId;
        private int probes;

        private Leaver(SimDht dht, Node client, Node server) {
            this.dht = dht;
            this.client = client;
            this.server = server;
            dht.net.tap(this::passing);
        }

        private void passing(Address from, Address to, Bytes packet) {
            boolean probing = isBetween(client, from, server, to);
            if (!present || !(probing || isBetween(server, from, client, to))) {
                return;
            }
            boolean ofStream = packet.length() >= 20 && packet.unsignedAt(0) == 0xff;
            if (!ofStream) {
                together(dht, client, server);
                return;
            }
            apart(dht, client, server);
            if (probing) {
                probes++;
                sayNothing(to, from);
            }
        }

        private static boolean isBetween(Node one, Address from, Node other, Address to) {
            return from.host() == one.host.address() && to.host() == other.host.address();
        }

        private void sayNothing(Address from, Address to) {
            byte[] message = new byte[20];
            message[0] = (byte) 0xff;
            message[1] = 1;
            message[2] = 8;
            ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN).putInt(4, streamId);
            present = false;
            dht.net.heal(server.host, client.host);
            SimHost sender = stranger == null ? server.host : stranger;
            sender.slip(from.port(), to, Bytes.wrap(message));
            apart(dht, client, server);
            present = true;
        }
    }

    /** Sends a pattern to a server that sends it back, and compares. */
    private static final class Transfer {

        private static final int CHUNK = 64 << 10;
        private static final int WINDOW = 1 << 20;

        private final Dialled dialled;
        private final Bytes pattern;
        private int sent;
        private int received;
        private int chunksRead;
        private boolean differs;

        private Transfer(Dialled dialled, int bytes) {
            this.dialled = dialled;
            this.pattern = Bytes.random(new Random(9), bytes);
        }

        /** Goes on until so many bytes have come back. */
        private void run(int bytes) {
            dialled.node.network.net.runUntil(() -> step(bytes), MINUTES.toNanos(10));
        }

        private boolean step(int bytes) {
            while (chunksRead < dialled.received.size()) {
                Bytes chunk = dialled.received.get(chunksRead);
                dialled.received.set(chunksRead++, Bytes.EMPTY);
                Bytes expected = pattern.slice(received, received + chunk.length());
                differs |= !chunk.equals(expected);
                received += chunk.length();
            }
            while (sent < bytes && sent - received < WINDOW) {
                Bytes chunk = pattern.slice(sent, sent + CHUNK);
                sent += CHUNK;
                dialled.node.host.command(now -> dialled.stream.write(chunk, now));
            }
            return received >= bytes;
        }
    }
}
