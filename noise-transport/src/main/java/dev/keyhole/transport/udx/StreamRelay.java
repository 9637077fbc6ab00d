package dev.keyhole.transport.udx;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.udx.UdxCounters.Event;
import dev.keyhole.transport.wire.Bytes;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Two ends of one stream that cannot reach each other: what comes from one goes to the other
 * ({@code docs/protocol.md}, "Forwarding a stream").
 *
 * <p>Each datagram is forwarded at once and alone, with nothing but its stream id replaced. A packet
 * that destroys the stream is the last one. Where an end is shows its first packet.
 */
public final class StreamRelay {

    /** Packets that may wait for the next drain, for each end. */
    static final int MAX_OUTBOX = 1024;

    private final StreamMultiplexer multiplexer;
    private final Guard guard;
    private final End initiator;
    private final End responder;
    private long lastPacketNanos;
    private boolean closed;

    /** Who decides what is forwarded. */
    public interface Guard {

        /** Whether an end may send so many bytes now. */
        boolean admits(End from, int bytes, long nowNanos);

        /** Whether an end that was heard elsewhere is here now. */
        default boolean hasMoved(End end, LocalSocket socket, Address source) {
            return false;
        }

        /** The stream was destroyed by one of its ends. */
        void closed(StreamRelay relay, long nowNanos);
    }

    /** One of the two. */
    public final class End {

        private final int localId;
        private final int remoteId;
        private final ArrayDeque<Bytes> outbox = new ArrayDeque<>();
        private @Nullable LocalSocket socket;
        private @Nullable Address remote;
        private boolean heard;
        private boolean touched;
        private long datagrams;
        private long bytes;

        private End(int localId, int remoteId) {
            this.localId = localId;
            this.remoteId = remoteId;
        }

        /** The id that the packets of this end have to carry. */
        public int localId() {
            return localId;
        }

        /** Where to send before anything has come from there. */
        public void expectAt(LocalSocket where, Address address) {
            if (!heard) {
                socket = where;
                remote = address;
            }
        }

        /** Where this end is, if that is known. */
        public @Nullable Address remote() {
            return remote;
        }

        /** Datagrams forwarded for this end. */
        public long datagrams() {
            return datagrams;
        }

        /** Bytes forwarded for this end. */
        public long bytes() {
            return bytes;
        }

        public StreamRelay relay() {
            return StreamRelay.this;
        }

        void receive(Datagram datagram, long nowNanos) {
            Bytes payload = datagram.payload();
            boolean destroys = (payload.unsignedAt(2) & PacketHeader.DESTROY) != 0;
            if (!isFromHere(datagram) && (destroys || !isFromNextDoor(datagram.source()))) {
                multiplexer.counters().count(Event.FIREWALLED);
                return;
            }
            lastPacketNanos = nowNanos;
            End other = this == initiator ? responder : initiator;
            if (other.remote != null
                    && other.outbox.size() < MAX_OUTBOX
                    && (destroys || guard.admits(this, payload.length(), nowNanos))) {
                datagrams++;
                bytes += payload.length();
                other.send(PacketHeader.readdressed(payload, other.remoteId));
            } else {
                multiplexer.counters().count(Event.NOT_FORWARDED);
            }
            if (destroys) {
                close();
                guard.closed(StreamRelay.this, nowNanos);
            }
        }

        private boolean isFromHere(Datagram datagram) {
            Address source = datagram.source();
            if (heard
                    && !source.equals(remote)
                    && !guard.hasMoved(this, datagram.socket(), source)) {
                return false;
            }
            if (!heard || !source.equals(remote)) {
                if (source.port() == 0) {
                    return false;
                }
                heard = true;
                socket = datagram.socket();
                remote = source;
            }
            return true;
        }

        /**
         * Whether something came from another port of the same host. The original repeats what it
         * sent before it left the relay, and does so from the socket that it uses now.
         */
        private boolean isFromNextDoor(Address source) {
            return remote != null && remote.host() == source.host();
        }

        private void send(Bytes packet) {
            outbox.add(packet);
            if (!touched) {
                touched = true;
                multiplexer.touch(this);
            }
        }

        void drain(Effects effects) {
            touched = false;
            LocalSocket from = socket;
            Address to = remote;
            for (Bytes packet = outbox.poll(); packet != null; packet = outbox.poll()) {
                if (from != null && to != null) {
                    multiplexer.counters().count(Event.FORWARDED);
                    if (PacketHeader.isPadded(packet)) {
                        effects.send(from, to, new Whole(packet));
                    } else {
                        effects.send(from, to, packet);
                    }
                }
            }
        }
    }

    /** A packet by which its sender finds out how large packets may be, all the way to its peer. */
    private record Whole(Bytes packet) implements Effects.Packet {

        @Override
        public int length() {
            return packet.length();
        }

        @Override
        public boolean isWhole() {
            return true;
        }

        @Override
        public void writeTo(ByteBuffer target) {
            packet.copyTo(target);
        }
    }

    StreamRelay(
            StreamMultiplexer multiplexer,
            Guard guard,
            int initiatorLocalId,
            int initiatorRemoteId,
            int responderLocalId,
            int responderRemoteId,
            long nowNanos) {
        this.multiplexer = multiplexer;
        this.guard = guard;
        this.initiator = new End(initiatorLocalId, initiatorRemoteId);
        this.responder = new End(responderLocalId, responderRemoteId);
        this.lastPacketNanos = nowNanos;
    }

    public End initiator() {
        return initiator;
    }

    public End responder() {
        return responder;
    }

    /** When the last packet came, from either end. */
    public long lastPacketNanos() {
        return lastPacketNanos;
    }

    public boolean isClosed() {
        return closed;
    }

    /** Forwards nothing more, and tells nobody. */
    public void close() {
        if (!closed) {
            closed = true;
            multiplexer.remove(initiator);
            multiplexer.remove(responder);
        }
    }
}
