package dev.keyhole.dht;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.keyhole.dht.FoundPeers.Peer;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import java.net.DatagramSocket;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** A node that leaves the network for a while, as a phone does, and comes back. */
class SuspendTest {

    private static final Duration SOON = Duration.ofSeconds(20);
    private static final Bytes TOPIC = Bytes.random(new Random(5), 32);

    private final Testnet testnet = Testnet.start(4);
    private final Dht phone = Dht.bind(testnet.config());
    private final Dht other = Dht.bind(testnet.config());
    private final KeyPair key = KeyPair.random(new SecureRandom());
    private final BlockingQueue<Connection> accepted = new LinkedBlockingQueue<>();

    @AfterEach
    void close() {
        phone.close();
        other.close();
        testnet.close();
    }

    @Test
    void suspendEndsPendingRequestsAndResumeRebindsTheSamePorts() throws Exception {
        Listener listener = phone.listen(key, ListenConfig.of(Firewall.open()), accepted::add);
        listener.ready().block(SOON);
        phone.announce(TOPIC, key).ready().block(SOON);
        Connection before = other.connect(key.publicKey()).block(SOON);
        List<Address> addresses = phone.addresses();
        KeyPair silent = KeyPair.random(new SecureRandom());
        other.listen(silent, ListenConfig.of(Firewall.allow()), c -> {}).ready().block(SOON);
        Mono<Connection> pending = phone.connect(silent.publicKey()).cache();
        pending.subscribe(null, failure -> {});

        phone.suspend().block(SOON);

        assertThatThrownBy(() -> pending.block(SOON)).isInstanceOf(DhtException.Suspended.class);
        assertThatThrownBy(() -> phone.connect(silent.publicKey()).block(SOON))
                .isInstanceOf(DhtException.Suspended.class)
                .extracting(failure -> ((DhtException) failure).code())
                .isEqualTo("SUSPENDED");
        assertThatThrownBy(() -> phone.lookup(TOPIC).blockLast(SOON))
                .isInstanceOf(DhtException.Suspended.class);
        assertThat(before.closed().block(SOON)).isNotNull();
        assertThat(accepted.take().closed().block(SOON)).isNotNull();
        try (Dht stranger = Dht.bind(testnet.config())) {
            assertThatThrownBy(() -> stranger.connect(key.publicKey()).block(SOON))
                    .isInstanceOf(DhtException.PeerNotFound.class);
        }
        assertThat(found()).isEmpty();
        for (Address address : addresses) {
            new DatagramSocket(address.toSocketAddress()).close();
        }

        phone.resume().block(SOON);

        assertThat(phone.addresses()).isEqualTo(addresses);
        Connection after = connectWhenBack();
        assertThat(after.remotePublicKey()).isEqualTo(key.publicKey());
        for (int i = 0; i < 50 && found().isEmpty(); i++) {
            Mono.delay(Duration.ofMillis(50)).block();
        }
        assertThat(found()).containsOnly(key.publicKey());
    }

    @Test
    void suspendAndResumeMayBeAskedForInAnyOrder() {
        Mono<Void> first = phone.suspend().cache();
        Mono<Void> second = phone.resume().cache();
        Mono<Void> third = phone.suspend().cache();
        Mono<Void> fourth = phone.resume().cache();

        for (Mono<Void> one : List.of(first, second, third, fourth)) {
            one.subscribe();
        }
        Mono.when(first, second, third, fourth).block(SOON);

        assertThat(phone.resume().block(SOON)).isNull();
        assertThat(phone.lookup(TOPIC).collectList().block(SOON)).isEmpty();
    }

    @Test
    void whatIsBegunWhileSuspendedComesWithTheResume() {
        phone.suspend().block(SOON);
        Listener listener = phone.listen(key, ListenConfig.of(Firewall.open()), accepted::add);
        Announcement announcement = phone.announce(TOPIC, key);

        phone.resume().block(SOON);

        listener.ready().block(SOON);
        assertThat(announcement.ready().block(SOON)).isPositive();
        assertThat(other.connect(key.publicKey()).block(SOON)).isNotNull();
    }

    @Test
    void aSuspendedNodeCloses() {
        Listener listener = phone.listen(key, ListenConfig.of(Firewall.open()), accepted::add);
        listener.ready().block(SOON);
        phone.suspend().block(SOON);

        phone.close();

        assertThat(listener.closed().block(SOON)).isNull();
        assertThatThrownBy(() -> phone.resume().block(SOON))
                .isInstanceOf(DhtException.Closed.class);
    }

    private Connection connectWhenBack() {
        return Mono.defer(() -> other.connect(key.publicKey()))
                .retryWhen(
                        reactor.util.retry.Retry.fixedDelay(20, Duration.ofMillis(100))
                                .filter(DhtException.PeerNotFound.class::isInstance))
                .block(SOON);
    }

    private List<PublicKey> found() {
        return other.lookup(TOPIC)
                .flatMapIterable(FoundPeers::peers)
                .map(Peer::publicKey)
                .distinct()
                .collectList()
                .block(SOON);
    }
}
