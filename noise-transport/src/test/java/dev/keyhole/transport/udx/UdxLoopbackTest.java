package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.netty.UdpLoop;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.wire.Bytes;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Streams over real sockets. */
class UdxLoopbackTest {

    private static final int BYTES = 4_000_000;

    @Test
    void packetsGrowToTheLargestOnAPathThatTakesThem() throws Exception {
        try (UdpLoop loopA = UdpLoop.open("udx-a");
                UdpLoop loopB = UdpLoop.open("udx-b")) {
            LocalSocket socketA = loopA.bind(Address.loopback(0));
            LocalSocket socketB = loopB.bind(Address.loopback(0));
            assumeThat(socketA.mtu()).isEqualTo(1500);
            End a = new End();
            End b = new End();
            loopA.start(a, failure -> a.closed.completeExceptionally(failure));
            loopB.start(b, failure -> b.closed.completeExceptionally(failure));

            Bytes data = Bytes.random(new Random(1), BYTES);
            loopB.command(
                    now -> {
                        b.stream.connect(socketB, socketA.local(), a.stream.localId(), now);
                        b.stream.end(now);
                    });
            loopA.command(
                    now -> {
                        a.stream.connect(socketA, socketB.local(), b.stream.localId(), now);
                        a.stream.write(data, now);
                        a.stream.end(now);
                    });

            assertThat(a.closed.get(10, SECONDS)).isEqualTo(new CloseReason.Ended());
            assertThat(b.closed.get(10, SECONDS)).isEqualTo(new CloseReason.Ended());
            assertThat(b.received.get()).isEqualTo(BYTES);
            assertThat(b.largest.get()).isEqualTo(1472);
        }
    }

    /** A stream that keeps what comes. */
    private static final class End extends UdxMachine implements UdxStream.Listener {

        private final UdxStream stream = streams.open(this);
        private final CompletableFuture<CloseReason> closed = new CompletableFuture<>();
        private final AtomicInteger largest = new AtomicInteger();
        private final AtomicInteger received = new AtomicInteger();

        private End() {
            super(new Random());
        }

        @Override
        public void receive(Datagram datagram, long now) {
            largest.accumulateAndGet(datagram.payload().length(), Math::max);
            super.receive(datagram, now);
        }

        @Override
        public void data(Bytes data, long now) {
            received.addAndGet(data.length());
            stream.consumed(data.length(), now);
        }

        @Override
        public void ended(long now) {}

        @Override
        public void closed(CloseReason reason, long now) {
            closed.complete(reason);
        }
    }
}
