package dev.keyhole.cli;

import dev.keyhole.dht.ConnectOptions;
import dev.keyhole.dht.Connection;
import dev.keyhole.dht.Dht;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Asks a provider for a sign of life. */
@Command(
        name = "ping",
        description = "Connects to a provider, asks for a sign of life, and closes.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  keyhole ping d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737"
        })
final class PingCommand implements Callable<Integer> {

    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(60);

    @Mixin NetworkOptions network = new NetworkOptions();

    @Mixin RelayOptions relay = new RelayOptions();

    @Parameters(paramLabel = "KEY", description = "The provider's public key.")
    String key = "";

    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    @Override
    public Integer call() {
        Output output = Output.standard(json);
        ConnectOptions options =
                ConnectOptions.defaults()
                        .withKeyPair(network.identity(output).keyPair())
                        .withRelayThrough(relay.keys())
                        .withTimeout(CONNECT_LIMIT);
        try (Shutdown shutdown = new Shutdown()) {
            Dht dht = network.join(shutdown);
            Connection connection = dht.connect(NetworkOptions.key(key), options).block();
            if (connection == null) {
                throw new IllegalStateException("no connection");
            }
            double millis = Heartbeat.ask(connection);
            String path = connection.path().name().toLowerCase(Locale.ROOT);
            output.line(
                    String.format(Locale.ROOT, "PONG %.1f %s", millis, path),
                    Map.<String, Object>of("milliseconds", millis, "path", path));
        }
        return 0;
    }
}
