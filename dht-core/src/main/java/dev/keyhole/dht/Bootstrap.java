package dev.keyhole.dht;

import static java.util.concurrent.TimeUnit.SECONDS;
import static java.util.stream.Collectors.toUnmodifiableList;

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
     * Calls back once with what was found: at once if no name has to be looked up, as when there is
     * an address with the name. A name that does not resolve in a few seconds is left out.
     */
    static void resolve(List<BootstrapNode> nodes, Consumer<List<Address>> found) {
        join(
                nodes.stream()
                        .map(
                                node ->
                                        node.address()
                                                .map(Bootstrap::known)
                                                .orElseGet(() -> asked(node)))
                        .collect(toUnmodifiableList()),
                found);
    }

    /** Does the same for nodes whose address was of no use: asks for the names behind it. */
    static void resolveNames(List<BootstrapNode> nodes, Consumer<List<Address>> found) {
        if (nodes.stream().anyMatch(BootstrapNode::hasNameToo)) {
            join(
                    nodes.stream()
                            .map(
                                    node ->
                                            node.hasNameToo()
                                                    ? asked(node)
                                                    : node.address()
                                                            .map(Bootstrap::known)
                                                            .orElseGet(() -> asked(node)))
                            .collect(toUnmodifiableList()),
                    found);
        }
    }

    private static CompletableFuture<List<Address>> known(Address address) {
        return CompletableFuture.completedFuture(List.of(address));
    }

    private static CompletableFuture<List<Address>> asked(BootstrapNode node) {
        return CompletableFuture.supplyAsync(() -> lookUp(node), RESOLVER)
                .completeOnTimeout(List.of(), RESOLVE_LIMIT_SECONDS, SECONDS);
    }

    private static void join(
            List<CompletableFuture<List<Address>>> lookups, Consumer<List<Address>> found) {
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
