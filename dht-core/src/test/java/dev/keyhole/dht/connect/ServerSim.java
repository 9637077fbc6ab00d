package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.connect.SimDht.Dialled;
import dev.keyhole.dht.connect.SimDht.Node;
import dev.keyhole.dht.connect.SimDht.Served;
import dev.keyhole.dht.message.Command;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What strangers, and relays that die, can do to a server. */
class ServerSim {

    private static final Bytes NOISE = Bytes.random(new Random(1), 110);

    @Test
    void malformedMessageIsDroppedAndNeverThrown() {
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
    void handshakeFloodIsBoundedBeforeAnyWork() {
        SimDht dht = SimDht.of(12, 4);
        Served server = dht.firewalled().serve(key -> false);
        Address main = server.node.dht.rpc().mainSocket().local();
        Node client = dht.open();
        dht.settle();
        int strangers = 8;

        for (int i = 0; i < strangers; i++) {
            Stranger stranger = new Stranger(dht);
            for (int j = 0; j < 100; j++) {
                Address claimed = new Address(0x59000000 + 1000 * i + j, 1000);
                stranger.call(server.key(), 1000 * i + j).askFor(claimed, main);
            }
        }
        dht.net.run(SECONDS.toNanos(1));

        // What no relay of ours brought may hold so many, and the relays have room for as many.
        assertThat(server.acceptor.counters().handshakes())
                .isEqualTo(ServerSlots.MAX_PENDING_PER_RELAY);
        assertThat(server.acceptor.slots()).isEqualTo(ServerSlots.MAX_PENDING_PER_RELAY);
        assertThat(server.node.dht.openedPunchSockets()).isEqualTo(ServerSlots.MAX_PUNCHES);
        assertThat(server.accepted).isEmpty();
        assertThat(client.dial(server.key()).await().echoes("by a relay")).isTrue();

        dht.net.run(SECONDS.toNanos(25));
        assertThat(server.acceptor.slots()).isZero();
        assertThat(server.node.dht.openStreams()).isEqualTo(1);
        assertThat(server.node.dht.punchSockets()).isZero();
    }

    @Test
    void whoFloodsWithHandshakesGetsItsShareAndNoMore() {
        SimDht dht = SimDht.of(13, 4);
        Served server = dht.firewalled().serve(key -> true);
        Address main = server.node.dht.rpc().mainSocket().local();
        Stranger stranger = new Stranger(dht);

        for (int i = 0; i < 200; i++) {
            stranger.call(server.key(), i).askFor(new Address(0x59000000 + i, 1000), main);
        }
        dht.net.run(SECONDS.toNanos(1));

        int share = HandshakeLimit.STRANGER.burst();
        assertThat(server.acceptor.counters().denied()).isEqualTo(share);
        assertThat(server.acceptor.counters().overLimit()).isEqualTo(200 - share);
    }

    @Test
    void manyHandshakesThatClaimOneHostGetOneShare() {
        SimDht dht = SimDht.of(14, 4);
        Served server = dht.firewalled().serve(key -> false);
        Address main = server.node.dht.rpc().mainSocket().local();
        Address claimed = Address.parse("89.0.0.1:1000");
        Map<Integer, Stranger> relays = new HashMap<>();
        for (int i = 0; i < 300; i++) {
            Stranger relay = relays.computeIfAbsent(i / 60, j -> new Stranger(dht));
            relay.call(server.key(), i).askFor(claimed.withPort(1000 + i), main);
        }
        dht.net.run(SECONDS.toNanos(1));

        assertThat(server.acceptor.slots()).isEqualTo(ServerSlots.MAX_PENDING_PER_CLIENT);
    }

    @Test
    void slotsAreBoundedWhateverBecameOfThem() {
        SimDht dht = SimDht.of(15, 4);
        Served server = dht.firewalled().serve(key -> true);
        Address main = server.node.dht.rpc().mainSocket().local();
        List<Stranger> strangers = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            strangers.add(new Stranger(dht));
        }
        byte[] garbage = new byte[96];
        for (int second = 0; second < 60; second++) {
            for (int i = 0; i < 160; i++) {
                garbage[i % 90] = (byte) (garbage[i % 90] + 1);
                strangers
                        .get(i % 40)
                        .send(
                                main,
                                Command.PEER_HANDSHAKE,
                                server.key(),
                                HandshakeValue.fromClient(Bytes.wrap(garbage.clone())).encode());
            }
            dht.net.run(SECONDS.toNanos(1));
            assertThat(server.acceptor.slots()).isLessThanOrEqualTo(ServerSlots.MAX_SLOTS);
        }
        dht.net.run(SECONDS.toNanos(15));
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

    private static Bytes damage(Bytes original, Random random) {
        byte[] bytes = original.length() == 0 ? NOISE.toArray() : original.toArray();
        for (int flips = random.nextInt(3); flips > 0; flips--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        return Bytes.wrap(bytes);
    }
}
