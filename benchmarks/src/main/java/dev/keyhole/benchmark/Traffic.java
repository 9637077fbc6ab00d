package dev.keyhole.benchmark;

import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.stream.Link;
import dev.keyhole.transport.wire.Bytes;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What goes over one connection. The server greets; the client answers with the kind of work: {@code
 * send} for messages to the server, {@code both SIZE} for messages in both directions, {@code echo}.
 */
final class Traffic implements Link.Receiver {

    static final Bytes GREETING = Bytes.utf8("hello");

    /** What has come in, over all connections of this process. */
    static final class Totals {
        final AtomicLong messages = new AtomicLong();
        final AtomicLong bytes = new AtomicLong();

        private void count(int length) {
            // Only the thread of the loop counts.
            messages.lazySet(messages.getPlain() + 1);
            bytes.lazySet(bytes.getPlain() + length);
        }
    }

    private final Link link;
    private final Totals totals;
    private final boolean server;
    private final Runnable greeted;
    private Bytes outgoing = Bytes.EMPTY;
    private boolean begun;
    private boolean echoes;
    private boolean pings;
    private boolean closed;
    private long received;
    private long pingedNanos;
    private int[] latencies = new int[0];
    private int pongs;

    private Traffic(Link link, Totals totals, boolean server, Runnable greeted) {
        this.link = link;
        this.totals = totals;
        this.server = server;
        this.greeted = greeted;
    }

    static Traffic server(Link link, Totals totals) {
        Traffic traffic = new Traffic(link, totals, true, () -> {});
        link.start(traffic);
        link.write(GREETING);
        return traffic;
    }

    /**
     * The other end.
     *
     * @param greeted told when the server's first message is here
     */
    static Traffic client(Link link, Totals totals, Runnable greeted) {
        Traffic traffic = new Traffic(link, totals, false, greeted);
        link.start(traffic);
        return traffic;
    }

    /** Has the client begin. */
    void begin(String work) {
        link.write(Bytes.utf8(work));
        take(work);
    }

    private void take(String work) {
        String[] words = work.split(" ", -1);
        boolean writes = words[0].equals("both") || words[0].equals("send") && !server;
        if (writes) {
            outgoing = Bytes.random(new Random(1), Integer.parseInt(words[1]));
            writable();
        } else if (words[0].equals("echo")) {
            echoes = server;
            if (!server) {
                pings = true;
                latencies = new int[1 << 20];
                outgoing = Bytes.random(new Random(1), Integer.parseInt(words[1]));
                ping();
            }
        }
    }

    private void ping() {
        pingedNanos = System.nanoTime();
        link.write(outgoing);
    }

    /** Bytes received by this connection alone. */
    long received() {
        return received;
    }

    boolean isClosed() {
        return closed;
    }

    /** How long the echoes took since the last time this was asked. */
    int[] takeLatencies() {
        int[] taken = Arrays.copyOf(latencies, Math.min(pongs, latencies.length));
        pongs = 0;
        return taken;
    }

    @Override
    public void message(Bytes message) {
        if (!begun) {
            begun = true;
            if (server) {
                take(new String(message.toArray(), java.nio.charset.StandardCharsets.UTF_8));
            } else {
                greeted.run();
            }
            return;
        }
        totals.count(message.length());
        received += message.length();
        if (pings) {
            if (pongs < latencies.length) {
                latencies[pongs++] = (int) (System.nanoTime() - pingedNanos);
            }
            ping();
        } else if (echoes) {
            link.write(message);
        }
    }

    @Override
    public void writable() {
        if (pings || outgoing.isEmpty()) {
            return;
        }
        while (!closed && link.write(outgoing)) {
            // until it has enough
        }
    }

    @Override
    public void ended() {
        link.end();
    }

    @Override
    public void closed(CloseReason reason) {
        closed = true;
    }
}
