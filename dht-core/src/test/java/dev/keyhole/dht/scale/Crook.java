package dev.keyhole.dht.scale;

import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.message.Reply;
import dev.keyhole.dht.message.Request;
import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.Random;

/**
 * A node that joined like any other and is up to no good: it stands in front of an honest node, and
 * answers, swallows or forges what it likes.
 */
final class Crook implements Machine {

    private final Machine honest;
    private final Kind kind;
    private final Gang gang;
    private final Random random;
    private final Queue<Forgery> forgeries = new ArrayDeque<>();

    /** What it does. */
    enum Kind {
        /** Shows ids that are not its own. */
        FALSE_ID,
        /** Names its accomplices, and addresses that nobody is at, to all who look for something. */
        POISONER,
        /** Takes in announces, and then passes nothing on to those who made them. */
        DROPPER,
        /** Answers pings, so that it stays in tables, and nothing else. */
        SILENT
    }

    private record Forgery(LocalSocket socket, Address to, Bytes payload) {}

    Crook(Machine honest, Kind kind, Gang gang, Random random) {
        this.honest = honest;
        this.kind = kind;
        this.gang = gang;
        this.random = random;
    }

    @Override
    public void receive(Datagram datagram, long nowNanos) {
        Bytes payload = datagram.payload();
        if (payload.length() > 1 && payload.unsignedAt(0) == Request.TYPE) {
            try {
                Request request = Request.decode(new WireReader(payload));
                if (!isLeftAlone(request, datagram)) {
                    return;
                }
            } catch (MalformedException e) {
                return;
            }
        }
        honest.receive(datagram, nowNanos);
    }

    /** Whether the honest node gets to see a request. */
    private boolean isLeftAlone(Request request, Datagram datagram) {
        Command command = request.command();
        boolean isPing = command.equals(Command.PING) || command.equals(Command.PING_NAT);
        return switch (kind) {
            case FALSE_ID -> true;
            case SILENT -> isPing;
            case DROPPER ->
                    !command.equals(Command.PEER_HANDSHAKE)
                            && !command.equals(Command.PEER_HOLEPUNCH);
            case POISONER -> {
                if (isPing || request.target() == null) {
                    yield true;
                }
                poison(request, datagram);
                yield false;
            }
        };
    }

    private void poison(Request request, Datagram datagram) {
        Address asker = datagram.source();
        List<Address> lure = gang.lure(request.target());
        Bytes token = Bytes.random(random, 32);
        NodeId own = NodeId.of(request.to());
        Reply reply = new Reply(request.tid(), asker, own, token, lure, 0, null);
        forgeries.add(new Forgery(datagram.socket(), asker, reply.toBytes()));
    }

    @Override
    public void opened(int request, LocalSocket socket, long nowNanos) {
        honest.opened(request, socket, nowNanos);
    }

    @Override
    public void openFailed(int request, String why, long nowNanos) {
        honest.openFailed(request, why, nowNanos);
    }

    @Override
    public void expire(long nowNanos) {
        honest.expire(nowNanos);
    }

    @Override
    public void drain(Effects effects, long nowNanos) {
        honest.drain(kind == Kind.FALSE_ID ? new Masked(effects) : effects, nowNanos);
        Forgery forgery;
        while ((forgery = forgeries.poll()) != null) {
            effects.send(forgery.socket, forgery.to, forgery.payload);
        }
    }

    @Override
    public long deadlineNanos() {
        return honest.deadlineNanos();
    }

    /** Puts another id in the place of every id that is shown. */
    private final class Masked implements Effects {

        private final Effects effects;

        private Masked(Effects effects) {
            this.effects = effects;
        }

        @Override
        public void send(LocalSocket socket, Address destination, Bytes payload) {
            effects.send(socket, destination, masked(payload));
        }

        private Bytes masked(Bytes payload) {
            try {
                WireReader reader = new WireReader(payload);
                return switch (payload.unsignedAt(0)) {
                    case Request.TYPE -> masked(Request.decode(reader));
                    case Reply.TYPE -> masked(Reply.decode(reader));
                    default -> payload;
                };
            } catch (MalformedException e) {
                return payload;
            }
        }

        private Bytes masked(Request request) {
            return new Request(
                            request.tid(),
                            request.to(),
                            NodeId.random(random),
                            request.token(),
                            request.command(),
                            request.target(),
                            request.value())
                    .toBytes();
        }

        private Bytes masked(Reply reply) {
            return new Reply(
                            reply.tid(),
                            reply.to(),
                            NodeId.random(random),
                            reply.token(),
                            reply.closerNodes(),
                            reply.error(),
                            reply.value())
                    .toBytes();
        }

        @Override
        public void open(int request) {
            effects.open(request);
        }

        @Override
        public void close(LocalSocket socket) {
            effects.close(socket);
        }

        @Override
        public void deliver(Runnable notice) {
            effects.deliver(notice);
        }
    }
}
