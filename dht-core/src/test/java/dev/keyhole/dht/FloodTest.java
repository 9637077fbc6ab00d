package dev.keyhole.dht;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.connect.Flood;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** A flood over real sockets, from a thousand addresses of the loopback network. */
class FloodTest {

    private static final int SOURCES = 1000;
    private static final int DATAGRAMS = 200_000;
    private static final int PER_BURST = 20;
    private static final long BURST_NANOS = 600_000;
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final long HEAP_GROWTH_BYTES = 64L << 20;

    @Test
    void aNodeUnderAFloodKeepsItsMemoryAndServesAnHonestPeer() throws Exception {
        try (Testnet testnet = Testnet.start(4);
                Dht victim =
                        Dht.bind(
                                DhtConfig.of(testnet.bootstrap())
                                        .withPort(0)
                                        .withEphemeral(false)
                                        .withFirewalled(false));
                Dht honest = Dht.bind(testnet.config());
                Sources sources = new Sources()) {
            KeyPair key = KeyPair.random(new SecureRandom());
            ListenConfig config = ListenConfig.of(Firewall.open()).withShareLocalAddress(false);
            victim.listen(key, config, connection -> {}).ready().block(LIMIT);
            Flood flood = new Flood(11, victim.address(), key.publicKey());
            int nodes = victim.statistics().block(LIMIT).rpc().nodes();
            long before = heapBytes();
            AtomicBoolean over = new AtomicBoolean();
            CompletableFuture<Void> flooding =
                    CompletableFuture.runAsync(() -> sources.pour(flood, victim.address()))
                            .whenComplete((done, failure) -> over.set(true));

            List<Duration> waits = new ArrayList<>();
            while (!over.get() || waits.isEmpty()) {
                long begun = System.nanoTime();
                honest.connect(key.publicKey()).block(LIMIT).close(Duration.ZERO);
                waits.add(Duration.ofNanos(System.nanoTime() - begun));
                LockSupport.parkNanos(50_000_000);
            }
            flooding.join();

            DhtStatistics after = victim.statistics().block(LIMIT);
            assertThat(heapBytes() - before).isLessThan(HEAP_GROWTH_BYTES);
            assertThat(waits).allSatisfy(wait -> assertThat(wait).isLessThan(LIMIT));
            assertThat(after.rpc().nodes()).as("nobody forged is in").isLessThan(nodes + 4);
            assertThat(after.openStreams()).isLessThan(512);
            assertThat(after.rpc().activeRequests()).isLessThan(100);
            assertThat(after.rpc().refused().malformed()).isPositive();
            assertThat(after.rpc().refused().strayReplies()).isPositive();
            assertThat(after.served().handshakes()).isPositive();
            assertThat(victim.lookup(Bytes.random(new SecureRandom(), 32)).count().block(LIMIT))
                    .as("still a node")
                    .isNotNull();
        }
    }

    private static long heapBytes() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    /** Sockets at addresses of their own. */
    private static final class Sources implements AutoCloseable {

        private final List<DatagramChannel> channels = new ArrayList<>();
        private final List<Address> addresses = new ArrayList<>();
        private final ByteBuffer buffer = ByteBuffer.allocateDirect(2048);

        private Sources() throws IOException {
            for (int i = 0; i < SOURCES; i++) {
                DatagramChannel channel = DatagramChannel.open();
                channels.add(channel);
                channel.configureBlocking(false);
                String host = "127.0." + (1 + i / 250) + "." + (1 + i % 250);
                channel.bind(new InetSocketAddress(host, 0));
                addresses.add(Address.of((InetSocketAddress) channel.getLocalAddress()));
            }
        }

        /** Sends the whole flood at an even pace, and lets it learn from what comes back. */
        private void pour(Flood flood, Address victim) {
            InetSocketAddress to = victim.toSocketAddress();
            long next = System.nanoTime();
            try {
                for (int sent = 0; sent < DATAGRAMS; sent++) {
                    int source = sent * 7 % SOURCES;
                    DatagramChannel channel = channels.get(source);
                    buffer.clear();
                    while (channel.receive(buffer) != null) {
                        buffer.flip();
                        flood.learn(addresses.get(source), Bytes.copyOf(buffer));
                        buffer.clear();
                    }
                    buffer.clear();
                    flood.next(addresses.get(source)).copyTo(buffer);
                    buffer.flip();
                    if (buffer.hasRemaining()) {
                        channel.send(buffer, to);
                    }
                    if (sent % PER_BURST == 0) {
                        next += BURST_NANOS;
                        LockSupport.parkNanos(next - System.nanoTime());
                    }
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public void close() throws IOException {
            for (DatagramChannel channel : channels) {
                channel.close();
            }
        }
    }
}
