package dev.keyhole.dht.node;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.node.NodeConfig.Persistence;
import dev.keyhole.dht.query.QueryListener;
import dev.keyhole.dht.query.QueryResult;
import dev.keyhole.dht.query.QuerySpec;
import dev.keyhole.dht.request.Answer;
import dev.keyhole.dht.request.ReplyListener;
import dev.keyhole.dht.request.RequestFailure;
import dev.keyhole.dht.request.RequestSpec;
import dev.keyhole.transport.net.Address;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A network of storing nodes that got to know each other through one. */
final class Swarm {

    static final Address BOOTSTRAP = Address.parse("10.1.0.1:49737");

    final TestNetwork net;
    final List<RpcNode> nodes = new ArrayList<>();

    Swarm(long seed, int size) {
        this(new TestNetwork(seed), size);
    }

    Swarm(TestNetwork net, int size) {
        this.net = net;
        nodes.add(
                net.node(
                        NodeConfig.bootstrapper(BOOTSTRAP),
                        BOOTSTRAP.hostText(),
                        BOOTSTRAP.port(),
                        new NodeListener() {}));
        nodes.get(0).start(net.now());
        for (int i = 1; i < size; i++) {
            NodeConfig config =
                    NodeConfig.of(List.of(BOOTSTRAP))
                            .withPersistence(Persistence.PERSISTENT)
                            .withFirewalled(false);
            nodes.add(join(config, i));
        }
    }

    /** Another node, bootstrapped. */
    RpcNode join(NodeConfig config, int number) {
        RpcNode node =
                net.node(
                        config,
                        "10.1." + number / 200 + "." + (2 + number % 200),
                        49737,
                        new NodeListener() {});
        node.start(net.now());
        assertThat(net.runUntil(node::isBootstrapped, MINUTES.toNanos(1))).isTrue();
        return node;
    }

    RpcNode bystander(int number) {
        return join(
                NodeConfig.of(List.of(BOOTSTRAP)).withPersistence(Persistence.EPHEMERAL), number);
    }

    Walk walk(RpcNode from, QuerySpec spec) {
        Walk walk = new Walk();
        from.query(spec, walk, net.now());
        assertThat(net.runUntil(() -> walk.result != null, MINUTES.toNanos(2))).isTrue();
        return walk;
    }

    /** Asks one node; null if it stays silent. */
    @Nullable Answer ask(RpcNode from, RequestSpec spec) {
        List<Answer> answers = new ArrayList<>();
        List<RequestFailure> failures = new ArrayList<>();
        from.request(
                spec,
                new ReplyListener() {
                    @Override
                    public void answered(Answer answer, long nowNanos) {
                        answers.add(answer);
                    }

                    @Override
                    public void failed(RequestFailure failure, long nowNanos) {
                        failures.add(failure);
                    }
                },
                net.now());
        net.runUntil(() -> answers.size() + failures.size() > 0, SECONDS.toNanos(30));
        assertThat(answers.size() + failures.size()).isEqualTo(1);
        return answers.isEmpty() ? null : answers.get(0);
    }

    @Nullable Answer ask(RpcNode from, Address to, Command command) {
        return ask(from, RequestSpec.of(to, command));
    }

    /** What became of a walk. */
    static final class Walk implements QueryListener {

        final List<Answer> answers = new ArrayList<>();
        @Nullable QueryResult result;
        long endedNanos;

        @Override
        public void answer(Answer answer, long nowNanos) {
            assertThat(result).as("no answer after the end").isNull();
            answers.add(answer);
        }

        @Override
        public void finished(QueryResult newResult, long nowNanos) {
            assertThat(result).as("one end").isNull();
            result = newResult;
            endedNanos = nowNanos;
        }
    }
}
