package dev.keyhole.cli;

import dev.keyhole.dht.Dht;
import dev.keyhole.dht.Relay;
import dev.keyhole.dht.RelayConfig;
import dev.keyhole.dht.relay.RelayStatistics;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Relays for peers that cannot reach each other. */
@Command(
        name = "relay",
        description =
                "Forwards connections between peers that cannot reach each other, without being"
                        + " able to read them, until it is interrupted.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  keyhole relay --open --identity relay.seed",
            "  keyhole relay --allow KEY,KEY --port 49737"
        })
final class RelayCommand implements Callable<Integer> {

    private static final Duration STATISTICS_LIMIT = Duration.ofSeconds(1);

    @Mixin NetworkOptions network = new NetworkOptions();

    @Mixin AccessOptions access = new AccessOptions();

    @Option(
            names = "--rate",
            paramLabel = "BYTES",
            description =
                    "Bytes a second that are forwarded for one key (default: ${DEFAULT-VALUE}).",
            defaultValue = "134217728")
    long bytesPerSecond;

    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    @Override
    public Integer call() throws InterruptedException {
        if (bytesPerSecond < 1) {
            throw new UsageException("--rate is " + bytesPerSecond + ", and has to be above 0");
        }
        Output output = Output.standard(json);
        RelayConfig config = RelayConfig.of(access.firewall(output));
        config = config.withLimits(config.limits().withBytesPerSecond(bytesPerSecond));
        Identity identity = network.identity(output);
        try (Shutdown shutdown = new Shutdown()) {
            Dht dht = network.join(shutdown);
            Relay relay = dht.serveRelay(identity.keyPair(), config);
            relay.ready().block();
            String key = relay.publicKey().toHex();
            output.line("Relay public key: " + key, Map.of("publicKey", key));
            shutdown.closes(() -> tell(relay, output));
            shutdown.await();
        }
        return 0;
    }

    private static void tell(Relay relay, Output output) {
        RelayStatistics done = relay.statistics().block(STATISTICS_LIMIT);
        if (done != null) {
            output.note(
                    "Relayed "
                            + done.paired()
                            + " connections, "
                            + done.bytes()
                            + " bytes in "
                            + done.datagrams()
                            + " datagrams; "
                            + done.dropped()
                            + " datagrams dropped above the rate, "
                            + done.expired()
                            + " pairings nobody came for, "
                            + done.refused()
                            + " refused.");
        }
    }
}
