package dev.keyhole.cli;

import dev.keyhole.dht.Testnet;
import dev.keyhole.transport.net.Address;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs an isolated network in one process. */
@Command(
        name = "testnet",
        description =
                "Runs an isolated DHT on loopback in one process, until standard input ends or"
                        + " brings the line QUIT.",
        footerHeading = "%nExamples:%n",
        footer = {"  keyhole testnet --nodes 10"})
final class TestnetCommand implements Callable<Integer> {

    @Option(
            names = "--nodes",
            paramLabel = "N",
            defaultValue = "6",
            description = "How many nodes (default: ${DEFAULT-VALUE}).")
    int nodes;

    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    @Override
    public Integer call() throws InterruptedException {
        if (nodes < 1 || nodes > 1000) {
            throw new UsageException("--nodes " + nodes + " is outside 1..1000");
        }
        Output output = Output.standard(json);
        try (Shutdown shutdown = new Shutdown()) {
            Testnet testnet = shutdown.closes(Testnet.start(nodes));
            String all =
                    testnet.addresses().stream()
                            .map(Address::toString)
                            .collect(Collectors.joining(","));
            output.line("NODES " + all, Map.of("nodes", all.split(",")));
            String first = testnet.bootstrap().get(0);
            output.line("BOOTSTRAP " + first, Map.of("bootstrap", first));
            StandardInput.onQuit(shutdown::ask);
            shutdown.await();
        }
        return 0;
    }
}
