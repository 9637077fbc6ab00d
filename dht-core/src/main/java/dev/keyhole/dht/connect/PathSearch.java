package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.dht.connect.ConnectFailure.Cause;
import dev.keyhole.dht.holepunch.NatType;
import dev.keyhole.dht.holepunch.Timers;
import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.request.Answer;
import dev.keyhole.dht.request.PendingRequest;
import dev.keyhole.dht.request.ReplyListener;
import dev.keyhole.dht.request.RequestFailure;
import dev.keyhole.dht.request.RequestSpec;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.udx.UdxStream;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Looks for ways to a server that has answered, likeliest first, and has the stream try them all
 * until one proves itself ({@code docs/protocol.md}, "Which way to the server").
 *
 * <p>Ways come from several sources. The search has failed when no source is at work any more and
 * every way that they named has had its time.
 */
final class PathSearch implements PeerStream.Owner, ClientPunch.Owner, RelayPlan.Owner {

    /** How many local addresses of the server are tried. */
    static final int MAX_LAN_CANDIDATES = 8;

    /** How many addresses at which the server says it is open are tried. */
    static final int MAX_PUBLIC_CANDIDATES = 4;

    /** How long one address goes before the next is tried as well. */
    static final long STAGGER_NANOS = MILLISECONDS.toNanos(150);

    /** The same for what is not likely to be needed. */
    static final long LAST_RESORT_NANOS = MILLISECONDS.toNanos(300);

    /** How long a server that calls itself open has before it is punched for, if it can be. */
    static final long PUNCH_ANYWAY_NANOS = SECONDS.toNanos(1);

    static final long PASSIVE_WAIT_NANOS = SECONDS.toNanos(10);

    private final Surroundings around;
    private final ConnectSpec spec;
    private final Reached to;
    private final @Nullable RelayPlan relay;
    private @Nullable Upgrades upgrades;
    private final RawInlet inlet;
    private final UdxStream raw;
    private final Trail trail;
    private final Owner owner;

    private final Set<Source> atWork = EnumSet.noneOf(Source.class);
    private final Deque<Guess> guesses = new ArrayDeque<>();
    private final Set<PendingRequest> requests = new HashSet<>();
    private final Set<Timers.Timer> timers = new HashSet<>();
    private @Nullable PeerStream stream;
    private boolean waysAreOpen;
    private int lanInFlight;
    private @Nullable ClientPunch punch;
    private Cause failure = Cause.CANNOT_HOLEPUNCH;
    private String failureText = "it has no relay to punch through";
    private boolean proved;
    private boolean over;

    /** Where ways to the server come from. */
    private enum Source {
        /** Addresses that are known from the handshake. */
        ADDRESSES,
        /** The server's addresses on the own network. */
        LOCAL,
        /** The server, which was told where we are. */
        SERVER,
        /** Holes in both NATs. */
        PUNCH,
        /** Somebody who forwards. */
        RELAY
    }

    /** A way that waits for its turn. */
    private record Guess(LocalSocket socket, Address address) {}

    /** Who wants the path. */
    interface Owner {

        /** The server has proved its key; the stream is open. */
        void connected(PeerStream stream, long nowNanos);

        /** A stream that was open is over. */
        void closed(PeerStream stream, CloseReason reason, long nowNanos);

        /** No way leads there. */
        void noPath(Cause cause, String why, long nowNanos);
    }

    /**
     * A search that has not begun.
     *
     * @param choice the blind relay that both sides know of, if any
     */
    PathSearch(
            Surroundings around,
            ConnectSpec spec,
            Reached to,
            RelayPlan.@Nullable Choice choice,
            RawInlet inlet,
            UdxStream raw,
            Trail trail,
            Owner owner) {
        this.around = around;
        this.spec = spec;
        this.to = to;
        // Whoever can reach us, or is asked directly, asks no relay.
        this.relay =
                choice == null || !to.relayed() || to.saidOpen()
                        ? null
                        : new RelayPlan(around, choice, raw.localId(), this);
        this.inlet = inlet;
        this.raw = raw;
        this.trail = trail;
        this.owner = owner;
        trail.step = Evidence.Step.PATH;
        trail.remoteNat = to.payload().firewall();
    }

    /** A search for another way for a stream that there is. It ends when it is stopped. */
    PathSearch(
            Surroundings around,
            ConnectSpec spec,
            Reached to,
            RawInlet inlet,
            UdxStream raw,
            PeerStream running,
            Trail trail) {
        this(around, spec, to, null, inlet, raw, trail, new Nobody());
        stream = running;
        proved = true;
    }

    /** Whoever needs not be told, since the stream has an owner already. */
    private static final class Nobody implements Owner {

        @Override
        public void connected(PeerStream stream, long nowNanos) {}

        @Override
        public void closed(PeerStream stream, CloseReason reason, long nowNanos) {}

        @Override
        public void noPath(Cause cause, String why, long nowNanos) {}
    }

    void start(long nowNanos) {
        NoisePayload payload = to.payload();
        boolean elsewhere = !to.serverAddress().equals(to.relayAddress());
        LocalSocket main = around.rpc().mainSocket();
        long localDelay = LAST_RESORT_NANOS;
        if (!to.relayed()) {
            boolean punched = around.punchSockets().isOneOf(to.socket());
            Path path = punched ? Path.PUNCHED : Path.DIRECT;
            tryWay(to.socket(), to.relayAddress(), path, nowNanos);
        } else if (payload.firewall() == NatType.OPEN || (elsewhere && !to.isPunchable())) {
            publicAddresses().forEach(address -> guess(main, address));
            punchLater(nowNanos);
        } else if (to.saidOpen()) {
            begin(Source.SERVER);
            // Where the server comes from, its NAT lets us in too.
            at(nowNanos + LAST_RESORT_NANOS, now -> tryWay(main, to.serverAddress(), now));
            at(nowNanos + PASSIVE_WAIT_NANOS, this::serverDidNotCome);
            punchLater(nowNanos);
        } else {
            localDelay = 0;
            punch(nowNanos);
        }
        if (spec.localConnection() && to.relayed() && elsewhere && to.isOnSameHost()) {
            begin(Source.LOCAL);
            if (localDelay == 0) {
                tryLocalAddresses(nowNanos);
            } else {
                at(nowNanos + localDelay, this::tryLocalAddresses);
            }
        }
        begin(Source.ADDRESSES);
        if (relay != null) {
            begin(Source.RELAY);
            relay.askLater(nowNanos);
        }
        tryNextGuess(nowNanos);
    }

    private void begin(Source source) {
        atWork.add(source);
    }

    private void done(Source source, long nowNanos) {
        atWork.remove(source);
        giveUpIfNothingIsLeft(nowNanos);
    }

    private void giveUpIfNothingIsLeft(long nowNanos) {
        if (relay != null && !over && !waysAreOpen && atWork.equals(EnumSet.of(Source.RELAY))) {
            relay.ask(nowNanos);
        }
        if (!over && !proved && atWork.isEmpty() && !waysAreOpen) {
            if (stream != null && failure == Cause.CANNOT_HOLEPUNCH) {
                failure = Cause.PATH_DEAD;
                failureText = "nothing came back";
            }
            fail(failure, failureText, nowNanos);
        }
    }

    private void fail(Cause cause, String why, long nowNanos) {
        String ways =
                trail.ways.isEmpty() ? "" : "; tried were " + trail.evidence(nowNanos).waysText();
        cancel(why, nowNanos);
        owner.noPath(
                cause,
                spec.remote() + " answered, but no way to it was found: " + why + ways,
                nowNanos);
    }

    // addresses that are known

    private void guess(LocalSocket socket, Address address) {
        guesses.add(new Guess(socket, address));
    }

    private void tryNextGuess(long nowNanos) {
        Guess next = guesses.poll();
        if (next != null) {
            tryWay(next.socket, next.address, nowNanos);
        }
        if (guesses.isEmpty()) {
            done(Source.ADDRESSES, nowNanos);
        } else {
            at(nowNanos + STAGGER_NANOS, this::tryNextGuess);
        }
    }

    private void tryWay(LocalSocket socket, Address address, long nowNanos) {
        tryWay(socket, address, Path.DIRECT, nowNanos);
    }

    /** Where the server says that it is open, and then where the relay sees it. */
    private List<Address> publicAddresses() {
        List<Address> addresses = new ArrayList<>();
        for (Address address : to.payload().addresses4()) {
            boolean usable = !address.isBogon() && address.port() != 0;
            if (usable
                    && addresses.size() < MAX_PUBLIC_CANDIDATES
                    && !addresses.contains(address)) {
                addresses.add(address);
            }
        }
        if (!addresses.contains(to.serverAddress())) {
            addresses.add(to.serverAddress());
        }
        return addresses;
    }

    private void serverDidNotCome(long nowNanos) {
        failure = Cause.HOLEPUNCH_ABORTED;
        failureText = "it did not come to our open address in 10 s";
        done(Source.SERVER, nowNanos);
    }

    // the own network

    /**
     * Sends the same handshake straight to the server's local addresses: whoever answers with the
     * same bytes is the server, and the way there works.
     */
    private void tryLocalAddresses(long nowNanos) {
        Bytes value = HandshakeValue.fromClient(to.handshake().message()).encode();
        List<Address> candidates = localCandidates(to.payload().addresses4());
        lanInFlight = candidates.size();
        if (candidates.isEmpty()) {
            done(Source.LOCAL, nowNanos);
        }
        for (Address address : candidates) {
            RequestSpec request =
                    RequestSpec.of(address, Command.PEER_HANDSHAKE)
                            .withSocket(around.rpc().serverSocket())
                            .withTarget(spec.remote().target())
                            .withValue(value);
            requests.add(around.rpc().request(request, new LocalReply(address), nowNanos));
        }
    }

    private final class LocalReply implements ReplyListener {

        private final Address address;

        private LocalReply(Address address) {
            this.address = address;
        }

        @Override
        public void answered(Answer answer, long nowNanos) {
            HandshakeValue reply = HandshakeValue.replyIn(answer.value());
            if (reply != null && reply.noise().equals(to.noise())) {
                tryWay(answer.socket(), address, Path.LAN, nowNanos);
            }
            left(nowNanos);
        }

        @Override
        public void failed(RequestFailure why, long nowNanos) {
            left(nowNanos);
        }

        private void left(long nowNanos) {
            lanInFlight--;
            if (lanInFlight == 0) {
                done(Source.LOCAL, nowNanos);
            }
        }
    }

    private List<Address> localCandidates(List<Address> theirs) {
        List<Address> ours = around.rpc().localAddresses();
        List<Address> candidates = new ArrayList<>();
        for (Address address : theirs) {
            boolean usable = !address.isReserved() && address.port() != 0;
            if (usable && !ours.contains(address) && !candidates.contains(address)) {
                candidates.add(address);
            }
        }
        Address best = LanMatch.best(ours, candidates);
        if (best != null) {
            candidates.remove(best);
            candidates.add(0, best);
        }
        return candidates.subList(0, Math.min(candidates.size(), MAX_LAN_CANDIDATES));
    }

    // holes in NATs

    /** Punches if nothing came of what should have been easier. */
    private void punchLater(long nowNanos) {
        if (to.isPunchable() && spec.punching()) {
            begin(Source.PUNCH);
            at(nowNanos + PUNCH_ANYWAY_NANOS, this::punch);
        }
    }

    private void punch(long nowNanos) {
        NoisePayload.Holepunch offer = to.payload().holepunch();
        if (offer == null || !to.isPunchable()) {
            return;
        }
        if (!spec.punching()) {
            failure = Cause.HOLEPUNCH_ABORTED;
            failureText = "punching was not wanted";
            return;
        }
        begin(Source.PUNCH);
        ClientPunch made = new ClientPunch(around, spec, to, offer, trail, this);
        punch = made;
        made.start(nowNanos);
    }

    /** A probe came back. That may be an echo of the first one, so the negotiation goes on. */
    @Override
    public void punched(LocalSocket socket, Address server, long nowNanos) {
        tryWay(socket, server, Path.PUNCHED, nowNanos);
    }

    @Override
    public void punchFailed(Cause cause, String why, long nowNanos) {
        punch = null;
        failure = cause;
        failureText = why;
        done(Source.PUNCH, nowNanos);
    }

    @Override
    public boolean isRelayed() {
        return proved && stream != null && stream.path() == Path.RELAYED;
    }

    private void endPunch(long nowNanos) {
        if (punch != null) {
            punch.destroy(nowNanos);
            punch = null;
        }
    }

    // a blind relay

    @Override
    public void relayPaired(LocalSocket socket, Address address, int relayStreamId, long nowNanos) {
        tryWay(socket, address, relayStreamId, Path.RELAYED, nowNanos);
        done(Source.RELAY, nowNanos);
    }

    @Override
    public void relayLost(String why, long nowNanos) {
        PeerStream running = stream;
        if (!proved) {
            failureText += "; " + why;
            failure = Cause.RELAY_ABORTED;
            done(Source.RELAY, nowNanos);
        } else if (running != null && running.path() == Path.RELAYED) {
            running.destroy(new CloseReason.Unreachable(why), nowNanos);
        }
    }

    // the stream

    /** The server's packets came in from here before we had been anywhere. */
    void knocked(LocalSocket socket, Address source, long nowNanos) {
        if (isRelay(source)) {
            return;
        }
        boolean punched = around.punchSockets().isOneOf(socket);
        tryWay(socket, source, punched ? Path.PUNCHED : Path.DIRECT, nowNanos);
    }

    private void tryWay(LocalSocket socket, Address address, Path path, long nowNanos) {
        tryWay(socket, address, to.udx().id(), path, nowNanos);
    }

    private void tryWay(LocalSocket socket, Address address, int id, Path path, long nowNanos) {
        if (over) {
            return;
        }
        trail.tried(path, address);
        waysAreOpen = true;
        if (stream == null) {
            PeerStream made =
                    new PeerStream(around, to.session(), raw, to.udx().id(), this, nowNanos);
            stream = made;
            made.candidate(socket, address, id, path, nowNanos);
            made.read(inlet, nowNanos);
        } else {
            stream.candidate(socket, address, id, path, nowNanos);
        }
    }

    @Override
    public boolean isRelay(Address source) {
        return relay != null && relay.isFrom(source);
    }

    @Override
    public void proved(PeerStream provedStream, long nowNanos) {
        if (over) {
            return;
        }
        proved = true;
        settleIfDirect(provedStream, nowNanos);
        owner.connected(provedStream, nowNanos);
    }

    @Override
    public void moved(PeerStream movedStream, long nowNanos) {
        settleIfDirect(movedStream, nowNanos);
    }

    /** A relay is a way, but not the last word. */
    private void settleIfDirect(PeerStream found, long nowNanos) {
        if (found.path() == Path.RELAYED) {
            upgradeLater(found, nowNanos);
            return;
        }
        stop(nowNanos);
        if (relay != null) {
            relay.outgrown(found, nowNanos);
        }
    }

    private void upgradeLater(PeerStream relayed, long nowNanos) {
        if (upgrades == null && to.udx().resumable()) {
            upgrades = new Upgrades(around, spec, raw, inlet, relayed, to.udx().id(), nowNanos);
            upgrades.start(nowNanos);
        }
    }

    @Override
    public void pathless(PeerStream pathless, long nowNanos) {
        waysAreOpen = false;
        giveUpIfNothingIsLeft(nowNanos);
    }

    @Override
    public void closed(PeerStream closed, CloseReason reason, long nowNanos) {
        if (proved) {
            stop(nowNanos);
            if (relay != null) {
                relay.endLater(nowNanos);
            }
            owner.closed(closed, reason, nowNanos);
        } else if (!over) {
            fail(Cause.PATH_DEAD, reason.text(), nowNanos);
        }
    }

    // the end

    /** Gives the search up; the owner hears nothing more. */
    void cancel(String why, long nowNanos) {
        if (over) {
            return;
        }
        over = true;
        stop(nowNanos);
        if (relay != null) {
            relay.end(nowNanos);
        }
        if (stream != null) {
            stream.destroy(new CloseReason.ByUs(why), nowNanos);
        } else {
            raw.destroy(nowNanos);
        }
    }

    /** Looks no further; what runs goes on. */
    void stop(long nowNanos) {
        over = true;
        if (upgrades != null) {
            upgrades.stop(nowNanos);
            upgrades = null;
        }
        guesses.clear();
        atWork.clear();
        endPunch(nowNanos);
        timers.forEach(Timers.Timer::cancel);
        timers.clear();
        List<PendingRequest> open = new ArrayList<>(requests);
        requests.clear();
        open.forEach(request -> request.cancel(nowNanos));
    }

    private void at(long deadlineNanos, Timers.Task task) {
        timers.add(around.timers().at(deadlineNanos, task));
    }
}
