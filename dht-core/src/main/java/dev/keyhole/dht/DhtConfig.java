package dev.keyhole.dht;

import static java.util.stream.Collectors.toUnmodifiableList;

import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.net.Address;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Where a node joins which network, and as what. */
public final class DhtConfig {

    /** The port that is tried first when none is asked for; four more follow it. */
    public static final int PREFERRED_PORT = 49737;

    private static final List<String> PUBLIC_NODES =
            List.of(
                    "88.99.3.86@node1.hyperdht.org:49737",
                    "142.93.90.113@node2.hyperdht.org:49737",
                    "138.68.147.8@node3.hyperdht.org:49737");

    private final List<BootstrapNode> bootstrap;
    private final String host;
    private final @Nullable Integer port;
    private final @Nullable Boolean ephemeral;
    private final @Nullable Boolean firewalled;
    private final @Nullable KeyPair keyPair;
    private final @Nullable Address publicAddress;
    private final @Nullable Path stateFile;

    private DhtConfig(
            List<BootstrapNode> bootstrap,
            String host,
            @Nullable Integer port,
            @Nullable Boolean ephemeral,
            @Nullable Boolean firewalled,
            @Nullable KeyPair keyPair,
            @Nullable Address publicAddress,
            @Nullable Path stateFile) {
        this.bootstrap = List.copyOf(bootstrap);
        this.host = host;
        this.port = port;
        this.ephemeral = ephemeral;
        this.firewalled = firewalled;
        this.keyPair = keyPair;
        this.publicAddress = publicAddress;
        this.stateFile = stateFile;
    }

    /** The public HyperDHT, from all interfaces. */
    public static DhtConfig defaults() {
        return withBootstrap("0.0.0.0", PUBLIC_NODES);
    }

    /**
     * A network of one's own. A node whose bootstrap nodes are all on loopback binds there.
     *
     * @param bootstrap nodes as {@code host:port} or {@code ip@host:port}; none for a first node
     */
    public static DhtConfig of(List<String> bootstrap) {
        DhtConfig config = withBootstrap("0.0.0.0", bootstrap);
        boolean loopback =
                !config.bootstrap.isEmpty()
                        && config.bootstrap.stream()
                                .allMatch(n -> n.address().filter(Address::isLoopback).isPresent());
        return loopback ? config.withHost("127.0.0.1") : config;
    }

    public static DhtConfig of(String... bootstrap) {
        return of(List.of(bootstrap));
    }

    /** The first node of a network of one's own, reachable at its address from the beginning. */
    public static DhtConfig bootstrapper(String host, int port) {
        return withBootstrap(host, List.of())
                .withPort(port)
                .withEphemeral(false)
                .withFirewalled(false);
    }

    private static DhtConfig withBootstrap(String host, List<String> nodes) {
        List<BootstrapNode> parsed = new ArrayList<>();
        nodes.forEach(node -> parsed.add(BootstrapNode.parse(node)));
        return new DhtConfig(parsed, host, null, null, null, null, null, null);
    }

    /** The local address all sockets are bound to; 0.0.0.0 for all interfaces. */
    public DhtConfig withHost(String newHost) {
        Address.of(newHost, 0);
        return new DhtConfig(
                bootstrap, newHost, port, ephemeral, firewalled, keyPair, publicAddress, stateFile);
    }

    /** The port of the server socket, and no other; 0 for any that is free. */
    public DhtConfig withPort(int newPort) {
        if (newPort < 0 || newPort > 65535) {
            throw new IllegalArgumentException("port " + newPort + " is outside 0..65535");
        }
        return new DhtConfig(
                bootstrap, host, newPort, ephemeral, firewalled, keyPair, publicAddress, stateFile);
    }

    /** Whether never to store for others, or to do so as soon as possible; finds out by default. */
    public DhtConfig withEphemeral(boolean newEphemeral) {
        return new DhtConfig(
                bootstrap, host, port, newEphemeral, firewalled, keyPair, publicAddress, stateFile);
    }

    /**
     * Whether to take strangers for unable, or able, to reach this node; finds out by default.
     */
    public DhtConfig withFirewalled(boolean newFirewalled) {
        return new DhtConfig(
                bootstrap, host, port, ephemeral, newFirewalled, keyPair, publicAddress, stateFile);
    }

    /** Whom to connect as when nothing else is said; a random identity by default. */
    public DhtConfig withKeyPair(KeyPair newKeyPair) {
        return new DhtConfig(
                bootstrap, host, port, ephemeral, firewalled, newKeyPair, publicAddress, stateFile);
    }

    /**
     * Where others reach the port of this node, if a router forwards it from another one. It is told
     * to clients once other nodes have confirmed it.
     */
    public DhtConfig withPublicAddress(String publicHost, int publicPort) {
        Address address = Address.of(publicHost, publicPort);
        if (publicPort == 0) {
            throw new IllegalArgumentException("nobody is reached at port 0 of " + publicHost);
        }
        return new DhtConfig(
                bootstrap, host, port, ephemeral, firewalled, keyPair, address, stateFile);
    }

    /**
     * Where to keep, over restarts, which nodes were good and through whom peers were reached; so
     * that the next process connects as fast as this one. Nowhere by default. Each running node
     * needs a file of its own.
     */
    public DhtConfig withStateFile(Path file) {
        return new DhtConfig(
                bootstrap, host, port, ephemeral, firewalled, keyPair, publicAddress, file);
    }

    public Optional<Path> stateFile() {
        return Optional.ofNullable(stateFile);
    }

    List<BootstrapNode> bootstrapNodes() {
        return bootstrap;
    }

    /** The bootstrap nodes as {@code host:port}. */
    public List<String> bootstrap() {
        return bootstrap.stream().map(BootstrapNode::toString).collect(toUnmodifiableList());
    }

    public String host() {
        return host;
    }

    public OptionalInt port() {
        return port == null ? OptionalInt.empty() : OptionalInt.of(port);
    }

    public Optional<Boolean> ephemeral() {
        return Optional.ofNullable(ephemeral);
    }

    public Optional<Boolean> firewalled() {
        return Optional.ofNullable(firewalled);
    }

    public Optional<KeyPair> keyPair() {
        return Optional.ofNullable(keyPair);
    }

    public Optional<Address> publicAddress() {
        return Optional.ofNullable(publicAddress);
    }
}
