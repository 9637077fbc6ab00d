package dev.keyhole.dht.holepunch;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;

/**
 * Sockets that one attempt to punch holds for itself, each with a NAT mapping of its own.
 *
 * <p>A socket closes when nobody holds it: neither the attempt it was opened for nor a stream that
 * runs over it.
 */
public final class PunchSockets {

    /** How many may be open at a time for one node, on top of those that streams run over. */
    static final int MAX_OPEN = 1024;

    /** Enough hops to leave the own NAT behind, and too few to get to another one. */
    static final int OPENING_HOPS = 5;

    private static final Bytes PROBE = Bytes.of(0);
    private static final int ALL_THE_WAY = 0;

    private final Map<Integer, Holder> opening = new HashMap<>();
    private final Map<LocalSocket, Entry> open = new HashMap<>();
    private final Queue<Outgoing> outgoing = new ArrayDeque<>();
    private final Queue<Integer> wanted = new ArrayDeque<>();
    private final Queue<LocalSocket> unwanted = new ArrayDeque<>();
    private int requests;
    private long opened;
    private long closed;

    private record Outgoing(LocalSocket socket, Address to, int hops) {}

    private static final class Entry {
        private Holder holder;
        private int holds = 1;

        private Entry(Holder holder) {
            this.holder = holder;
        }
    }

    /** Who asked for a socket. */
    public interface Holder {

        void opened(LocalSocket socket, long nowNanos);

        void notOpened(long nowNanos);

        /** A one-byte datagram came in. */
        void probed(LocalSocket socket, Address from, long nowNanos);
    }

    private static final Holder NOBODY =
            new Holder() {
                @Override
                public void opened(LocalSocket socket, long nowNanos) {}

                @Override
                public void notOpened(long nowNanos) {}

                @Override
                public void probed(LocalSocket socket, Address from, long nowNanos) {}
            };

    /** Opens another socket, unless too many are; the holder hears of it, maybe at once. */
    public void acquire(Holder holder, long nowNanos) {
        if (opening.size() + open.size() >= MAX_OPEN) {
            holder.notOpened(nowNanos);
            return;
        }
        int request = ++requests;
        opening.put(request, holder);
        wanted.add(request);
    }

    /** Sends a probe that is to arrive. */
    public void probe(LocalSocket socket, Address to) {
        probe(socket, to, ALL_THE_WAY);
    }

    /** Sends a probe that opens the own NAT, and that the other side better never sees. */
    public void openingProbe(LocalSocket socket, Address to) {
        probe(socket, to, OPENING_HOPS);
    }

    private void probe(LocalSocket socket, Address to, int hops) {
        if (to.port() != 0 && open.containsKey(socket)) {
            outgoing.add(new Outgoing(socket, to, hops));
        }
    }

    /**
     * Has a firewall on this very host expect what will come from an address in the own network: a
     * byte goes there, from any socket of the node's, and means nothing to whoever gets it.
     */
    public void expect(LocalSocket socket, Address from) {
        if (from.port() != 0 && from.isPrivate()) {
            outgoing.add(new Outgoing(socket, from, ALL_THE_WAY));
        }
    }

    /** A stream runs over this socket from now on, if it is one of these. */
    public void hold(LocalSocket socket) {
        Entry entry = open.get(socket);
        if (entry != null) {
            entry.holds++;
        }
    }

    /** The one who opened it, or a stream over it, needs it no more. */
    public void release(LocalSocket socket) {
        Entry entry = open.get(socket);
        if (entry != null && --entry.holds == 0) {
            open.remove(socket);
            closed++;
            unwanted.add(socket);
        }
    }

    /** The one who opened it gives it up; its probes go nowhere. */
    public void giveUp(LocalSocket socket) {
        Entry entry = open.get(socket);
        if (entry != null) {
            entry.holder = NOBODY;
            release(socket);
        }
    }

    public boolean isOneOf(LocalSocket socket) {
        return open.containsKey(socket);
    }

    public int size() {
        return open.size();
    }

    /** Sockets there have ever been. */
    public long openedSockets() {
        return opened;
    }

    /** Those of them that are no more. */
    public long closedSockets() {
        return closed;
    }

    public void opened(int request, LocalSocket socket, long nowNanos) {
        Holder holder = opening.remove(request);
        if (holder == null) {
            unwanted.add(socket);
            return;
        }
        opened++;
        open.put(socket, new Entry(holder));
        holder.opened(socket, nowNanos);
    }

    public void openFailed(int request, long nowNanos) {
        Holder holder = opening.remove(request);
        if (holder != null) {
            holder.notOpened(nowNanos);
        }
    }

    /** Takes in a one-byte datagram; on the node's other sockets they mean nothing. */
    public void receive(Datagram datagram, long nowNanos) {
        Entry entry = open.get(datagram.socket());
        if (entry != null && datagram.source().port() != 0) {
            entry.holder.probed(datagram.socket(), datagram.source(), nowNanos);
        }
    }

    public void drain(Effects effects) {
        Integer request;
        while ((request = wanted.poll()) != null) {
            effects.open(request);
        }
        Outgoing probe;
        while ((probe = outgoing.poll()) != null) {
            if (probe.hops() == ALL_THE_WAY) {
                effects.send(probe.socket(), probe.to(), PROBE);
            } else {
                effects.sendNearby(probe.socket(), probe.to(), PROBE, probe.hops());
            }
        }
        LocalSocket socket;
        while ((socket = unwanted.poll()) != null) {
            effects.close(socket);
        }
    }
}
