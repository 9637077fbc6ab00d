package dev.keyhole.dht;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.identity.KeyPair;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** Two nodes that hold at most one connection with each other. */
class ConnectionPoolTest {

    private static final Duration LIMIT = Duration.ofSeconds(20);

    private static Testnet testnet;

    private final KeyPair keyA = KeyPair.random(new SecureRandom());
    private final KeyPair keyB = KeyPair.random(new SecureRandom());
    private final BlockingQueue<Connection> acceptedByA = new LinkedBlockingQueue<>();
    private final BlockingQueue<Connection> acceptedByB = new LinkedBlockingQueue<>();
    private Dht a;
    private Dht b;

    @BeforeAll
    static void startNetwork() {
        testnet = Testnet.start(4);
    }

    @AfterAll
    static void stopNetwork() {
        testnet.close();
    }

    @BeforeEach
    void bind() {
        a = Dht.bind(testnet.config());
        b = Dht.bind(testnet.config());
    }

    @AfterEach
    void close() {
        a.close();
        b.close();
    }

    @Test
    void whoeverConnectsAgainGetsTheConnectionThatIsThere() {
        serve(b, keyB, acceptedByB);
        ConnectionPool pool = a.pool();

        Connection[] both =
                Mono.zip(dial(pool, keyB), dial(pool, keyB))
                        .map(pair -> new Connection[] {pair.getT1(), pair.getT2()})
                        .block(LIMIT);
        Connection third = dial(pool, keyB).block(LIMIT);

        assertThat(both[0]).isSameAs(both[1]).isSameAs(third);
        assertThat(pool.connections()).containsExactly(third);
    }

    @Test
    void crossingConnectionsOfOnePairEndAsOne() throws InterruptedException {
        serve(a, keyA, acceptedByA);
        serve(b, keyB, acceptedByB);
        Connection atA = a.connect(keyB.publicKey(), as(keyA)).block(LIMIT);
        Connection sameAtB = take(acceptedByB);
        Connection atB = b.connect(keyA.publicKey(), as(keyB)).block(LIMIT);
        Connection sameAtA = take(acceptedByA);
        ConnectionPool poolA = a.pool();
        ConnectionPool poolB = b.pool();

        Connection keptByA = admit(poolA, atA, sameAtA);
        Connection keptByB = admit(poolB, atB, sameAtB);

        assertThat(keptByA.isInitiator()).isNotEqualTo(keptByB.isInitiator());
        assertThat(poolA.connections()).containsExactly(keptByA);
        assertThat(poolB.connections()).containsExactly(keptByB);
        Connection lostByA = keptByA == atA ? sameAtA : atA;
        assertThat(lostByA.closed().block(LIMIT)).isNotNull();
        assertThat(keptByA.isOpen()).isTrue();
    }

    @Test
    void theSecondOfTwoInOneDirectionStays() throws InterruptedException {
        serve(b, keyB, acceptedByB);
        Connection first = a.connect(keyB.publicKey(), as(keyA)).block(LIMIT);
        Connection second = a.connect(keyB.publicKey(), as(keyA)).block(LIMIT);

        Connection kept = admit(a.pool(), first, second);

        assertThat(kept).isSameAs(second);
        assertThat(first.isOpen()).isFalse();
    }

    @Test
    void poolNeverHandsOutAClosingConnection() {
        serve(b, keyB, acceptedByB);
        ConnectionPool pool = a.pool();
        Connection first = dial(pool, keyB).block(LIMIT);

        first.close();

        assertThat(pool.with(keyB.publicKey())).isEmpty();
        assertThat(pool.connections()).isEmpty();
        Connection next = dial(pool, keyB).block(LIMIT);
        assertThat(next).isNotSameAs(first);
        assertThat(pool.with(keyB.publicKey())).contains(next);
    }

    @Test
    void whatIsAcceptedIsThereForThoseWhoConnect() throws InterruptedException {
        ConnectionPool pool = b.pool();
        pool.listen(keyB, ListenConfig.of(Firewall.open()), acceptedByB::add).ready().block(LIMIT);
        a.connect(keyB.publicKey(), as(keyA)).block(LIMIT);
        Connection accepted = take(acceptedByB);

        assertThat(dial(pool, keyA).block(LIMIT)).isSameAs(accepted);
    }

    private static void serve(Dht dht, KeyPair keyPair, BlockingQueue<Connection> accepted) {
        dht.listen(keyPair, ListenConfig.of(Firewall.open()), accepted::add).ready().block(LIMIT);
    }

    private static ConnectOptions as(KeyPair keyPair) {
        return ConnectOptions.defaults().withKeyPair(keyPair);
    }

    private static Mono<Connection> dial(ConnectionPool pool, KeyPair remote) {
        return pool.connect(remote.publicKey(), ConnectOptions.defaults());
    }

    /** Has a pool take in two connections with the same peer, and choose. */
    private static Connection admit(ConnectionPool pool, Connection first, Connection second) {
        Mono<Connection> one =
                Mono.create(sink -> first.loop().execute(() -> pool.admit(first, sink::success)));
        Mono<Connection> two =
                Mono.create(sink -> second.loop().execute(() -> pool.admit(second, sink::success)));
        return one.then(two).block(LIMIT);
    }

    private static Connection take(BlockingQueue<Connection> accepted) throws InterruptedException {
        Connection connection = accepted.poll(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        assertThat(connection).isNotNull();
        return connection;
    }
}
