package dev.keyhole.dht.holepunch;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.message.Reply;
import dev.keyhole.dht.message.Request;
import dev.keyhole.dht.node.NodeConfig;
import dev.keyhole.dht.node.NodeListener;
import dev.keyhole.dht.node.RpcNode;
import dev.keyhole.dht.request.Answer;
import dev.keyhole.dht.request.ReplyListener;
import dev.keyhole.dht.request.RequestFailure;
import dev.keyhole.dht.request.RequestSpec;
import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * What an attempt to punch lives on, in the hands of a test: a node that knows some others, timers,
 * sockets, and a clock that goes when it is told to.
 *
 * <p>The others answer pings after a moment, with the address that {@link #seenAs} says; everything
 * else that is sent is kept.
 */
public final class PunchBench {

    /** How long a node takes to answer. */
    public static final long ROUND_TRIP_NANOS = MILLISECONDS.toNanos(20);

    public static final Address OUTSIDE = Address.of("88.0.0.1", 40_000);

    public final Timers timers = new Timers();
    public final PunchSockets sockets = new PunchSockets();
    public final RandomPunches randomPunches = new RandomPunches();
    public final Random entropy = new Random(7);
    public final RpcNode rpc;

    /** The one-byte datagrams that were sent. */
    public final List<Probe> probes = new ArrayList<>();

    /** The pings that were sent from sockets to punch with. */
    public final List<Asked> pings = new ArrayList<>();

    /** The requests other than pings that were sent, repetitions included. */
    public final List<Asked> requests = new ArrayList<>();

    public final List<LocalSocket> opened = new ArrayList<>();
    public final List<LocalSocket> closed = new ArrayList<>();

    /** How a node sees a socket; null when it does not answer. */
    public BiFunction<LocalSocket, Address, @Nullable Address> seenAs = (socket, node) -> OUTSIDE;

    private final LocalSocket client = new LocalSocket(1, Address.of("192.168.0.2", 1000));
    private final LocalSocket server = new LocalSocket(2, Address.of("192.168.0.2", 1001));
    private final Queue<Arrival> arriving = new ArrayDeque<>();
    private final World world = new World();
    private long now;
    private boolean acquainted;

    /** A probe, and how far it goes; 0 is all the way. */
    public record Probe(LocalSocket socket, Address to, int hops, long atNanos) {}

    /** A request and where it went. */
    public record Asked(LocalSocket socket, Address to, Request request, long atNanos) {}

    private record Arrival(long atNanos, Runnable action) {}

    /** A node that knows so many others, each on a host of its own. */
    public PunchBench(int nodes, boolean firewalled) {
        rpc =
                new RpcNode(
                        NodeConfig.of(List.of()).withFirewalled(firewalled),
                        client,
                        server,
                        entropy,
                        () -> 0,
                        new NodeListener() {});
        for (int i = 1; i <= nodes; i++) {
            rpc.request(RequestSpec.of(node(i), Command.PING), new Nobody(), now);
        }
        run(2 * ROUND_TRIP_NANOS);
        acquainted = true;
        pings.clear();
    }

    public static PunchBench behindNat() {
        return new PunchBench(13, true);
    }

    public static Address node(int number) {
        return Address.of("99.1." + number + ".1", 49737);
    }

    public long now() {
        return now;
    }

    /** Lets time pass. */
    public void run(long nanos) {
        long until = now + nanos;
        drain();
        while (true) {
            long next = Math.min(rpc.deadlineNanos(), timers.deadlineNanos());
            Arrival first = arriving.peek();
            if (first != null && first.atNanos <= Math.min(next, until)) {
                now = Math.max(now, first.atNanos);
                arriving.remove().action.run();
            } else if (next <= until) {
                now = Math.max(now, next);
                rpc.expire(now);
                timers.expire(now);
            } else {
                break;
            }
            drain();
        }
        now = until;
    }

    /** Has another attempt of this node guess ports from now on. */
    public void guessForSomebodyElse() {
        randomPunches.begin();
    }

    /** Lets that attempt end. */
    public void stopGuessingForSomebodyElse() {
        randomPunches.end(now);
    }

    /** Asks a node, known or not, how it sees a socket. */
    public void ping(LocalSocket socket, Address node) {
        rpc.request(RequestSpec.of(node, Command.PING).withSocket(socket), new Nobody(), now);
        drain();
    }

    /** A request comes in, passed on by a node. */
    public void request(LocalSocket socket, Address from, Request request) {
        rpc.receive(new Datagram(socket, from, request.toBytes()), now);
        drain();
    }

    /** A probe comes in. */
    public void probeFrom(LocalSocket socket, Address source) {
        sockets.receive(new Datagram(socket, source, Bytes.of(0)), now);
        drain();
    }

    /** Answers a request, a round trip later. */
    public void answer(Asked asked, Address seen, Bytes value) {
        reply(asked, new Reply(asked.request.tid(), seen, null, null, List.of(), 0, value));
    }

    private void reply(Asked asked, Reply reply) {
        Datagram datagram = new Datagram(asked.socket, asked.to, reply.toBytes());
        arriving.add(new Arrival(now + ROUND_TRIP_NANOS, () -> rpc.receive(datagram, now)));
    }

    private void drain() {
        rpc.drain(world, now);
        sockets.drain(world);
    }

    /** Somebody who does not care for answers. */
    private static final class Nobody implements ReplyListener {
        @Override
        public void answered(Answer answer, long nowNanos) {}

        @Override
        public void failed(RequestFailure failure, long nowNanos) {}
    }

    private final class World implements Effects {

        @Override
        public void send(LocalSocket socket, Address destination, Bytes payload) {
            if (payload.length() == 1) {
                probes.add(new Probe(socket, destination, 0, now));
                return;
            }
            try {
                Request request = Request.decode(new WireReader(payload));
                Asked asked = new Asked(socket, destination, request, now);
                if (request.command().equals(Command.PING)) {
                    pinged(asked);
                } else {
                    requests.add(asked);
                }
            } catch (MalformedException e) {
                throw new AssertionError("our own request", e);
            }
        }

        private void pinged(Asked asked) {
            if (!asked.socket.equals(client)) {
                pings.add(asked);
            }
            Address seen = acquainted ? seenAs.apply(asked.socket, asked.to) : OUTSIDE;
            if (seen != null) {
                NodeId id = NodeId.of(asked.to);
                reply(asked, new Reply(asked.request.tid(), seen, id, null, List.of(), 0, null));
            }
        }

        @Override
        public void sendNearby(LocalSocket socket, Address destination, Bytes payload, int hops) {
            probes.add(new Probe(socket, destination, hops, now));
        }

        @Override
        public void open(int request) {
            LocalSocket socket =
                    new LocalSocket(100 + request, Address.of("192.168.0.2", 2000 + request));
            opened.add(socket);
            arriving.add(new Arrival(now, () -> sockets.opened(request, socket, now)));
        }

        @Override
        public void close(LocalSocket socket) {
            closed.add(socket);
        }

        @Override
        public void deliver(Runnable notice) {
            notice.run();
        }
    }
}
