package dev.keyhole.cli;

import dev.keyhole.dht.Dht;
import dev.keyhole.dht.DhtConfig;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs the first node of a network of one's own. */
@Command(
        name = "bootstrap",
        description = "Runs a first node for a network of one's own, until it is interrupted.",
        footerHeading = "%nExamples:%n",
        footer = {"  keyhole bootstrap --port 49737 --host 192.0.2.7"})
final class BootstrapCommand implements Callable<Integer> {

    @Option(
            names = "--port",
            required = true,
            paramLabel = "PORT",
            description = "UDP port to bind to.")
    int port;

    @Option(
            names = "--host",
            paramLabel = "HOST",
            defaultValue = "0.0.0.0",
            description =
                    "Address at which others reach this node; bound to (default: all addresses).")
    String host = "0.0.0.0";

    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    @Override
    public Integer call() throws InterruptedException {
        try (Shutdown shutdown = new Shutdown()) {
            Dht dht = shutdown.closes(Dht.bind(DhtConfig.bootstrapper(host, port)));
            dht.bootstrapped().block();
            Output.standard(json)
                    .line(
                            "BOOTSTRAP " + dht.address(),
                            Map.of("bootstrap", dht.address().toString()));
            shutdown.await();
        }
        return 0;
    }
}
