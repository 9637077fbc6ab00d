package dev.keyhole.dht;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.transport.net.Address;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** Finds the addresses of bootstrap nodes, off the loop's thread since names may take long. */
final class Bootstrap {

    private static final int RESOLVE_LIMIT_SECONDS = 5;

    private static final Executor RESOLVER =
            task -> {
                Thread thread = new Thread(task, "keyhole-names");
                thread.setDaemon(true);
                thread.start();
            };

    private Bootstrap() {}

    /**
     * Calls back once with what was found: at once if no name has to be looked up. A name that does
     * not resolve in a few seconds is left out.
     */
    static void resolve(List<BootstrapNode> nodes, Consumer<List<Address>> found) {
        List<CompletableFuture<List<Address>>> lookups = new ArrayList<>();
        for (BootstrapNode node : nodes) {
            lookups.add(
                    node.address()
                            .map(address -> CompletableFuture.completedFuture(List.of(address)))
                            .orElseGet(
                                    () ->
                                            CompletableFuture.supplyAsync(
                                                            () -> lookUp(node), RESOLVER)
                                                    .completeOnTimeout(
                                                            List.of(),
                                                            RESOLVE_LIMIT_SECONDS,
                                                            SECONDS)));
        }
        CompletableFuture.allOf(lookups.toArray(CompletableFuture<?>[]::new))
                .thenRun(
                        () -> {
                            List<Address> addresses = new ArrayList<>();
                            lookups.forEach(lookup -> addresses.addAll(lookup.join()));
                            found.accept(addresses);
                        });
    }

    private static List<Address> lookUp(BootstrapNode node) {
        try {
            for (InetAddress address : InetAddress.getAllByName(node.host())) {
                if (address instanceof Inet4Address) {
                    return List.of(Address.of(new InetSocketAddress(address, node.port())));
                }
            }
            return List.of();
        } catch (UnknownHostException e) {
            return List.of();
        }
    }
}
