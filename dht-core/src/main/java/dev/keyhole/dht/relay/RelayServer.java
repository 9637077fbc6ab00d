package dev.keyhole.dht.relay;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.dht.holepunch.Timers;
import dev.keyhole.dht.mux.Channel;
import dev.keyhole.dht.mux.ChannelMux;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.stream.Link;
import dev.keyhole.transport.udx.StreamMultiplexer;
import dev.keyhole.transport.udx.StreamRelay;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Joins the streams of clients that cannot reach each other ({@code docs/protocol.md}, "Blind
 * relay").
 *
 * <p>Two clients that name the same token, in different roles, get a stream forwarded between them.
 * Neither what it carries nor whom it connects is known here. Everything a client can fill is
 * limited for each key.
 */
public final class RelayServer {

    /**
     * How long is forwarded for a client whose connection has ended. The original leaves when it
     * hears its peer directly, and may still have to repeat what it sent through here.
     */
    static final long LEAVING_NANOS = SECONDS.toNanos(5);

    private final StreamMultiplexer streams;
    private final Timers timers;
    private final LongSupplier nowNanos;
    private final RelayLimits limits;
    private final Set<Session> sessions = new LinkedHashSet<>();
    private final Map<PublicKey, Allowance> allowances = new HashMap<>();

    /** Tokens of which one half is here, oldest first. */
    private final Map<Bytes, Pairing> waiting = new LinkedHashMap<>();

    private final Set<Pair> pairs = new LinkedHashSet<>();
    private Timers.@Nullable Timer expiry;
    private Timers.@Nullable Timer sweep;
    private @Nullable Runnable whenClosed;

    private long paired;
    private long expired;
    private long refused;
    private long datagrams;
    private long bytes;
    private long dropped;

    /** Where the connection with a client leads, which is where its streams come from. */
    public interface Whereabouts {

        @Nullable LocalSocket socket();

        @Nullable Address address();
    }

    /** One half of what is to become a pair. */
    private record Half(Session session, int streamId) {}

    /** A token and who named it. */
    private static final class Pairing {

        private final Bytes token;
        private final long dueNanos;
        private @Nullable Half initiator;
        private @Nullable Half responder;

        private Pairing(Bytes token, long dueNanos) {
            this.token = token;
            this.dueNanos = dueNanos;
        }

        private @Nullable Half half(boolean asInitiator) {
            return asInitiator ? initiator : responder;
        }

        private void put(boolean asInitiator, Half half) {
            if (asInitiator) {
                initiator = half;
            } else {
                responder = half;
            }
        }
    }

    /**
     * A relay without clients.
     *
     * @param nowNanos the time of the machine, for what links deliver
     */
    public RelayServer(
            StreamMultiplexer streams, Timers timers, LongSupplier nowNanos, RelayLimits limits) {
        this.streams = streams;
        this.timers = timers;
        this.nowNanos = nowNanos;
        this.limits = limits;
    }

    /** Serves a client. */
    public void accept(Link link, Whereabouts whereabouts) {
        Session session = new Session(link, whereabouts);
        sessions.add(session);
        allowance(session.key).connected();
        session.begin();
        scheduleSweep();
        session.endIfDone();
    }

    /**
     * Takes no more pairings. Those whose other half is still to come may finish; a client that
     * waits for none is let go at once.
     *
     * @param done runs when nobody is left
     */
    public void close(Runnable done) {
        whenClosed = done;
        sessions.forEach(session -> session.isFresh = false);
        endThoseDone();
        tellIfClosed();
    }

    private void endThoseDone() {
        List.copyOf(sessions).forEach(Session::endIfDone);
    }

    public RelayStatistics statistics() {
        long pendingDrops = allowances.values().stream().mapToLong(Allowance::dropped).sum();
        long moreDatagrams = 0;
        long moreBytes = 0;
        for (Pair pair : pairs) {
            moreDatagrams += pair.datagrams();
            moreBytes += pair.bytes();
        }
        return new RelayStatistics(
                sessions.size(),
                waiting.size(),
                pairs.size(),
                paired,
                expired,
                refused,
                datagrams + moreDatagrams,
                bytes + moreBytes,
                dropped + pendingDrops);
    }

    /** Bytes forwarded for each key that is connected. */
    public Map<PublicKey, Long> bytesByKey() {
        Map<PublicKey, Long> counts = new HashMap<>();
        allowances.forEach((key, allowance) -> counts.put(key, allowance.bytes()));
        return counts;
    }

    private Allowance allowance(PublicKey key) {
        return allowances.computeIfAbsent(key, k -> new Allowance(limits, nowNanos.getAsLong()));
    }

    private void forgetIfUnused(PublicKey key) {
        Allowance allowance = allowances.get(key);
        if (allowance != null && allowance.isUnused()) {
            dropped += allowance.dropped();
            allowances.remove(key);
        }
    }

    // pairing

    private void pair(Session session, PairMessage message) {
        Pairing pairing = waiting.get(message.token());
        if (pairing != null && pairing.half(message.initiator()) != null) {
            return;
        }
        Allowance allowance = allowance(session.key);
        boolean mayBegin = pairing != null || whenClosed == null && allowance.mayWait();
        boolean repeated = session.pairs.containsKey(message.token());
        if (!mayBegin || !allowance.mayPair() || repeated) {
            refused++;
            return;
        }
        if (pairing == null) {
            pairing = new Pairing(message.token(), nowNanos.getAsLong() + limits.waitNanos());
            waiting.put(message.token(), pairing);
            scheduleExpiry();
        }
        pairing.put(message.initiator(), new Half(session, message.streamId()));
        session.waiting.add(message.token());
        allowance.waiting(1);
        Half initiator = pairing.initiator;
        Half responder = pairing.responder;
        if (initiator != null && responder != null) {
            forget(pairing);
            join(message.token(), initiator, responder);
        }
    }

    private void join(Bytes token, Half initiator, Half responder) {
        Pair pair = new Pair(token, initiator, responder, nowNanos.getAsLong());
        paired++;
        pairs.add(pair);
        pair.confirm();
        if (whenClosed != null) {
            initiator.session.isFresh = false;
            responder.session.isFresh = false;
            endThoseDone();
        }
    }

    private void unpair(Session session, Bytes token) {
        Pairing pairing = waiting.get(token);
        if (pairing != null && session.waiting.contains(token)) {
            cancel(pairing);
            return;
        }
        Pair pair = session.pairs.get(token);
        if (pair != null) {
            pair.close();
        }
    }

    private void cancel(Pairing pairing) {
        forget(pairing);
        endThoseDone();
    }

    private void forget(Pairing pairing) {
        waiting.remove(pairing.token, pairing);
        for (boolean role : new boolean[] {true, false}) {
            Half half = pairing.half(role);
            if (half != null && half.session.waiting.remove(pairing.token)) {
                allowance(half.session.key).waiting(-1);
            }
        }
    }

    // what time brings

    private void scheduleExpiry() {
        Iterator<Pairing> oldest = waiting.values().iterator();
        if (expiry == null && oldest.hasNext()) {
            expiry = timers.at(oldest.next().dueNanos, this::expire);
        }
    }

    private void expire(long now) {
        expiry = null;
        List<Pairing> due = new ArrayList<>();
        for (Pairing pairing : waiting.values()) {
            if (pairing.dueNanos > now) {
                break;
            }
            due.add(pairing);
        }
        for (Pairing pairing : due) {
            expired++;
            cancel(pairing);
        }
        scheduleExpiry();
    }

    private void scheduleSweep() {
        if (sweep == null && !sessions.isEmpty()) {
            sweep = timers.at(nowNanos.getAsLong() + limits.idleNanos() / 2, this::sweep);
        }
    }

    /** Forgets pairs over which nothing comes any more, and clients that want nothing. */
    private void sweep(long now) {
        sweep = null;
        for (Pair pair : List.copyOf(pairs)) {
            if (now - pair.relay.lastPacketNanos() >= limits.idleNanos()) {
                pair.close();
            }
        }
        for (Session session : List.copyOf(sessions)) {
            session.endIfIdle(now);
        }
        scheduleSweep();
    }

    private void tellIfClosed() {
        Runnable done = whenClosed;
        if (done != null && sessions.isEmpty()) {
            done.run();
        }
    }

    /** A connected client. */
    private final class Session implements Channel.Listener {

        private final PublicKey key;
        private final Whereabouts whereabouts;
        private final ChannelMux mux;
        private final Set<Bytes> waiting = new HashSet<>();
        private final Map<Bytes, Pair> pairs = new HashMap<>();
        private @Nullable Channel channel;
        private long usedNanos = nowNanos.getAsLong();

        /** Whether it may yet bring the other half of what waits. */
        private boolean isFresh = true;

        private Session(Link link, Whereabouts whereabouts) {
            this.key = link.remotePublicKey();
            this.whereabouts = whereabouts;
            this.mux = new ChannelMux(link);
        }

        private void begin() {
            channel = mux.open(BlindRelay.channelOf(key), Bytes.EMPTY, this);
            mux.start();
        }

        @Override
        public void opened(Channel opened, Bytes handshake) {}

        @Override
        public void message(int type, Bytes message) throws MalformedException {
            usedNanos = nowNanos.getAsLong();
            if (type == PairMessage.TYPE) {
                pair(this, PairMessage.decode(message));
            } else if (type == UnpairMessage.TYPE) {
                unpair(this, UnpairMessage.decode(message).token());
            }
        }

        @Override
        public void closed(boolean byPeer) {
            if (!sessions.remove(this)) {
                return;
            }
            for (Bytes token : List.copyOf(waiting)) {
                Pairing pairing = RelayServer.this.waiting.get(token);
                if (pairing != null) {
                    cancel(pairing);
                }
            }
            for (Pair pair : List.copyOf(pairs.values())) {
                pair.leave();
            }
            allowance(key).disconnected();
            forgetIfUnused(key);
            mux.link().end();
            tellIfClosed();
        }

        private void send(PairMessage message) {
            if (channel != null) {
                channel.send(PairMessage.TYPE, message.encode());
            }
        }

        private void endIfDone() {
            boolean mayPair = isFresh && !RelayServer.this.waiting.isEmpty();
            if (whenClosed != null && waiting.isEmpty() && !mayPair) {
                end();
            }
        }

        private void endIfIdle(long now) {
            if (waiting.isEmpty() && pairs.isEmpty() && now - usedNanos >= limits.idleNanos()) {
                end();
            }
        }

        private void end() {
            if (channel != null) {
                channel.close();
            }
        }
    }

    /** A stream that is forwarded. */
    private final class Pair implements StreamRelay.Guard {

        private final Bytes token;
        private final Half initiator;
        private final Half responder;
        private final StreamRelay relay;
        private boolean leaving;

        private Pair(Bytes token, Half initiator, Half responder, long now) {
            this.token = token;
            this.initiator = initiator;
            this.responder = responder;
            this.relay = streams.relay(initiator.streamId, responder.streamId, this, now);
            put(initiator, relay.initiator());
            put(responder, relay.responder());
        }

        private void put(Half half, StreamRelay.End end) {
            half.session.pairs.put(token, this);
            allowance(half.session.key).paired(1);
            LocalSocket socket = half.session.whereabouts.socket();
            Address address = half.session.whereabouts.address();
            if (socket != null && address != null) {
                end.expectAt(socket, address);
            }
        }

        private void confirm() {
            int initiatorId = relay.initiator().localId();
            int responderId = relay.responder().localId();
            initiator.session.send(new PairMessage(true, token, initiatorId, 0));
            responder.session.send(new PairMessage(false, token, responderId, 0));
        }

        private Half halfOf(StreamRelay.End end) {
            return end == relay.initiator() ? initiator : responder;
        }

        private long datagrams() {
            return relay.initiator().datagrams() + relay.responder().datagrams();
        }

        private long bytes() {
            return relay.initiator().bytes() + relay.responder().bytes();
        }

        @Override
        public boolean admits(StreamRelay.End from, int count, long now) {
            Session session = halfOf(from).session;
            session.usedNanos = now;
            Allowance allowance = allowances.get(session.key);
            return allowance != null && allowance.take(count, now);
        }

        @Override
        public boolean hasMoved(StreamRelay.End end, LocalSocket socket, Address source) {
            return source.equals(halfOf(end).session.whereabouts.address());
        }

        @Override
        public void closed(StreamRelay closed, long now) {
            close();
        }

        /** Goes on for a little while without one of the two connections. */
        private void leave() {
            if (whenClosed != null) {
                close();
            } else if (!leaving) {
                leaving = true;
                timers.at(nowNanos.getAsLong() + LEAVING_NANOS, now -> close());
            }
        }

        private void close() {
            if (!pairs.remove(this)) {
                return;
            }
            relay.close();
            datagrams += datagrams();
            bytes += bytes();
            remove(initiator);
            remove(responder);
        }

        private void remove(Half half) {
            half.session.pairs.remove(token, this);
            half.session.usedNanos = nowNanos.getAsLong();
            allowance(half.session.key).paired(-1);
            forgetIfUnused(half.session.key);
        }
    }
}
