package dev.keyhole.dht.scale;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.dht.announce.Walks;
import dev.keyhole.dht.connect.PeerStream;
import dev.keyhole.dht.connect.ServerConfig;
import dev.keyhole.dht.connect.ServerListener;
import dev.keyhole.dht.query.QueryListener;
import dev.keyhole.dht.query.QueryResult;
import dev.keyhole.dht.request.Answer;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.identity.Seed;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.stream.Link;
import dev.keyhole.transport.wire.Bytes;

/** A server on one of the nodes, and a topic that it announces: sends back what it gets. */
final class Service implements ServerListener, QueryListener {

    private static final long TOPIC_NANOS = MINUTES.toNanos(10);
    private static final long TOPIC_JITTER_NANOS = MINUTES.toNanos(2);

    private final World world;
    private final Inhabitant node;
    private final KeyPair keyPair;
    private final Bytes topic;
    private final long bornNanos;
    private long roundNanos;
    private long longestRestNanos;
    private int relays;
    private long rounds;
    private boolean topicAnnounced;

    Service(World world, Inhabitant node) {
        this.world = world;
        this.node = node;
        this.keyPair = KeyPair.fromSeed(Seed.of(Bytes.random(world.random(), 32)));
        this.topic = Bytes.random(world.random(), 32);
        this.bornNanos = world.now();
        this.roundNanos = world.now();
    }

    Inhabitant node() {
        return node;
    }

    PublicKey key() {
        return keyPair.publicKey();
    }

    Bytes topic() {
        return topic;
    }

    long bornNanos() {
        return bornNanos;
    }

    /** How many nodes relay for it, by its last word on that. */
    int relays() {
        return relays;
    }

    long rounds() {
        return rounds;
    }

    boolean isTopicAnnounced() {
        return topicAnnounced;
    }

    /** The longest time that passed between two rounds of announces, or since the last one. */
    long longestRestNanos() {
        return Math.max(longestRestNanos, world.now() - roundNanos);
    }

    /** Begins to serve. */
    void open() {
        ServerConfig config = new ServerConfig(key -> false, true, 64, 64);
        node.command(now -> node.dht().listen(keyPair, config, this, now));
    }

    @Override
    public void announced(int count, long nowNanos) {
        longestRestNanos = Math.max(longestRestNanos, nowNanos - roundNanos);
        roundNanos = nowNanos;
        rounds++;
        relays = count;
        if (rounds == 1) {
            world.after(0, this::announceTopic);
        }
    }

    private void announceTopic() {
        if (node.isDead()) {
            return;
        }
        node.command(
                now ->
                        node.dht()
                                .rpc()
                                .query(
                                        Walks.announce(
                                                topic,
                                                keyPair,
                                                node.dht().relayAddresses(key()),
                                                0),
                                        this,
                                        now));
        long jitter = (long) (world.random().nextDouble() * TOPIC_JITTER_NANOS);
        world.after(TOPIC_NANOS + jitter, this::announceTopic);
    }

    @Override
    public void answer(Answer answer, long nowNanos) {}

    @Override
    public void finished(QueryResult result, long nowNanos) {
        if (result.cause() == null) {
            topicAnnounced = true;
        } else {
            world.after(SECONDS.toNanos(10), this::announceTopic);
        }
    }

    @Override
    public void connection(PeerStream stream, long nowNanos) {
        node.dht().notice(() -> stream.start(new Echo(stream), world.now()));
    }

    private final class Echo implements Link.Receiver {

        private final PeerStream stream;

        private Echo(PeerStream stream) {
            this.stream = stream;
        }

        @Override
        public void message(Bytes message) {
            stream.write(message, world.now());
        }

        @Override
        public void writable() {}

        @Override
        public void ended() {
            stream.end(world.now());
        }

        @Override
        public void closed(CloseReason reason) {}
    }
}
