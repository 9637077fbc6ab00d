package dev.keyhole.cli;

import dev.keyhole.dht.Connection;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.stream.Link;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.function.Supplier;
import reactor.core.publisher.Mono;

/** TCP connections at either end of a link. */
final class TcpForward {

    private static final int CONNECT_MILLIS = 10_000;

    private final String host;
    private final int port;

    private TcpForward(String host, int port) {
        this.host = host;
        this.port = port;
    }

    /** A place to which links are forwarded, {@code host:port}. */
    static TcpForward to(String target) {
        int colon = target.lastIndexOf(':');
        try {
            return new TcpForward(
                    target.substring(0, Math.max(0, colon)),
                    Integer.parseInt(target.substring(colon + 1)));
        } catch (NumberFormatException e) {
            throw new UsageException("--forward " + target + " is not HOST:PORT");
        }
    }

    /** Joins a link to a new TCP connection; without one, the link is closed. */
    void join(Link link) {
        Thread dial =
                new Thread(
                        () -> {
                            try {
                                Socket socket = new Socket();
                                socket.connect(new InetSocketAddress(host, port), CONNECT_MILLIS);
                                pipe(link, socket);
                            } catch (IOException e) {
                                System.err.println(
                                        "keyhole: cannot reach "
                                                + host
                                                + ":"
                                                + port
                                                + ": "
                                                + Failures.text(e));
                                link.loop()
                                        .execute(
                                                () ->
                                                        link.destroy(
                                                                new CloseReason.ByUs(
                                                                        "nothing to forward to")));
                            }
                        },
                        "keyhole-forward");
        dial.setDaemon(true);
        dial.start();
    }

    /**
     * Accepts TCP connections on loopback and joins each to a link of its own.
     *
     * @param wanted 0 takes any free port
     * @return the port
     */
    static int listen(int wanted, Supplier<Mono<Connection>> links, Shutdown shutdown)
            throws IOException {
        ServerSocket server = new ServerSocket(wanted, 50, InetAddress.getLoopbackAddress());
        shutdown.closes(server);
        Thread accept =
                new Thread(
                        () -> {
                            while (!server.isClosed()) {
                                try {
                                    accepted(server.accept(), links.get());
                                } catch (IOException e) {
                                    // Closed, or one connection that did not come about.
                                }
                            }
                        },
                        "keyhole-accept");
        accept.setDaemon(true);
        accept.start();
        return server.getLocalPort();
    }

    private static void accepted(Socket socket, Mono<Connection> link) {
        link.subscribe(
                connection -> {
                    try {
                        pipe(connection, socket);
                    } catch (IOException e) {
                        connection.close();
                    }
                },
                failure -> {
                    System.err.println("keyhole: " + Failures.text(failure));
                    close(socket);
                });
    }

    private static void pipe(Link link, Socket socket) throws IOException {
        socket.setTcpNoDelay(true);
        Pipes.join(
                link,
                socket.getInputStream(),
                socket.getOutputStream(),
                () -> shutdownOutput(socket),
                reason -> close(socket));
    }

    private static void shutdownOutput(Socket socket) {
        try {
            socket.shutdownOutput();
        } catch (IOException e) {
            // It is down already.
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It is closed, as far as we can close it.
        }
    }
}
