package dev.keyhole.dht;

import dev.keyhole.dht.announce.Walks;
import dev.keyhole.dht.holepunch.Timers;
import dev.keyhole.dht.query.Query;
import dev.keyhole.dht.query.QueryResult;
import dev.keyhole.dht.query.QueryResult.CommitOutcome;
import dev.keyhole.dht.query.QuerySpec;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** A key announced under a topic, again and again until this is closed. */
public final class Announcement implements AutoCloseable {

    static final Duration INTERVAL = Duration.ofMinutes(10);
    static final Duration JITTER = Duration.ofMinutes(2);
    static final Duration RETRY = Duration.ofSeconds(10);

    private final Dht dht;
    private final Bytes topic;
    private final KeyPair keyPair;
    private final List<Address> relays;
    private final Random entropy;
    private final Sinks.One<Integer> ready = Sinks.one();
    private final Sinks.Empty<Void> closed = Sinks.empty();
    private volatile boolean closing;
    private boolean suspended;
    private List<Address> closestNodes = List.of();
    private @Nullable List<Address> announced;
    private @Nullable Query query;
    private Timers.@Nullable Timer next;

    Announcement(Dht dht, Bytes topic, KeyPair keyPair, List<Address> relays, Random entropy) {
        this.dht = dht;
        this.topic = topic;
        this.keyPair = keyPair;
        this.relays = List.copyOf(relays);
        this.entropy = entropy;
    }

    /** Announces, with other relays than before after removing what was announced with those. */
    void announce(long nowNanos) {
        if (closing || suspended) {
            return;
        }
        cancelNext();
        List<Address> now = relaysNow();
        // A node of the original ignores another announce of the key for a while, relays and all.
        QuerySpec walk =
                now.equals(announced)
                        ? Walks.announce(topic, keyPair, now, 0)
                        : Walks.announceAfresh(topic, keyPair, now, 0);
        query =
                dht.node()
                        .rpc()
                        .query(
                                walk.withStart(closestNodes),
                                (result, later) -> announced(result, now, later),
                                nowNanos);
    }

    /** The relays of the moment if the key is one this node listens on, else those given. */
    private List<Address> relaysNow() {
        return relays.isEmpty() ? dht.node().relayAddresses(keyPair.publicKey()) : relays;
    }

    private void announced(QueryResult result, List<Address> relaysThen, long nowNanos) {
        query = null;
        if (closing || suspended) {
            return;
        }
        int accepted = (int) result.commits().stream().filter(CommitOutcome::accepted).count();
        long pause = RETRY.toNanos();
        if (accepted > 0) {
            announced = relaysThen;
            closestNodes = result.closestNodes();
            pause = INTERVAL.toNanos() + (long) (entropy.nextDouble() * JITTER.toNanos());
            dht.tell(() -> ready.tryEmitValue(accepted));
        }
        next = dht.node().at(nowNanos + pause, this::announce);
    }

    public Bytes topic() {
        return topic;
    }

    public PublicKey publicKey() {
        return keyPair.publicKey();
    }

    /** How many nodes hold the announcement, once some do. */
    public Mono<Integer> ready() {
        return ready.asMono();
    }

    /** Completes when the announcement is closed and withdrawn. */
    public Mono<Void> closed() {
        return closed.asMono();
    }

    /** Announces no more and withdraws the announcement; {@link #closed} tells when that is done. */
    @Override
    public void close() {
        if (!closing) {
            closing = true;
            dht.command(now -> withdraw(later -> end(), now), this::end);
        }
    }

    /** Withdraws the announcement until it is resumed. */
    void suspend(Timers.Task done, long nowNanos) {
        suspended = true;
        withdraw(done, nowNanos);
    }

    /** Announces again, beginning where it did before. */
    void resume(long nowNanos) {
        suspended = false;
        announced = null;
        announce(nowNanos);
    }

    private void withdraw(Timers.Task done, long nowNanos) {
        cancelNext();
        dht.node().rpc().forget(topic, publicKey());
        if (query != null) {
            query.cancel(nowNanos);
        }
        if (closestNodes.isEmpty()) {
            done.run(nowNanos);
            return;
        }
        QuerySpec walk =
                Walks.unannounce(topic, keyPair)
                        .withStart(closestNodes)
                        .withOnlyStart(true)
                        .asForced();
        dht.node().rpc().query(walk, (result, now) -> done.run(now), nowNanos);
    }

    private void cancelNext() {
        if (next != null) {
            next.cancel();
        }
    }

    /** Tells everybody who waits that this is over. */
    void end() {
        dht.tell(
                () -> {
                    ready.tryEmitError(new DhtException.Closed());
                    closed.tryEmitEmpty();
                });
    }
}
