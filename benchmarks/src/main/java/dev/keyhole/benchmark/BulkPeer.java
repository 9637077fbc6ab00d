package dev.keyhole.benchmark;

import dev.keyhole.transport.noise.HandshakeException;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.stream.Link;
import dev.keyhole.transport.wire.Bytes;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.BindException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.CountDownLatch;

/**
 * One end of a transfer, in a process of its own: {@code send|receive WARM_UP_BYTES BYTES
 * MESSAGE_BYTES}.
 *
 * <p>Prints the port and the stream id it can be reached at, and reads those of the other end. Once
 * everything has moved it prints how many nanoseconds that took after the warm-up, and how much
 * processor time. The keys are no secret.
 */
final class BulkPeer implements Link.Receiver {

    private final boolean sending;
    private final long warmUp;
    private final long total;
    private final Bytes message;
    private final WireEnd end;
    private final CountDownLatch done = new CountDownLatch(1);
    private long moved;
    private long firstNanos;
    private long processorAtFirst;
    private long lastNanos;

    private BulkPeer(boolean sending, long warmUp, long bytes, int messageBytes)
            throws BindException, HandshakeException {
        this.sending = sending;
        this.warmUp = warmUp;
        this.total = warmUp + bytes;
        this.message = Bytes.random(new Random(1), messageBytes);
        this.end = new WireEnd(sending);
    }

    public static void main(String[] args) throws Exception {
        boolean sending = args[0].equals("send");
        BulkPeer peer =
                new BulkPeer(
                        sending,
                        Long.parseLong(args[1]),
                        Long.parseLong(args[2]),
                        Integer.parseInt(args[3]));
        System.out.println(peer.end.port() + " " + Integer.toUnsignedString(peer.end.id()));
        BufferedReader in =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        String[] other = String.valueOf(in.readLine()).split(" ");
        peer.begin(Integer.parseInt(other[0]), Integer.parseUnsignedInt(other[1]));
        peer.done.await();
        long processor = Bulk.processorNanos() - peer.processorAtFirst;
        System.out.println((peer.lastNanos - peer.firstNanos) + " " + processor);
        in.readLine(); // the other end may still need our acks
        System.exit(0);
    }

    private void begin(int port, int remoteId) {
        end.start(this);
        end.join(port, remoteId);
        if (sending) {
            end.loop().execute(this::writable);
        }
    }

    @Override
    public void message(Bytes bytes) {
        if (sending) {
            lastNanos = System.nanoTime();
            done.countDown();
            return;
        }
        moved(bytes.length());
        if (moved >= total) {
            lastNanos = System.nanoTime();
            end.write(Bytes.utf8("all here"));
            done.countDown();
        }
    }

    private void moved(int bytes) {
        moved += bytes;
        if (firstNanos == 0 && moved >= warmUp) {
            firstNanos = System.nanoTime();
            processorAtFirst = Bulk.processorNanos();
        }
    }

    @Override
    public void ended() {}

    @Override
    public void writable() {
        while (moved < total) {
            moved(message.length());
            if (!end.write(message)) {
                return;
            }
        }
    }

    @Override
    public void closed(CloseReason reason) {
        System.err.println(reason.text());
        System.exit(1);
    }
}
