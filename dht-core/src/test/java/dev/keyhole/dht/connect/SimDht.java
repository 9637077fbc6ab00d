package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.dht.SeededEntropy;
import dev.keyhole.dht.node.NodeConfig;
import dev.keyhole.dht.node.NodeConfig.Persistence;
import dev.keyhole.dht.node.NodeListener;
import dev.keyhole.dht.store.ForwardEntry;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.identity.Seed;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.sim.SimHost;
import dev.keyhole.transport.sim.SimNetwork;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.stream.Link;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A network of whole nodes in simulated time, with servers and clients to try on it. */
final class SimDht {

    static final int PORT = 49737;

    final SimNetwork net;
    final List<Node> storing = new ArrayList<>();
    private int hosts;

    SimDht(long seed) {
        this.net = new SimNetwork(seed);
    }

    /** A network with so many storing nodes, ready for use. */
    static SimDht of(long seed, int size) {
        SimDht dht = new SimDht(seed);
        for (int i = 0; i < size; i++) {
            dht.addStoringNode();
        }
        return dht;
    }

    void addStoringNode() {
        String host = nextHost();
        Address own = Address.of(host, PORT);
        NodeConfig config =
                storing.isEmpty()
                        ? NodeConfig.bootstrapper(own)
                        : joining().withPersistence(Persistence.PERSISTENT).withFirewalled(false);
        Node node = start(host, config);
        storing.add(node);
        net.runUntil(() -> !node.dht.rpc().isEphemeral() && node.bootstrapped, SECONDS.toNanos(60));
    }

    private NodeConfig joining() {
        return NodeConfig.of(List.of(storing.get(0).address)).withQuickFirewall(false);
    }

    /** The storing node at an address. */
    Node at(Address address) {
        return storing.stream().filter(n -> n.address.equals(address)).findFirst().orElseThrow();
    }

    String nextHost() {
        hosts++;
        return "88." + hosts + ".1." + hosts;
    }

    /** A node that stores nothing and takes itself for firewalled. */
    Node firewalled() {
        return start(nextHost(), joining().withPersistence(Persistence.EPHEMERAL));
    }

    /** The same, which has not begun yet. */
    Node asleep() {
        SimHost host = net.host(nextHost());
        Node node =
                new Node(
                        this,
                        host,
                        host.bind(PORT),
                        host.bind(PORT + 1),
                        joining().withPersistence(Persistence.EPHEMERAL));
        host.run(node.dht);
        return node;
    }

    /** A node that stores nothing and knows that it can be reached. */
    Node open() {
        return start(
                nextHost(), joining().withPersistence(Persistence.EPHEMERAL).withFirewalled(false));
    }

    /** A node behind a NAT of its own. */
    Node behind(SimNat.Kind kind) {
        return behind(kind, 0, 0);
    }

    /** The same, with a port of the NAT that leads to it, and what it is told about that. */
    Node behind(SimNat.Kind kind, int forwarded, int advertised) {
        SimHost host = net.host(nextHost());
        SimNat nat = new SimNat(host, kind, new Random(net.random().nextLong()));
        Address inside = Address.of("192.168." + hosts + ".2", PORT);
        Node node =
                new Node(
                        this,
                        host,
                        nat.inside(inside),
                        nat.inside(inside.withPort(PORT + 1)),
                        joining()
                                .withPersistence(Persistence.EPHEMERAL)
                                .withAdvertisedAddress(
                                        advertised == 0
                                                ? null
                                                : new Address(host.address(), advertised)));
        node.nat = nat;
        if (forwarded != 0) {
            nat.forward(forwarded, node.dht.rpc().serverSocket());
        }
        nat.run(node.dht);
        node.begin();
        return node;
    }

    Node start(String address, NodeConfig config) {
        SimHost host = net.host(address);
        Node node = new Node(this, host, host.bind(PORT), host.bind(PORT + 1), config);
        host.run(node.dht);
        node.begin();
        return node;
    }

    void settle() {
        net.run(SECONDS.toNanos(2));
    }

    /** One node and what happened to it. */
    static final class Node implements NodeListener {

        final SimDht network;
        final Address address;
        final DhtNode dht;
        SimHost host;
        @Nullable SimNat nat;
        boolean bootstrapped;
        int networkChanges;

        private Node(
                SimDht network,
                SimHost host,
                LocalSocket server,
                LocalSocket client,
                NodeConfig config) {
            this.network = network;
            this.host = host;
            this.address = server.local();
            this.dht =
                    new DhtNode(
                            config,
                            client,
                            server,
                            new SeededEntropy(network.net.random().nextLong()),
                            () -> network.net.now() / 1_000_000,
                            this);
            dht.rpc().localAddresses(List.of(server.local()));
        }

        void begin() {
            host.command(dht::start);
        }

        /** Goes with its NAT to another network, and notices after so long. */
        void moveToAnotherNetwork(long noticedAfterNanos) {
            host = network.net.host(network.nextHost());
            nat.moveTo(host);
            network.net.after(
                    noticedAfterNanos,
                    () -> host.command(now -> dht.networkChanged(dht.rpc().localAddresses(), now)));
        }

        @Override
        public void bootstrapped(long nowNanos) {
            bootstrapped = true;
        }

        /** Where the announce of a server came from, null if there is none. */
        @Nullable Address wayTo(PublicKey server) {
            return dht.rpc()
                    .forward(server.target(), network.net.now())
                    .map(ForwardEntry::relay)
                    .orElse(null);
        }

        @Override
        public void networkChanged(long nowNanos) {
            networkChanges++;
        }

        Served serve(Predicate<PublicKey> denies) {
            return serve(denies, true, newKeyPair());
        }

        /** A server that need not have been announced yet. */
        Served listen(ServerConfig config, KeyPair keyPair) {
            Served served = new Served(this);
            host.command(now -> served.acceptor = dht.listen(keyPair, config, served, now));
            return served;
        }

        Served serve(Predicate<PublicKey> denies, boolean shareLocal, KeyPair keyPair) {
            return serve(new ServerConfig(denies, shareLocal, 16, 8), keyPair);
        }

        Served serve(ServerConfig config, KeyPair keyPair) {
            Served served = listen(config, keyPair);
            network.net.runUntil(() -> served.relays > 0, SECONDS.toNanos(60));
            return served;
        }

        KeyPair newKeyPair() {
            return KeyPair.fromSeed(Seed.of(Bytes.random(network.net.random(), 32)));
        }

        Dialled dial(PublicKey remote) {
            return dial(remote, true);
        }

        Dialled dial(PublicKey remote, boolean local) {
            return dial(new ConnectSpec(newKeyPair(), remote, List.of(), local, Optional.empty()));
        }

        Dialled dial(PublicKey remote, boolean local, List<PublicKey> relayThrough) {
            return dial(
                    new ConnectSpec(newKeyPair(), remote, List.of(), local, Optional.empty())
                            .withRelayThrough(relayThrough));
        }

        /** Dials with nodes that are said to know the way. */
        Dialled dialThrough(PublicKey remote, Address... relays) {
            return dial(
                    new ConnectSpec(newKeyPair(), remote, List.of(relays), true, Optional.empty()));
        }

        Dialled dial(ConnectSpec spec) {
            Dialled dialled = new Dialled(this, network.net.now());
            dialled.self = spec.keyPair().publicKey();
            host.command(now -> dht.connect(spec, dialled, now));
            return dialled;
        }
    }

    /** A server that sends back what it gets. */
    static final class Served implements ServerListener {

        final Node node;
        final List<PeerStream> accepted = new ArrayList<>();
        @Nullable Acceptor acceptor;
        int relays;
        int rounds;

        /** What becomes of a connection. */
        Consumer<PeerStream> onConnection = this::echo;

        private Served(Node node) {
            this.node = node;
        }

        PublicKey key() {
            return acceptor.publicKey();
        }

        Announcer announcer() {
            return acceptor.announcer();
        }

        List<Address> relayAddresses() {
            return announcer().relays().stream()
                    .map(NoisePayload.Relay::relayAddress)
                    .collect(Collectors.toList());
        }

        /** The storing nodes that know the way to it. */
        List<Node> known() {
            return node.network.storing.stream()
                    .filter(storing -> storing.wayTo(key()) != null)
                    .collect(Collectors.toList());
        }

        @Override
        public void connection(PeerStream stream, long nowNanos) {
            accepted.add(stream);
            node.dht.notice(() -> onConnection.accept(stream));
        }

        private void echo(PeerStream stream) {
            stream.start(new Echo(stream, node), node.network.net.now());
        }

        @Override
        public void announced(int count, long nowNanos) {
            relays = count;
            rounds++;
        }
    }

    private record Echo(PeerStream stream, Node node) implements Link.Receiver {

        @Override
        public void message(Bytes message) {
            stream.write(message, node.network.net.now());
        }

        @Override
        public void writable() {}

        @Override
        public void ended() {
            stream.end(node.network.net.now());
        }

        @Override
        public void closed(CloseReason reason) {}
    }

    /** A client's attempt, and its connection once it has one. */
    static final class Dialled implements ConnectListener, Link.Receiver {

        final Node node;
        final long begunNanos;
        PublicKey self;
        @Nullable PeerStream stream;
        Address remote;
        @Nullable ConnectFailure failure;
        @Nullable CloseReason reason;
        int silences;
        int writables;
        final List<Bytes> received = new ArrayList<>();
        final List<Path> moves = new ArrayList<>();
        long endedNanos;

        private Dialled(Node node, long nowNanos) {
            this.node = node;
            this.begunNanos = nowNanos;
        }

        boolean isOver() {
            return stream != null || failure != null;
        }

        double seconds() {
            return (endedNanos - begunNanos) / 1e9;
        }

        /** Waits for the outcome. */
        Dialled await() {
            node.network.net.runUntil(this::isOver, SECONDS.toNanos(120));
            return this;
        }

        /** Ends the connection in good order, and waits for that. */
        void end() {
            PeerStream open = stream;
            node.host.command(now -> open.end(now));
            node.network.net.runUntil(() -> reason != null, SECONDS.toNanos(20));
        }

        /** Says something and waits until it has come back. */
        boolean echoes(String text) {
            PeerStream over = stream;
            if (over == null) {
                return false;
            }
            Bytes message = Bytes.utf8(text);
            node.host.command(now -> over.write(message, now));
            node.network.net.runUntil(() -> received.contains(message), SECONDS.toNanos(60));
            return true;
        }

        @Override
        public void connected(PeerStream connected, long nowNanos) {
            connected.onSilent(() -> silences++);
            stream = connected;
            remote = connected.remoteAddress();
            stream.onMoved(moves::add);
            endedNanos = nowNanos;
            node.dht.notice(() -> connected.start(this, node.network.net.now()));
        }

        @Override
        public void failed(ConnectFailure failed, long nowNanos) {
            failure = failed;
            endedNanos = nowNanos;
        }

        @Override
        public void message(Bytes message) {
            received.add(message);
        }

        @Override
        public void writable() {
            writables++;
        }

        @Override
        public void ended() {}

        @Override
        public void closed(CloseReason closed) {
            reason = closed;
        }
    }
}
