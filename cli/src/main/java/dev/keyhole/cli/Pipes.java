package dev.keyhole.cli;

import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.stream.Link;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.function.Consumer;

/** Joins a link to a pair of streams, each direction on a thread of its own. */
final class Pipes {

    private Pipes() {}

    /** Joins a link to standard input and output. */
    static void standard(Link link, Consumer<CloseReason> onEnd) {
        OutputStream out = new FileOutputStream(FileDescriptor.out);
        join(link, System.in, out, () -> {}, onEnd);
    }

    /**
     * Joins a link to two streams.
     *
     * @param onPeerEnd told when everything that the peer sent has been written
     * @param onEnd told last, when the link is closed and what came over it has been written
     */
    static void join(
            Link link,
            InputStream in,
            OutputStream out,
            Runnable onPeerEnd,
            Consumer<CloseReason> onEnd) {
        LinkStreams streams = new LinkStreams(link);
        start("keyhole-send", () -> streams.copyFrom(in), streams);
        start(
                "keyhole-receive",
                () -> {
                    streams.copyTo(out);
                    onPeerEnd.run();
                    onEnd.accept(streams.closed().join());
                },
                streams);
    }

    private static void start(String name, Copy copy, LinkStreams streams) {
        Thread thread =
                new Thread(
                        () -> {
                            try {
                                copy.run();
                            } catch (IOException e) {
                                streams.destroy();
                            }
                        },
                        name);
        thread.setDaemon(true);
        thread.start();
    }

    private interface Copy {
        void run() throws IOException;
    }
}
