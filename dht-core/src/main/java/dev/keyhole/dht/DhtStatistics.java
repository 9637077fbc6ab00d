package dev.keyhole.dht;

import dev.keyhole.dht.connect.ClientCounters;
import dev.keyhole.dht.connect.DhtNode;
import dev.keyhole.dht.connect.Path;
import dev.keyhole.dht.connect.ServerCounters;
import dev.keyhole.dht.node.RpcStatistics;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/**
 * How a node fares: what it believes of itself now, and what it has done and seen since it was
 * bound.
 *
 * @param persistent whether it stores for others
 * @param firewalled whether strangers are believed not to reach it
 * @param online whether answers come in, as far as is known
 * @param degraded whether most requests have gone unanswered for a while
 * @param suspended whether it is off the network
 * @param openStreams streams of all connections and attempts
 * @param rpc walks, requests, and what was turned away
 * @param connects attempts to connect
 * @param served handshakes of others with the keys listened on now
 * @param punches what it took to get through NATs
 * @param refusedForwards messages between other peers that were not passed on
 */
public record DhtStatistics(
        boolean persistent,
        boolean firewalled,
        boolean online,
        boolean degraded,
        boolean suspended,
        int openStreams,
        RpcStatistics rpc,
        Connects connects,
        Served served,
        Punches punches,
        long refusedForwards) {

    /**
     * Attempts to connect.
     *
     * @param active those under way
     * @param begun those there have ever been
     * @param failed those that ended without a connection
     * @param connected the others, by the path that packets took at first
     */
    public record Connects(int active, long begun, long failed, Map<Path, Long> connected) {}

    /**
     * Handshakes of others.
     *
     * @param handshakes distinct ones that were looked into
     * @param repeated copies of ones that had been seen
     * @param refused those too short, too many, or not made for the key
     * @param denied those of peers that a firewall turned away
     * @param abandoned those whose peer never came
     * @param connections those that became connections
     */
    public record Served(
            long handshakes,
            long repeated,
            long refused,
            long denied,
            long abandoned,
            long connections) {}

    /**
     * What it took to get through NATs.
     *
     * @param random punches that guessed ports
     * @param openedSockets sockets that were opened to punch from
     * @param closedSockets those of them that are closed again
     */
    public record Punches(long random, long openedSockets, long closedSockets) {}

    static DhtStatistics of(DhtNode node) {
        ClientCounters clients = node.clientCounters();
        List<ServerCounters> servers = node.serverCounters();
        return new DhtStatistics(
                !node.rpc().isEphemeral(),
                node.rpc().isFirewalled(),
                node.rpc().isOnline(),
                node.rpc().isDegraded(),
                node.rpc().isSuspended(),
                node.openStreams(),
                node.rpc().statistics(),
                new Connects(
                        node.connecting(), clients.begun(), clients.failed(), clients.connected()),
                new Served(
                        sum(servers, ServerCounters::handshakes),
                        sum(servers, ServerCounters::repeated),
                        sum(servers, s -> s.tooShort() + s.overLimit() + s.undecryptable()),
                        sum(servers, ServerCounters::denied),
                        sum(servers, ServerCounters::abandoned),
                        sum(servers, ServerCounters::connections)),
                new Punches(
                        node.randomPunches(), node.openedPunchSockets(), node.closedPunchSockets()),
                node.refusedForwards());
    }

    private static long sum(List<ServerCounters> servers, ToLongFunction<ServerCounters> counter) {
        return servers.stream().mapToLong(counter).sum();
    }
}
