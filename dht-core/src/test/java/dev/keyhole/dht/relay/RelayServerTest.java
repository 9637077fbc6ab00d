package dev.keyhole.dht.relay;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.dht.holepunch.Timers;
import dev.keyhole.dht.mux.MemoryLink;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.udx.StreamMultiplexer;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.WireWriter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class RelayServerTest {

    private static final PublicKey RELAY = MemoryLink.key(100);
    private static final LocalSocket SOCKET = new LocalSocket(1, Address.parse("88.0.0.1:49737"));

    private final Ids ids = new Ids();
    private final StreamMultiplexer streams = new StreamMultiplexer(ids);
    private final Timers timers = new Timers();
    private long now;
    private final RelayServer server = server(RelayLimits.defaults());

    private RelayServer server(RelayLimits limits) {
        return new RelayServer(streams, timers, () -> now, limits);
    }

    @TestFactory
    Stream<DynamicTest> sessionsAreThoseOfTheOriginal() {
        return Vectors.each(
                Vectors.load("dht-blind-relay", "sessions"),
                session -> {
                    RelayServerTest fresh = new RelayServerTest();
                    fresh.ids.queue.addAll(List.of(1002, 1001));
                    Peer first = fresh.peer(session.get("clientKeys").get(0));
                    Peer second = fresh.peer(session.get("clientKeys").get(1));

                    first.send(session.get("wire1"), "client 1");
                    second.send(session.get("wire2"), "client 2");
                    fresh.pump();

                    assertThat(first.relayWrote()).isEqualTo(from("relay", session.get("wire1")));
                    assertThat(second.relayWrote()).isEqualTo(from("relay", session.get("wire2")));
                    int pending = pending(session.get("outcome"));
                    assertThat(fresh.server.statistics().waiting()).isEqualTo(pending);
                    assertThat(fresh.streams.relayedEnds())
                            .isEqualTo(session.get("relayStreams").size());
                });
    }

    @Test
    void relayChannelIsNamedByOurOwnKey() {
        Client client = new Client(server, 1);

        Bytes opened = client.ends[0].written.get(0);

        assertThat(opened.slice(opened.length() - 32)).isEqualTo(client.key.bytes());
        client.client.pair(true, token(1), 11, client);
        pump(client);
        assertThat(server.statistics().waiting()).isEqualTo(1);
    }

    @Test
    void pairConfirmationPrecedesAnyChannelClose() {
        Client a = new Client(server, 1);
        Client b = new Client(server, 2);
        Bytes token = token(1);
        a.client.pair(true, token, 11, a);
        b.client.pair(false, token(2), 21, b);
        pump(a, b);
        server.close(() -> {});
        pump(a, b);

        b.client.pair(false, token, 22, b);
        pump(a, b);

        assertThat(a.told).containsExactly("paired 1", "lost");
        assertThat(b.told).containsExactly("paired 2");
    }

    @Test
    void closingRelayLetsPairingsFinishAndKeepsNoDeadStreams() {
        Client a = new Client(server, 1);
        Client b = new Client(server, 2);
        Client idle = new Client(server, 3);
        a.client.pair(true, token(1), 11, a);
        b.client.pair(false, token(2), 22, b);
        pump(a, b, idle);
        List<String> told = new ArrayList<>();

        server.close(() -> told.add("closed"));
        pump(a, b, idle);
        assertThat(idle.client.isClosed()).isTrue();
        assertThat(a.client.isClosed()).isFalse();
        b.client.pair(false, token(1), 22, b);
        pump(a, b);
        b.client.pair(true, token(3), 22, b);
        pump(a, b);
        assertThat(a.told).containsExactly("paired 1", "lost");
        assertThat(told).isEmpty();

        now = RelayLimits.defaults().waitNanos() + 1;
        timers.expire(now);
        pump(a, b);

        assertThat(told).containsExactly("closed");
        assertThat(streams.relayedEnds()).isZero();
        assertThat(server.statistics()).isEqualTo(new RelayStatistics(0, 0, 0, 1, 1, 1, 0, 0, 0));
    }

    @Test
    void aStreamThatIsDestroyedLeavesNothingBehind() {
        Client a = new Client(server, 1);
        Client b = new Client(server, 2);
        join(a, b, token(1));

        forward(a, 1, 0x10);

        assertThat(server.statistics().pairs()).isZero();
        assertThat(server.statistics().datagrams()).isEqualTo(1);
        assertThat(server.statistics().bytes()).isEqualTo(20);
        assertThat(streams.relayedEnds()).isZero();
    }

    @Test
    void clientIgnoresUnpairAndTruncatedMessagesEndTheChannel() {
        Client a = new Client(server, 1);
        a.client.pair(true, token(1), 11, a);
        pump(a);

        a.ends[1].forge(data(UnpairMessage.TYPE, new UnpairMessage(token(1)).encode()));
        assertThat(a.client.requests()).isEqualTo(1);
        assertThat(a.ends[0].reason).isNull();
        a.ends[1].forge(data(PairMessage.TYPE, Bytes.of(1, 2, 3)));
        assertThat(a.ends[0].reason).isInstanceOf(CloseReason.Misbehaved.class);

        Client b = new Client(server, 2);
        b.ends[0].forge(data(UnpairMessage.TYPE, Bytes.of(0, 2, 3)));
        assertThat(b.ends[1].reason).isInstanceOf(CloseReason.Misbehaved.class);
    }

    @Test
    void unpairEndsARunningPairToo() {
        Client a = new Client(server, 1);
        Client b = new Client(server, 2);
        join(a, b, token(1));

        b.client.unpair(token(1));
        pump(a, b);

        assertThat(server.statistics().pairs()).isZero();
        assertThat(a.told).containsExactly("paired 1");
    }

    @Test
    void nobodyUnpairsWhatIsNotHis() {
        Client a = new Client(server, 1);
        Client b = new Client(server, 2);
        Client stranger = new Client(server, 3);
        join(a, b, token(1));
        a.client.pair(true, token(2), 11, a);
        pump(a);

        stranger.ends[0].forge(data(UnpairMessage.TYPE, new UnpairMessage(token(1)).encode()));
        stranger.ends[0].forge(data(UnpairMessage.TYPE, new UnpairMessage(token(2)).encode()));

        assertThat(server.statistics().pairs()).isEqualTo(1);
        assertThat(server.statistics().waiting()).isEqualTo(1);
    }

    @Test
    void theEndOfAConnectionEndsItsPairingsAndSoonItsPairs() {
        Client a = new Client(server, 1);
        Client b = new Client(server, 2);
        join(a, b, token(1));
        a.client.pair(true, token(2), 12, a);
        pump(a);

        a.ends[0].destroy(new CloseReason.ByUs("gone"));
        pump(a, b);

        assertThat(server.statistics().connections()).isEqualTo(1);
        assertThat(server.statistics().waiting()).isZero();
        assertThat(a.told).containsExactly("paired 1", "lost", "lost");
        now += RelayServer.LEAVING_NANOS - 1;
        timers.expire(now);
        forward(a, 1, 1);
        forward(b, 2, 1);
        assertThat(server.statistics().pairs()).isEqualTo(1);
        assertThat(server.bytesByKey()).containsEntry(a.key, 20L).containsEntry(b.key, 20L);
        now++;
        timers.expire(now);
        assertThat(server.statistics().pairs()).isZero();
        assertThat(server.bytesByKey()).containsOnlyKeys(b.key);
        assertThat(server.statistics().bytes()).isEqualTo(40);
    }

    @Test
    void waitingPairingsAreCappedAndExpire() {
        int most = RelayLimits.defaults().waiting();
        Client a = new Client(server, 1);
        Client again = new Client(server, 1);
        Client other = new Client(server, 2);
        for (int i = 0; i < most; i++) {
            (i % 2 == 0 ? a : again).client.pair(true, token(i), i, a);
        }
        pump(a, again);
        again.client.pair(true, token(most), 1, a);
        other.client.pair(true, token(most + 1), 1, other);
        pump(a, again, other);
        assertThat(server.statistics().waiting()).isEqualTo(most + 1);
        assertThat(server.statistics().refused()).isEqualTo(1);

        now = RelayLimits.defaults().waitNanos() - 1;
        timers.expire(now);
        assertThat(server.statistics().waiting()).isEqualTo(most + 1);
        now++;
        timers.expire(now);
        assertThat(server.statistics().waiting()).isZero();
        assertThat(server.statistics().expired()).isEqualTo(most + 1);

        a.client.pair(true, token(1000), 1, a);
        pump(a);
        assertThat(server.statistics().waiting()).isEqualTo(1);
    }

    @Test
    void bytesAreCountedAndLimitedForEachKey() {
        RelayServer strict = server(RelayLimits.defaults().withBytesPerSecond(1000));
        Client a = new Client(strict, 1);
        Client b = new Client(strict, 2);
        join(a, b, token(1));

        for (int i = 0; i < 60; i++) {
            forward(a, 1, 1);
        }
        forward(b, 2, 1);
        assertThat(strict.bytesByKey()).containsEntry(a.key, 1000L).containsEntry(b.key, 20L);
        assertThat(strict.statistics().dropped()).isEqualTo(10);

        now += SECONDS.toNanos(1) / 2;
        for (int i = 0; i < 60; i++) {
            forward(a, 1, 1);
        }
        assertThat(strict.bytesByKey()).containsEntry(a.key, 1500L);
        assertThat(strict.statistics().bytes()).isEqualTo(1520);
    }

    @Test
    void pairsOfOneKeyAreCapped() {
        RelayServer strict = server(RelayLimits.defaults().withPairs(2));
        Client a = new Client(strict, 1);
        Client b = new Client(strict, 2);

        for (int i = 0; i < 5; i++) {
            a.client.pair(true, token(i), i, a);
            b.client.pair(false, token(i), i, b);
            pump(a, b);
        }

        assertThat(strict.statistics().pairs()).isEqualTo(2);
        assertThat(strict.statistics().refused()).isEqualTo(6);
        assertThat(strict.statistics().waiting()).isZero();
    }

    @Test
    void whatIsNotUsedIsForgotten() {
        Client a = new Client(server, 1);
        Client b = new Client(server, 2);
        Client idle = new Client(server, 3);
        join(a, b, token(1));
        join(a, b, token(2));

        for (int minute = 1; minute <= 9; minute++) {
            now = MINUTES.toNanos(minute);
            forward(a, 1, 1);
            timers.expire(now);
            pump(a, b, idle);
        }

        assertThat(server.statistics().pairs()).isEqualTo(1);
        assertThat(server.statistics().connections()).isEqualTo(2);
        assertThat(idle.client.isClosed()).isTrue();
    }

    @Test
    void bothHalvesMayComeFromOneConnection() {
        Client a = new Client(server, 1);

        join(a, a, token(1));
        a.ends[0].destroy(new CloseReason.ByUs("gone"));
        pump(a);
        timers.expire(RelayServer.LEAVING_NANOS);

        assertThat(server.statistics().pairs()).isZero();
    }

    private void join(Client initiator, Client responder, Bytes token) {
        if (initiator == responder) {
            initiator.ends[0].forge(
                    data(PairMessage.TYPE, new PairMessage(true, token, 1, 0).encode()));
            initiator.ends[0].forge(
                    data(PairMessage.TYPE, new PairMessage(false, token, 2, 0).encode()));
        } else {
            initiator.client.pair(true, token, 11, initiator);
            responder.client.pair(false, token, 22, responder);
            pump(initiator, responder);
        }
        assertThat(initiator.server.statistics().pairs()).isPositive();
    }

    /** Has a packet come in from where a client is. */
    private void forward(Client from, int id, int flags) {
        Bytes packet =
                new WireWriter(20)
                        .u8(0xff)
                        .u8(1)
                        .u8(flags)
                        .u8(0)
                        .u32(id)
                        .u32(0)
                        .u32(0)
                        .u32(0)
                        .toBytes();
        assertThat(streams.receive(new Datagram(SOCKET, from.address, packet), now)).isTrue();
        streams.drain(new Nowhere(), now);
    }

    private static Bytes data(int type, Bytes message) {
        return new WireWriter().uint(1).uint(type).bytes(message).toBytes();
    }

    private static Bytes token(int seed) {
        return Bytes.random(new Random(seed), BlindRelay.TOKEN_BYTES);
    }

    private static void pump(Client... clients) {
        for (int i = 0; i < 3; i++) {
            for (Client client : clients) {
                client.ends[0].pump();
            }
        }
    }

    private final List<Peer> peers = new ArrayList<>();

    private void pump() {
        for (int i = 0; i < 3; i++) {
            peers.forEach(peer -> peer.ends[0].pump());
        }
    }

    private Peer peer(JsonNode key) {
        Peer peer = new Peer(PublicKey.ofHex(key.asText()));
        peers.add(peer);
        return peer;
    }

    private static int pending(JsonNode outcome) {
        return StreamSupport.stream(outcome.spliterator(), false)
                .map(JsonNode::asText)
                .filter(line -> line.startsWith("pending pairings "))
                .mapToInt(line -> Integer.parseInt(line.substring(17)))
                .findFirst()
                .orElse(0);
    }

    private static List<Bytes> from(String sender, JsonNode wire) {
        return StreamSupport.stream(wire.spliterator(), false)
                .filter(frame -> frame.get("from").asText().equals(sender))
                .map(frame -> Vectors.hex(frame, "hex"))
                .toList();
    }

    /** A client that says what was recorded. */
    private final class Peer {

        private final MemoryLink[] ends;

        private Peer(PublicKey key) {
            ends = MemoryLink.between(key, RELAY);
            server.accept(ends[1], new At(null));
        }

        private void send(JsonNode wire, String name) {
            from(name, wire).forEach(frame -> ends[0].forge(frame));
        }

        private List<Bytes> relayWrote() {
            return ends[1].written;
        }
    }

    /** A client of ours, and what it was told. */
    private static final class Client implements RelayClient.Asker {

        private final RelayServer server;
        private final PublicKey key;
        private final Address address;
        private final MemoryLink[] ends;
        private final RelayClient client;
        private final List<String> told = new ArrayList<>();

        private Client(RelayServer server, int number) {
            this.server = server;
            this.key = MemoryLink.key(number);
            this.address = new Address(0x58000000 + number, 1000);
            this.ends = MemoryLink.between(key, RELAY);
            this.client = new RelayClient(ends[0], () -> {});
            server.accept(ends[1], new At(address));
            client.start();
            ends[0].pump();
        }

        @Override
        public void paired(int relayStreamId) {
            told.add("paired " + relayStreamId);
        }

        @Override
        public void lost() {
            told.add("lost");
        }
    }

    private record At(Address address) implements RelayServer.Whereabouts {

        @Override
        public LocalSocket socket() {
            return address == null ? null : SOCKET;
        }
    }

    /** Stream ids that were named, and then 1, 2, 3 ... */
    private static final class Ids extends Random {

        private static final long serialVersionUID = 1;

        private final transient Queue<Integer> queue = new ArrayDeque<>();

        private int next;

        @Override
        public int nextInt() {
            return queue.isEmpty() ? ++next : queue.remove();
        }
    }

    private static final class Nowhere implements Effects {

        @Override
        public void send(LocalSocket socket, Address destination, Bytes payload) {}

        @Override
        public void open(int request) {}

        @Override
        public void close(LocalSocket socket) {}

        @Override
        public void deliver(Runnable notice) {}
    }
}
