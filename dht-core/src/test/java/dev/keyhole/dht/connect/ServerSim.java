package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.connect.SimDht.Dialled;
import dev.keyhole.dht.connect.SimDht.FixedEntropy;
import dev.keyhole.dht.connect.SimDht.Node;
import dev.keyhole.dht.connect.SimDht.Served;
import dev.keyhole.dht.holepunch.NatType;
import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.message.Request;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.identity.Namespace;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.noise.IkInitiator;
import dev.keyhole.transport.sim.SimHost;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What strangers, and relays that die, can do to a server. */
class ServerSim {

    private static final Bytes NOISE = Bytes.random(new Random(1), 110);

    @Test
    void damagedMessagesOfAnyKindHarmNobody() {
        SimDht dht = SimDht.of(11, 4);
        Served server = dht.open().serve(key -> false);
        Stranger stranger = new Stranger(dht);
        Random random = new Random(5);
        List<Bytes> values = Vectors.allHex(Vectors.load("dht-handshake"));

        for (Bytes value : values) {
            for (Address victim : List.of(server.node.address, dht.storing.get(1).address)) {
                Bytes damaged = damage(value, random);
                stranger.send(victim, Command.PEER_HANDSHAKE, server.key(), damaged);
                stranger.send(victim, Command.PEER_HOLEPUNCH, server.key(), damaged);
            }
        }
        dht.net.run(SECONDS.toNanos(30));

        assertThat(dht.firewalled().dial(server.key()).await().echoes("still here")).isTrue();
        assertThat(server.node.dht.malformedMessages()).isPositive();
    }

    @Test
    void aFloodOfHandshakesIsBoundedAndForgotten() throws Exception {
        SimDht dht = SimDht.of(12, 4);
        Served server = dht.firewalled().serve(key -> false);
        Stranger stranger = new Stranger(dht);
        int flood = Acceptor.MAX_PENDING + 50;

        for (int i = 0; i < flood; i++) {
            Address claimed = new Address(0x59000000 + i, 1000);
            Bytes value =
                    new HandshakeValue(
                                    Mode.FROM_RELAY,
                                    firstMessage(stranger, server.key(), i),
                                    claimed,
                                    null)
                            .encode();
            stranger.send(server.node.address, Command.PEER_HANDSHAKE, server.key(), value);
        }
        dht.net.run(SECONDS.toNanos(1));

        assertThat(server.acceptor.slots()).isEqualTo(Acceptor.MAX_PENDING);
        assertThat(server.acceptor.counters().overLimit()).isEqualTo(50);
        assertThat(server.accepted).isEmpty();

        dht.net.run(SECONDS.toNanos(25));

        assertThat(server.acceptor.slots()).isZero();
        assertThat(server.node.dht.openStreams()).isZero();
        assertThat(dht.firewalled().dial(server.key()).await().echoes("free again")).isTrue();
    }

    @Test
    void manyHandshakesThatClaimOneAddressGetOneShare() throws Exception {
        SimDht dht = SimDht.of(13, 4);
        Served server = dht.firewalled().serve(key -> false);
        Stranger stranger = new Stranger(dht);
        Address claimed = Address.parse("89.0.0.1:1000");

        for (int i = 0; i < Acceptor.MAX_PENDING; i++) {
            Bytes noise = firstMessage(stranger, server.key(), i);
            Bytes value = new HandshakeValue(Mode.FROM_RELAY, noise, claimed, null).encode();
            stranger.send(server.node.address, Command.PEER_HANDSHAKE, server.key(), value);
        }
        dht.net.run(SECONDS.toNanos(1));

        assertThat(server.acceptor.slots()).isEqualTo(Acceptor.MAX_PENDING_PER_CLIENT);
    }

    @Test
    void copiesOfAFirstMessageGetTheSameBytesAndOneSlot() throws Exception {
        SimDht dht = SimDht.of(14, 4);
        Served server = dht.open().serve(key -> false);
        Stranger stranger = new Stranger(dht);
        Bytes noise = firstMessage(stranger, server.key(), 1);
        Bytes value = HandshakeValue.fromClient(noise).encode();

        for (int i = 0; i < 3; i++) {
            stranger.send(server.node.address, Command.PEER_HANDSHAKE, server.key(), value);
        }
        dht.net.run(SECONDS.toNanos(1));

        assertThat(server.acceptor.slots()).isEqualTo(1);
        assertThat(stranger.answersWithValue()).hasSize(3);
        assertThat(stranger.answersWithValue().stream().map(Bytes::hashCode).distinct()).hasSize(1);
    }

    @Test
    void aRepeatedFirstMessageNeverSurfacesAConnection() throws Exception {
        SimDht dht = SimDht.of(15, 4);
        Served server = dht.open().serve(key -> false);
        Stranger stranger = new Stranger(dht);
        Bytes noise = firstMessage(stranger, server.key(), 1);
        Bytes value = HandshakeValue.fromClient(noise).encode();

        stranger.send(server.node.address, Command.PEER_HANDSHAKE, server.key(), value);
        dht.net.run(SECONDS.toNanos(40));
        stranger.send(server.node.address, Command.PEER_HANDSHAKE, server.key(), value);
        dht.net.run(SECONDS.toNanos(40));

        assertThat(server.accepted).isEmpty();
        assertThat(server.acceptor.connections()).isZero();
        assertThat(server.acceptor.slots()).isZero();
    }

    @Test
    void aLostRelayIsReplacedByAnother() {
        SimDht dht = SimDht.of(16, 8);
        Served server = dht.firewalled().serve(key -> false);
        assertThat(server.relays).isEqualTo(3);
        List<Address> before = server.node.dht.relayAddresses(server.key());
        Node relay =
                dht.storing.stream()
                        .skip(1)
                        .filter(node -> before.contains(node.address))
                        .findFirst()
                        .orElseThrow();

        relay.host.kill();
        dht.net.run(SECONDS.toNanos(30));

        List<Address> after = server.node.dht.relayAddresses(server.key());
        assertThat(after).hasSize(3).doesNotContain(relay.address);
        assertThat(dht.firewalled().dial(server.key()).await().failure).isNull();
    }

    @Test
    void anOutageIsHealedWithinSeconds() {
        SimDht dht = SimDht.of(17, 6);
        Served server = dht.firewalled().serve(key -> false);
        for (Node node : dht.storing) {
            dht.net.cut(server.node.host, node.host);
            dht.net.cut(node.host, server.node.host);
        }
        dht.net.run(SECONDS.toNanos(40));

        assertThat(server.node.dht.relayAddresses(server.key())).hasSize(3);

        for (Node node : dht.storing) {
            dht.net.heal(server.node.host, node.host);
            dht.net.heal(node.host, server.node.host);
        }
        dht.net.run(SECONDS.toNanos(35));
        Dialled dialled = dht.firewalled().dial(server.key()).await();

        assertThat(dialled.failure).isNull();
        assertThat(dialled.seconds()).isLessThan(1);
    }

    private static Bytes firstMessage(Stranger stranger, PublicKey server, int seed)
            throws Exception {
        return IkInitiator.write(
                        stranger.dht.storing.get(0).newKeyPair(),
                        server,
                        Namespace.PEER_HANDSHAKE,
                        NoisePayload.ofClient(
                                        NatType.UNKNOWN, List.of(), NoisePayload.Udx.of(seed), null)
                                .encode(),
                        new FixedEntropy(seed))
                .message();
    }

    private static Bytes damage(Bytes original, Random random) {
        byte[] bytes = original.length() == 0 ? NOISE.toArray() : original.toArray();
        for (int flips = random.nextInt(3); flips > 0; flips--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        return Bytes.wrap(bytes);
    }

    /** Somebody who sends what it likes and collects what comes back. */
    private static final class Stranger implements Machine {

        private final SimDht dht;
        private final SimHost host;
        private final LocalSocket socket;
        private final Queue<Datagram> outgoing = new ArrayDeque<>();
        private final List<Bytes> received = new ArrayList<>();
        private int tid;

        private Stranger(SimDht dht) {
            this.dht = dht;
            this.host = dht.net.host(dht.nextHost());
            this.socket = host.bind(1234);
            host.run(this);
        }

        private void send(Address to, Command command, PublicKey server, Bytes value) {
            Request request =
                    new Request(++tid & 0xffff, to, null, null, command, server.target(), value);
            outgoing.add(new Datagram(socket, to, request.toBytes()));
            host.command(now -> {});
        }

        /** The part of each answer behind its transaction id. */
        private List<Bytes> answersWithValue() {
            return received.stream().map(answer -> answer.slice(4)).toList();
        }

        @Override
        public void receive(Datagram datagram, long nowNanos) {
            if (datagram.payload().unsignedAt(0) == 0x13) {
                received.add(datagram.payload());
            }
        }

        @Override
        public void opened(int request, LocalSocket opened, long nowNanos) {}

        @Override
        public void openFailed(int request, String why, long nowNanos) {}

        @Override
        public void expire(long nowNanos) {}

        @Override
        public void drain(Effects effects, long nowNanos) {
            Datagram next;
            while ((next = outgoing.poll()) != null) {
                effects.send(next.socket(), next.source(), next.payload());
            }
        }

        @Override
        public long deadlineNanos() {
            return NEVER;
        }
    }
}
