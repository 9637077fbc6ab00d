package dev.keyhole.dht.node;

import static java.util.concurrent.TimeUnit.HOURS;
import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.message.Request;
import dev.keyhole.dht.node.NodeConfig.Persistence;
import dev.keyhole.dht.request.PendingRequest;
import dev.keyhole.dht.request.ReplyListener;
import dev.keyhole.dht.request.RequestSpec;
import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.wire.WireReader;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a node comes to believe of itself. */
class NodeStateTest {

    private static final NodeConfig DEFAULT = NodeConfig.of(List.of(Swarm.BOOTSTRAP));

    private final TestNetwork net = new TestNetwork(3);
    private final Log log = new Log();

    @Test
    void nodeWithoutBootstrapBecomesReady() {
        RpcNode alone = net.node(NodeConfig.of(List.of()), "10.2.0.1", 100, log);

        alone.start(0);

        assertThat(alone.isBootstrapped()).isTrue();
        assertThat(log.events).containsExactly("bootstrapped");
        assertThat(alone.deadlineNanos()).isEqualTo(NodeState.TICK_NANOS);
    }

    @Test
    void bootstrapperIsPersistentAlone() {
        Address own = Address.parse("10.2.0.1:49737");
        RpcNode bootstrapper = net.node(NodeConfig.bootstrapper(own), "10.2.0.1", 49737, log);

        bootstrapper.start(0);

        assertThat(bootstrapper.id()).contains(NodeId.of(own));
        assertThat(bootstrapper.remoteAddress()).contains(own);
        assertThat(log.events).containsExactlyInAnyOrder("persistent", "bootstrapped");
    }

    @Test
    void persistentIdIsTheServerSocketsAddressAsOthersSeeIt() {
        Swarm swarm = new Swarm(net, 8);

        RpcNode node = swarm.join(DEFAULT.withPersistence(Persistence.PERSISTENT), 60);

        Address server = node.serverSocket().local();
        assertThat(node.isFirewalled()).isFalse();
        assertThat(node.id()).contains(NodeId.of(server));
        assertThat(node.remoteAddress()).contains(server);
        net.run(MINUTES.toNanos(1));
        assertThat(swarm.nodes.get(0).latestNodes(100)).contains(server);
    }

    @Test
    void explicitEphemeralSettingSwitchesAdaptationOff() {
        Swarm swarm = new Swarm(net, 8);
        RpcNode ephemeral =
                swarm.join(
                        DEFAULT.withPersistence(Persistence.EPHEMERAL).withFirewalled(false), 60);
        RpcNode persistent = swarm.nodes.get(3);

        net.run(HOURS.toNanos(5));
        assertThat(ephemeral.isEphemeral()).isTrue();

        net.wallClockAheadMillis += HOURS.toMillis(8);
        net.run(SECONDS.toNanos(6));
        assertThat(persistent.isEphemeral()).isFalse();
    }

    @Test
    void openNodeLosesItsFirewallDuringBootstrap() {
        Swarm swarm = new Swarm(net, 8);

        RpcNode node = swarm.join(DEFAULT, 60);
        net.run(SECONDS.toNanos(2));

        assertThat(node.isFirewalled()).isFalse();
        assertThat(node.isEphemeral()).isTrue();
        assertThat(node.mainSocket()).isEqualTo(node.serverSocket());
        assertThat(node.remoteAddress()).contains(node.serverSocket().local());
    }

    @Test
    void quickFirewallCheckAsksThreeNodes() throws Exception {
        new Swarm(net, 12);
        RpcNode node = firewalledNode(DEFAULT);
        List<TestNetwork.Sent> sent = net.record();

        node.start(net.now());
        net.run(SECONDS.toNanos(10));

        Set<Address> asked = new HashSet<>();
        for (TestNetwork.Sent datagram : sent) {
            if (datagram.payload().unsignedAt(0) == Request.TYPE
                    && command(datagram).equals(Command.PING_NAT)) {
                asked.add(datagram.to());
            }
        }
        assertThat(asked).hasSize(NodeState.QUICK_HOSTS);
    }

    @Test
    void unansweredNatPingEvictsNobody() {
        Swarm swarm = new Swarm(net, 12);
        RpcNode node = firewalledNode(DEFAULT.withPersistence(Persistence.PERSISTENT));

        node.start(net.now());
        net.run(MINUTES.toNanos(2));

        assertThat(node.isBootstrapped()).isTrue();
        assertThat(node.isFirewalled()).isTrue();
        assertThat(node.isEphemeral()).isTrue();
        assertThat(node.remoteAddress()).isEmpty();
        assertThat(node.observedAddress()).contains(node.clientSocket().local());
        assertThat(node.tableSize()).isEqualTo(swarm.nodes.size());
    }

    @Test
    void publicAddressIsClaimedOnlyWhenTheServerSocketOwnsIt() {
        Swarm swarm = new Swarm(net, 8);
        RpcNode node =
                swarm.join(
                        DEFAULT.withPersistence(Persistence.EPHEMERAL).withQuickFirewall(false),
                        60);

        assertThat(node.observedAddress()).contains(node.clientSocket().local());
        assertThat(node.isFirewalled()).isTrue();
        assertThat(node.remoteAddress()).isEmpty();
    }

    @Test
    void stableEphemeralNodeBecomesPersistentAfterTwentyMinutes() {
        Swarm swarm = new Swarm(net, 8);
        RpcNode node = swarm.join(DEFAULT, 60);

        net.run(MINUTES.toNanos(19));
        assertThat(node.isEphemeral()).isTrue();
        net.run(MINUTES.toNanos(2));

        assertThat(node.isEphemeral()).isFalse();
        assertThat(node.id()).contains(NodeId.of(node.serverSocket().local()));
    }

    @Test
    void failedPersistenceCheckIsRepeated() {
        new Swarm(net, 8);
        RpcNode node = firewalledNode(DEFAULT);
        node.start(net.now());
        net.run(MINUTES.toNanos(25));
        assertThat(node.isEphemeral()).isTrue();

        net.openFirewall(node.serverSocket());
        net.run(MINUTES.toNanos(60));

        assertThat(node.isEphemeral()).isFalse();
    }

    @Test
    void forcedPersistentNodeKeepsTrying() {
        RpcNode early =
                net.node(
                        DEFAULT.withPersistence(Persistence.PERSISTENT).withFirewalled(false),
                        "10.3.0.1",
                        49737,
                        log);
        early.start(0);
        net.run(MINUTES.toNanos(1));
        assertThat(early.isBootstrapped()).isTrue();
        assertThat(early.isEphemeral()).isTrue();

        new Swarm(net, 4);
        net.run(MINUTES.toNanos(10));

        assertThat(early.isEphemeral()).isFalse();
        assertThat(log.events).containsSubsequence("bootstrapped", "persistent");
    }

    @Test
    void becomingPersistentRebuildsTheTableAroundTheNewId() {
        Neighbourhood neighbourhood =
                new Neighbourhood(
                        new Neighbourhood.Host() {
                            @Override
                            public PendingRequest request(
                                    RequestSpec spec, ReplyListener listener, long nowNanos) {
                                throw new AssertionError("nobody is asked");
                            }

                            @Override
                            public boolean isBootstrapped() {
                                return false;
                            }

                            @Override
                            public int bootstrapNodeCount() {
                                return 1;
                            }
                        },
                        NodeId.random(new Random(1)),
                        60);
        Address ours = Address.loopback(1);
        for (int port = 1000; port < 1100; port++) {
            Address node = Address.loopback(port);
            neighbourhood.heardAnswer(node, NodeId.of(node), ours, true, 0);
        }
        int before = neighbourhood.table().size();
        NodeId id = NodeId.of(Address.loopback(1050));

        neighbourhood.move(id);

        assertThat(neighbourhood.table().self()).isEqualTo(id);
        assertThat(neighbourhood.table().find(id)).isNull();
        assertThat(neighbourhood.table().size()).isBetween(20, before);
    }

    @Test
    void ticksStartAtRandomOffsets() {
        Random random = new Random(1);
        Set<Long> ticks = new HashSet<>();
        Set<Integer> refreshes = new HashSet<>();
        for (int i = 0; i < 2000; i++) {
            ticks.add(NodeState.firstTick(random));
            refreshes.add(NodeState.firstRefresh(random));
        }

        assertThat(ticks).hasSize(50).contains(51L, 100L);
        assertThat(refreshes).hasSize(30).contains(31, 60);
    }

    @Test
    void sleepIsNoticedThroughTheWallClock() {
        new Swarm(net, 8);
        RpcNode node = net.node(DEFAULT.withFirewalled(false), "10.3.0.1", 49737, log);
        node.start(net.now());
        net.run(MINUTES.toNanos(25));
        assertThat(node.isEphemeral()).as("persistent by now").isFalse();
        log.events.clear();

        net.wallClockAheadMillis += SECONDS.toMillis(16);
        net.run(SECONDS.toNanos(6));

        assertThat(log.events).contains("ephemeral", "network changed");
        assertThat(node.isEphemeral()).isTrue();
    }

    @Test
    void wakeUpAgesTheTableRefreshesAndEndsPersistence() {
        Swarm swarm = new Swarm(net, 8);
        RpcNode node = net.node(DEFAULT.withFirewalled(false), "10.3.0.1", 49737, log);
        node.start(net.now());
        net.run(MINUTES.toNanos(25));
        assertThat(node.isEphemeral()).as("persistent by now").isFalse();

        net.wallClockAheadMillis += HOURS.toMillis(3);
        List<TestNetwork.Sent> sent = net.record();
        net.run(SECONDS.toNanos(5));
        assertThat(node.isEphemeral()).isTrue();
        net.run(SECONDS.toNanos(11));
        Set<Address> pinged = new HashSet<>();
        for (TestNetwork.Sent datagram : sent) {
            if (datagram.from().host() == node.serverSocket().local().host()
                    && datagram.payload().unsignedAt(0) == Request.TYPE) {
                pinged.add(datagram.to());
            }
        }
        assertThat(pinged).hasSizeGreaterThanOrEqualTo(swarm.nodes.size());
        net.run(MINUTES.toNanos(50));
        assertThat(node.isEphemeral()).as("an hour has to pass").isTrue();
        net.run(MINUTES.toNanos(15));
        assertThat(node.isEphemeral()).isFalse();
    }

    @Test
    void shortStallDoesNotEndPersistence() {
        new Swarm(net, 8);
        RpcNode node = net.node(DEFAULT.withFirewalled(false), "10.3.0.1", 49737, log);
        node.start(net.now());
        net.run(MINUTES.toNanos(25));
        assertThat(node.isEphemeral()).isFalse();

        // Nothing runs for half a minute, but both clocks do.
        net.stall(SECONDS.toNanos(30));
        net.run(SECONDS.toNanos(10));

        assertThat(node.isEphemeral()).isFalse();
        assertThat(log.events).doesNotContain("ephemeral");
    }

    @Test
    void aStallAfterWhichNobodyAnswersIsASleep() {
        Swarm swarm = new Swarm(net, 8);
        RpcNode node = net.node(DEFAULT.withFirewalled(false), "10.3.0.1", 49737, log);
        node.start(net.now());
        net.run(MINUTES.toNanos(25));
        assertThat(node.isEphemeral()).isFalse();

        swarm.nodes.forEach(net::kill);
        net.stall(HOURS.toNanos(8));
        net.run(SECONDS.toNanos(30));

        assertThat(log.events).contains("ephemeral", "network changed");
        assertThat(node.isEphemeral()).isTrue();
    }

    @Test
    void networkChangeForgetsVerdictAddressAndLocalCache() {
        new Swarm(net, 8);
        RpcNode node = net.node(DEFAULT, "10.3.0.1", 49737, log);
        node.start(net.now());
        net.run(MINUTES.toNanos(1));
        assertThat(node.isFirewalled()).isFalse();

        net.firewall(node.serverSocket());
        node.networkChanged(List.of(Address.parse("192.168.1.5:49737")), net.now());

        assertThat(node.isFirewalled()).isTrue();
        assertThat(node.observedAddress()).isEmpty();
        assertThat(node.localAddresses()).containsExactly(Address.parse("192.168.1.5:49737"));
        net.run(MINUTES.toNanos(1));
        assertThat(node.isFirewalled()).isTrue();
        assertThat(node.observedAddress()).contains(node.clientSocket().local());

        net.openFirewall(node.serverSocket());
        node.networkChanged(List.of(), net.now());
        net.run(SECONDS.toNanos(15));

        assertThat(node.isFirewalled()).as("a check within seconds").isFalse();
    }

    @Test
    void punchSocketViewsStayOutOfTheNodeSampler() {
        Swarm swarm = new Swarm(net, 2);
        RpcNode node = swarm.bystander(60);
        LocalSocket pooled = net.socket(Address.parse("10.1.0.99:5555"));
        net.attach(node, pooled);
        Address before = node.observedAddress().orElseThrow();

        for (int i = 70; i < 90; i++) {
            RpcNode other =
                    swarm.join(
                            DEFAULT.withPersistence(Persistence.PERSISTENT).withFirewalled(false),
                            i);
            swarm.ask(
                    node,
                    RequestSpec.of(other.serverSocket().local(), Command.PING).withSocket(pooled));
        }

        assertThat(node.observedAddress()).contains(before);
    }

    @Test
    void addressIsLearntFromRequestsAndRepliesAndRefreshedHalfHourly() {
        Swarm swarm = new Swarm(net, 10);
        RpcNode quiet = swarm.bystander(60);
        Address seen = quiet.observedAddress().orElseThrow();
        Address moved = seen.withPort(4242);

        // The address translator in front of it picks another port.
        net.translate(quiet.mainSocket(), moved);
        net.run(MINUTES.toNanos(20));
        assertThat(quiet.observedAddress()).contains(seen);
        net.run(MINUTES.toNanos(60));

        assertThat(quiet.observedAddress()).contains(moved);
    }

    @Test
    void healthTellsWhetherAnybodyAnswers() {
        Swarm swarm = new Swarm(net, 20);
        RpcNode node = net.node(DEFAULT.withPersistence(Persistence.EPHEMERAL), "10.3.0.1", 1, log);
        node.start(net.now());
        net.run(MINUTES.toNanos(2));
        assertThat(node.isOnline()).isTrue();

        swarm.nodes.forEach(net::kill);
        net.run(MINUTES.toNanos(10));

        assertThat(log.events).contains("online false");
        assertThat(node.isOnline()).isFalse();
    }

    private RpcNode firewalledNode(NodeConfig config) {
        RpcNode node = net.node(config, "10.3.0.1", 49737, log);
        net.firewall(node.serverSocket());
        net.firewall(node.clientSocket());
        return node;
    }

    private static Command command(TestNetwork.Sent datagram) {
        try {
            return Request.decode(new WireReader(datagram.payload())).command();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static final class Log implements NodeListener {

        final List<String> events = new ArrayList<>();

        @Override
        public void bootstrapped(long nowNanos) {
            events.add("bootstrapped");
        }

        @Override
        public void persistent(long nowNanos) {
            events.add("persistent");
        }

        @Override
        public void ephemeral(long nowNanos) {
            events.add("ephemeral");
        }

        @Override
        public void networkChanged(long nowNanos) {
            events.add("network changed");
        }

        @Override
        public void onlineChanged(boolean online, long nowNanos) {
            events.add("online " + online);
        }
    }
}
