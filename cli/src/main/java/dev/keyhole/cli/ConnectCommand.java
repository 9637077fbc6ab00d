package dev.keyhole.cli;

import dev.keyhole.dht.ConnectOptions;
import dev.keyhole.dht.Connection;
import dev.keyhole.dht.Dht;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.stream.CloseReason;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Connects to a listening peer. */
@Command(
        name = "connect",
        description =
                "Connects to a listening peer and joins it to standard input and output; with"
                        + " --forward, makes every connection to a local TCP port one to the peer.",
        footerHeading = "%nExamples:%n",
        footer = {"  keyhole connect KEY > file", "  keyhole connect KEY --forward 2222"})
final class ConnectCommand implements Callable<Integer> {

    @Mixin NetworkOptions network = new NetworkOptions();

    @Mixin RelayOptions relay = new RelayOptions();

    @Parameters(paramLabel = "KEY", description = "The peer's public key.")
    String key = "";

    @Option(
            names = "--forward",
            paramLabel = "PORT",
            description = "A TCP port on loopback whose connections go to the peer.")
    @Nullable Integer forward;

    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    @Override
    public Integer call() throws Exception {
        Output output = Output.standard(json);
        PublicKey peer = NetworkOptions.key(key);
        Identity identity = network.identity(output);
        ConnectOptions options =
                ConnectOptions.defaults()
                        .withKeyPair(identity.keyPair())
                        .withRelayThrough(relay.keys());
        try (Shutdown shutdown = new Shutdown()) {
            Dht dht = network.join(shutdown);
            if (forward != null) {
                int port = TcpForward.listen(forward, () -> dht.connect(peer, options), shutdown);
                output.line("LISTENING 127.0.0.1:" + port, Map.of("port", port));
                shutdown.await();
                return 0;
            }
            Connection connection = dht.connect(peer, options).block();
            if (connection == null) {
                throw new IllegalStateException("no connection");
            }
            output.note("Connected to " + ListenCommand.describe(connection));
            var ended = new CompletableFuture<CloseReason>();
            connection.loop().execute(() -> Pipes.standard(connection, ended::complete));
            return ListenCommand.status(ended.get(), output);
        }
    }
}
