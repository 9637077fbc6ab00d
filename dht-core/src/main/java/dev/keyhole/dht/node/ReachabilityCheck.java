package dev.keyhole.dht.node;

import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.request.Answer;
import dev.keyhole.dht.request.ReplyListener;
import dev.keyhole.dht.request.RequestFailure;
import dev.keyhole.dht.request.RequestSpec;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.wire.WireWriter;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One attempt to find out whether strangers reach the server socket: asks a few nodes to answer
 * there ({@code docs/protocol.md}, "State check").
 *
 * <p>An answer counts if its host was heard on the server socket, and what it says of our address
 * is then the server socket's. Silence is held against nobody: behind a firewall it is the rule.
 */
final class ReachabilityCheck {

    static final int NODES = 5;
    static final int ENOUGH = 3;

    private final int port;
    private final Outcome outcome;
    private final NatSampler sampler = new NatSampler();
    private final Set<Integer> askedHosts = new HashSet<>();
    private final Set<Integer> heardHosts = new HashSet<>();
    private int asked;
    private int open;
    private int passed;

    /** Who wants to know. */
    @FunctionalInterface
    interface Outcome {

        /**
         * The check is over.
         *
         * @param reachable what enough nodes agree our server socket's address is, null if they do
         *     not reach it, or not as it is
         */
        void checked(@Nullable NatSampler reachable, long nowNanos);
    }

    /** Sends a request from the main socket. */
    @FunctionalInterface
    interface Sender {
        void request(RequestSpec spec, ReplyListener listener, long nowNanos);
    }

    ReachabilityCheck(LocalSocket serverSocket, Outcome outcome) {
        this(serverSocket.local().port(), outcome);
    }

    /**
     * A check that waits for {@link #start}.
     *
     * @param port where others are to reach the server socket
     */
    ReachabilityCheck(int port, Outcome outcome) {
        this.port = port;
        this.outcome = outcome;
    }

    static RequestSpec natPing(Address node, LocalSocket serverSocket) {
        return natPing(node, serverSocket.local().port());
    }

    private static RequestSpec natPing(Address node, int port) {
        return RequestSpec.of(node, Command.PING_NAT)
                .withValue(new WireWriter(2).u16(port).toBytes());
    }

    /**
     * Asks the nodes.
     *
     * @param host the host that others see the main socket at
     */
    void start(List<Address> nodes, Address host, Sender sender, long nowNanos) {
        asked = nodes.size();
        open = nodes.size();
        if (nodes.isEmpty()) {
            outcome.checked(null, nowNanos);
        }
        nodes.forEach(node -> askedHosts.add(node.host()));
        for (Address node : nodes) {
            sender.request(natPing(node, port), new Pong(host), nowNanos);
        }
    }

    /** Notes a datagram that came in on the server socket. */
    void heardOnServerSocket(Address from) {
        if (askedHosts.contains(from.host())) {
            heardHosts.add(from.host());
        }
    }

    /** How many hosts that were asked have been heard on the server socket. */
    int heardHosts() {
        return heardHosts.size();
    }

    private void count(Address from, Address ours) {
        if (heardHosts.contains(from.host())) {
            passed++;
            sampler.add(ours);
        }
    }

    private void ended(Address host, long nowNanos) {
        if (--open > 0) {
            return;
        }
        Address seen = sampler.verdict();
        boolean reachable =
                passed >= (asked >= NODES ? ENOUGH : 1)
                        && seen != null
                        && seen.host() == host.host()
                        && seen.port() == port;
        outcome.checked(reachable ? sampler : null, nowNanos);
    }

    private final class Pong implements ReplyListener {

        private final Address host;

        Pong(Address host) {
            this.host = host;
        }

        @Override
        public void answered(Answer answer, long nowNanos) {
            count(answer.from(), answer.to());
            ended(host, nowNanos);
        }

        @Override
        public void failed(RequestFailure failure, long nowNanos) {
            ended(host, nowNanos);
        }
    }
}
