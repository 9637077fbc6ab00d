package dev.keyhole.cli;

import dev.keyhole.dht.Connection;
import dev.keyhole.dht.Dht;
import dev.keyhole.dht.Firewall;
import dev.keyhole.dht.ListenConfig;
import dev.keyhole.dht.Listener;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.stream.CloseReason;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Waits for a peer, and joins it to standard input and output, or to a TCP port. */
@Command(
        name = "listen",
        description =
                "Waits for one peer and joins it to standard input and output; with --forward,"
                        + " joins every peer to a TCP port of this network.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  keyhole listen --allow KEY < file",
            "  keyhole listen --open --forward localhost:22"
        })
final class ListenCommand implements Callable<Integer> {

    @Mixin NetworkOptions network = new NetworkOptions();

    @Mixin RelayOptions relay = new RelayOptions();

    @Mixin AccessOptions access = new AccessOptions();

    @Option(
            names = "--forward",
            paramLabel = "HOST:PORT",
            description = "A TCP port to which every connection is forwarded.")
    @Nullable String forward;

    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    @Override
    public Integer call() throws Exception {
        Output output = Output.standard(json);
        Firewall firewall = access.firewall(output);
        TcpForward target = forward == null ? null : TcpForward.to(forward);
        Identity identity = network.identity(output);
        try (Shutdown shutdown = new Shutdown()) {
            Dht dht = network.join(shutdown);
            var once = new AtomicBoolean();
            List<Integer> status = new ArrayList<>();
            Listener listener =
                    dht.listen(
                            identity.keyPair(),
                            ListenConfig.of(firewall).withRelayThrough(relay.keys()),
                            connection -> {
                                if (target != null) {
                                    target.join(connection);
                                } else if (once.compareAndSet(false, true)) {
                                    Pipes.standard(
                                            connection,
                                            reason -> {
                                                status.add(ended(reason, output));
                                                shutdown.ask();
                                            });
                                } else {
                                    connection.destroy(
                                            new CloseReason.ByUs("another peer was first"));
                                }
                            });
            listener.ready().block();
            PublicKey key = listener.publicKey();
            String line = "PUBKEY " + key;
            if (target != null || json) {
                output.line(line, Map.of("publicKey", key.toHex()));
            } else {
                output.note(line);
            }
            shutdown.await();
            return status.isEmpty() ? 0 : status.get(0);
        }
    }

    private static int ended(CloseReason reason, Output output) {
        if (reason instanceof CloseReason.Ended || reason instanceof CloseReason.ByUs) {
            return 0;
        }
        output.note("keyhole: " + reason.text());
        return Keyhole.FAILED;
    }

    /** For connections that are made rather than waited for. */
    static int status(CloseReason reason, Output output) {
        return ended(reason, output);
    }

    static String describe(Connection connection) {
        return connection.remotePublicKey() + " at " + connection.remoteAddress();
    }
}
