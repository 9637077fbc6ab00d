package dev.keyhole.dht.node;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.node.NodeConfig.Persistence;
import dev.keyhole.transport.net.Address;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReunionTest {

    /** So many that nobody asks the nodes to begin with for want of others. */
    private static final int SIZE = 25;

    private static final Address OTHER = Address.parse("10.2.0.1:49737");

    private final TestNetwork net = new TestNetwork(5);

    @Test
    void networksThatDoNotKnowEachOtherMeetThroughTheNodesTheyBeganWith() {
        Swarm swarm = new Swarm(net, SIZE);
        List<RpcNode> others = otherSwarm();
        net.run(MINUTES.toNanos(12));
        assertThat(others.get(5).latestNodes(100)).doesNotContain(addressOf(swarm.nodes.get(3)));

        others.forEach(node -> node.bootstrapNodes(List.of(OTHER, Swarm.BOOTSTRAP)));
        net.kill(others.get(0));
        net.run(MINUTES.toNanos(12));

        assertThat(others.get(5).latestNodes(100)).contains(addressOf(swarm.nodes.get(3)));
        assertThat(swarm.nodes.get(3).latestNodes(100)).contains(addressOf(others.get(5)));
    }

    private List<RpcNode> otherSwarm() {
        List<RpcNode> nodes = new ArrayList<>();
        nodes.add(
                net.node(
                        NodeConfig.bootstrapper(OTHER),
                        OTHER.hostText(),
                        OTHER.port(),
                        new NodeListener() {}));
        for (int i = 1; i < SIZE; i++) {
            nodes.add(
                    net.node(
                            NodeConfig.of(List.of(OTHER))
                                    .withPersistence(Persistence.PERSISTENT)
                                    .withFirewalled(false),
                            "10.2.0." + (1 + i),
                            49737,
                            new NodeListener() {}));
        }
        for (RpcNode node : nodes) {
            node.start(net.now());
            net.run(SECONDS.toNanos(1));
        }
        return nodes;
    }

    private static Address addressOf(RpcNode node) {
        return node.serverSocket().local();
    }
}
