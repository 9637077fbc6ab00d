package dev.keyhole.dht;

import static java.util.stream.Collectors.toUnmodifiableList;

import dev.keyhole.dht.routing.RoutingTable;
import dev.keyhole.transport.net.Address;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import reactor.core.publisher.Mono;

/**
 * A network of one's own: so many storing nodes in one process, on loopback, that know each other
 * and nobody else.
 */
public final class Testnet implements AutoCloseable {

    private static final String LOOPBACK = "127.0.0.1";
    private static final Duration LOOK_AGAIN = Duration.ofMillis(10);
    private static final Duration START_LIMIT = Duration.ofSeconds(10);

    private final List<Dht> nodes;

    private Testnet(List<Dht> nodes) {
        this.nodes = nodes;
    }

    /**
     * Starts a network and waits until all its nodes store and know each other.
     *
     * @param size how many nodes; four or more give each server its three relays
     */
    public static Testnet start(int size) {
        if (size < 1) {
            throw new IllegalArgumentException("a network of " + size + " nodes");
        }
        List<Dht> nodes = new ArrayList<>();
        Testnet testnet = new Testnet(nodes);
        try {
            Dht first = Dht.bind(DhtConfig.bootstrapper(LOOPBACK, 0));
            nodes.add(first);
            first.persistent().block(START_LIMIT);
            DhtConfig config =
                    DhtConfig.of(first.address().toString())
                            .withPort(0)
                            .withEphemeral(false)
                            .withFirewalled(false);
            while (nodes.size() < size) {
                Dht node = Dht.bindSharing(config, first);
                nodes.add(node);
                Mono.when(node.persistent(), node.bootstrapped()).block(START_LIMIT);
            }
            testnet.awaitAcquaintance();
            return testnet;
        } catch (RuntimeException e) {
            testnet.close();
            throw e;
        }
    }

    /** Waits until each node has heard of all others, as far as there is room in its table. */
    private void awaitAcquaintance() {
        int others = Math.min(nodes.size() - 1, RoutingTable.K);
        for (Dht node : nodes) {
            node.knownNodes()
                    .filter(known -> known >= others)
                    .repeatWhenEmpty(tries -> tries.delayElements(LOOK_AGAIN))
                    .block(START_LIMIT);
        }
    }

    /** The first node, which is all that others need to know to join. */
    public List<String> bootstrap() {
        return List.of(nodes.get(0).address().toString());
    }

    /** The addresses of all nodes, the first one first. */
    public List<Address> addresses() {
        return nodes.stream().map(Dht::address).collect(toUnmodifiableList());
    }

    /** How a node joins this network: on loopback, storing nothing, behind a firewall or not. */
    public DhtConfig config() {
        return DhtConfig.of(bootstrap()).withPort(0).withEphemeral(true);
    }

    @Override
    public void close() {
        for (int i = nodes.size() - 1; i >= 0; i--) {
            nodes.get(i).close();
        }
    }
}
