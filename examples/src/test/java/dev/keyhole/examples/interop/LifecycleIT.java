package dev.keyhole.examples.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.keyhole.dht.Connection;
import dev.keyhole.dht.Dht;
import dev.keyhole.dht.DhtException;
import dev.keyhole.dht.Firewall;
import dev.keyhole.dht.KeySearch;
import dev.keyhole.dht.ListenConfig;
import dev.keyhole.dht.Listener;
import dev.keyhole.dht.Testnet;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.wire.Bytes;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.util.retry.Retry;

/** Peers of the original that sleep, wake up and share connections, over our network. */
@Timeout(120)
class LifecycleIT {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private static Testnet testnet;

    private final Deque<AutoCloseable> open = new ArrayDeque<>();

    @BeforeAll
    static void startNetwork() {
        Peer.requireNode();
        testnet = Testnet.start(6);
    }

    @AfterAll
    static void stopNetwork() {
        if (testnet != null) {
            testnet.close();
        }
    }

    @AfterEach
    void close() throws Exception {
        while (!open.isEmpty()) {
            open.pop().close();
        }
    }

    @Test
    void aServerThatSleepsIsNotFoundUntilItWakesUp() {
        Peer server = original("sleeper", "--seed", "41".repeat(32));
        PublicKey key = PublicKey.ofHex(server.await("PUBKEY"));
        Dht client = node();
        client.connect(key).block(LIMIT).close();

        server.send("SUSPEND");
        server.await("SUSPENDED");
        assertThatThrownBy(() -> client.connect(key).block(LIMIT))
                .isInstanceOf(DhtException.PeerNotFound.class);

        server.send("RESUME");
        server.await("RESUMED");
        Connection again =
                client.connect(key)
                        .retryWhen(Retry.fixedDelay(100, Duration.ofMillis(100)))
                        .block(LIMIT);
        assertThat(again.remotePublicKey()).isEqualTo(key);
        again.close();
    }

    @Test
    void theOriginalFindsUsAgainAfterWeHaveSlept() {
        Dht server = node();
        Listener listener =
                server.listen(
                        KeyPair.random(new SecureRandom()),
                        ListenConfig.of(Firewall.open()),
                        connection -> connection.write(Bytes.of(1)));
        listener.ready().block(LIMIT);

        server.suspend().block(LIMIT);
        Peer early = echoClient(listener);
        assertThat(early.await("ERR")).startsWith("PEER_NOT_FOUND");

        server.resume().block(LIMIT);
        PublicKey found =
                node().findPeer(listener.publicKey())
                        .filter(search -> !search.holders().isEmpty())
                        .repeatWhenEmpty(tries -> tries.delayElements(Duration.ofMillis(100)))
                        .map(KeySearch::publicKey)
                        .block(LIMIT);
        assertThat(found).isEqualTo(listener.publicKey());
        Peer late = echoClient(listener);
        late.await("OPEN");
    }

    @Test
    void aPoolOfTheOriginalKeepsOneConnectionToUs() {
        AtomicInteger connections = new AtomicInteger();
        Listener listener =
                node().listen(
                                KeyPair.random(new SecureRandom()),
                                ListenConfig.of(Firewall.open()),
                                connection -> {
                                    connections.incrementAndGet();
                                    connection.write(Bytes.of(1));
                                });
        listener.ready().block(LIMIT);

        Peer client = original("pool", "--connect", listener.publicKey());

        assertThat(client.await("POOLED")).isEqualTo("true");
        assertThat(client.status()).isZero();
        assertThat(connections).hasValue(1);
    }

    private Peer echoClient(Listener listener) {
        Peer client =
                Peer.original(
                        "echo-client.mjs",
                        "--bootstrap",
                        testnet.bootstrap().get(0),
                        "--connect",
                        listener.publicKey());
        open.push(client);
        return client;
    }

    private Dht node() {
        Dht node = Dht.bind(testnet.config());
        open.push(node);
        return node;
    }

    private Peer original(String command, Object... options) {
        Object[] line = new Object[options.length + 3];
        line[0] = command;
        line[1] = "--bootstrap";
        line[2] = testnet.bootstrap().get(0);
        System.arraycopy(options, 0, line, 3, options.length);
        Peer peer = Peer.original("dht-peer.mjs", line);
        open.push(peer);
        return peer;
    }
}
