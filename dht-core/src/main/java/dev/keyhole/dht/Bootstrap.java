package dev.keyhole.dht;

import static java.util.concurrent.TimeUnit.MINUTES;
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

/**
 * The addresses of bootstrap nodes: asked for all at once, off the loop's thread since names may
 * take long, and not again for a while.
 *
 * <p>Where an address comes with a name it is believed until nobody answers; then the name counts.
 * All but the look-ups themselves happens on the loop's thread.
 */
final class Bootstrap {

    /** How long addresses that names gave are good. */
    static final long GOOD_NANOS = MINUTES.toNanos(10);

    /** How long to wait before names are asked again that gave nothing, at first and at most. */
    static final long MIN_RETRY_NANOS = SECONDS.toNanos(5);

    static final long MAX_RETRY_NANOS = MINUTES.toNanos(2);

    private static final int RESOLVE_LIMIT_SECONDS = 5;

    private final List<BootstrapNode> nodes;
    private final Names names;
    private final Consumer<List<Address>> listener;
    private boolean namesCount;
    private boolean resolving;
    private boolean resolved;
    private long retryNanos = MIN_RETRY_NANOS;
    private long dueNanos;

    /** Asks for the address of a node by its name; gives none if there is none. */
    @FunctionalInterface
    interface Names {
        CompletableFuture<List<Address>> lookUp(BootstrapNode node);
    }

    /**
     * Resolves nothing yet.
     *
     * @param listener gets the addresses, on any thread, and has them {@link #found} on the loop's
     */
    Bootstrap(List<BootstrapNode> nodes, Names names, Consumer<List<Address>> listener) {
        this.nodes = nodes;
        this.names = names;
        this.listener = listener;
    }

    /** Asks the system, each name on a thread of its own. */
    static Names system() {
        Executor resolver =
                task -> {
                    Thread thread = new Thread(task, "keyhole-names");
                    thread.setDaemon(true);
                    thread.start();
                };
        return node ->
                CompletableFuture.supplyAsync(() -> lookUp(node), resolver)
                        .completeOnTimeout(List.of(), RESOLVE_LIMIT_SECONDS, SECONDS);
    }

    /** Asks, unless it has done so lately: at once if no name has to be looked up. */
    void wanted(long nowNanos) {
        if (!resolving && (!resolved || nowNanos >= dueNanos)) {
            resolve();
        }
    }

    /** Takes in that nobody answered at the addresses that came with the names. */
    void nobodyAnswered() {
        if (!namesCount && nodes.stream().anyMatch(BootstrapNode::hasNameToo)) {
            namesCount = true;
            resolve();
        }
    }

    /** Takes in what was found. */
    void found(List<Address> addresses, long nowNanos) {
        resolving = false;
        resolved = true;
        boolean nothing = addresses.isEmpty() && !nodes.isEmpty();
        dueNanos = nowNanos + (nothing ? retryNanos : GOOD_NANOS);
        retryNanos = nothing ? Math.min(2 * retryNanos, MAX_RETRY_NANOS) : MIN_RETRY_NANOS;
    }

    private void resolve() {
        resolving = true;
        List<CompletableFuture<List<Address>>> lookups =
                nodes.stream().map(this::addressOf).collect(toUnmodifiableList());
        CompletableFuture.allOf(lookups.toArray(CompletableFuture<?>[]::new))
                .thenRun(
                        () -> {
                            List<Address> addresses = new ArrayList<>();
                            lookups.forEach(lookup -> addresses.addAll(lookup.join()));
                            listener.accept(addresses);
                        });
    }

    private CompletableFuture<List<Address>> addressOf(BootstrapNode node) {
        return node.address()
                .filter(address -> !namesCount || !node.hasNameToo())
                .map(address -> CompletableFuture.completedFuture(List.of(address)))
                .orElseGet(() -> names.lookUp(node));
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
