package dev.keyhole.dht.holepunch;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.node.RpcNode;
import dev.keyhole.dht.request.Answer;
import dev.keyhole.dht.request.PendingRequest;
import dev.keyhole.dht.request.ReplyListener;
import dev.keyhole.dht.request.RequestFailure;
import dev.keyhole.dht.request.RequestSpec;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One side's work to open a way to one peer: a socket of its own, what its NAT makes of it, and the
 * probes that open the way ({@code docs/protocol.md}, "Punching").
 *
 * <p>Only the side that began takes a probe for success; the other answers each probe with one and
 * waits for the stream. What the two sides tell each other is their owners' business.
 */
public final class Puncher implements PunchSockets.Holder {

    static final int MAX_REOPENS = 3;
    static final int MAX_SOCKETS = 256;
    static final int SAMPLES = NatAnalysis.MIN_SAMPLES;
    static final int SKIPPED_NODES = 5;
    static final int ENOUGH_NODES = 8;

    static final long ROUND_NANOS = SECONDS.toNanos(1);
    static final int ROUNDS = 10;
    static final int UNVERIFIED_EVERY = 4;

    /** When nodes are asked once more how they see the socket: it should have worked by then. */
    static final int LOOK_AGAIN_ROUND = 4;

    static final long GUESS_NANOS = MILLISECONDS.toNanos(20);
    static final int GUESSES = 1750;
    static final long BIRTHDAY_PAUSE_NANOS = MILLISECONDS.toNanos(100);

    /** How many addresses of the peer are probed, whatever it claims. */
    static final int MAX_REMOTE_ADDRESSES = 8;

    private static final int FIRST_GUESSED_PORT = 1000;

    private final RpcNode rpc;
    private final Timers timers;
    private final PunchSockets sockets;
    private final RandomPunches randomPunches;
    private final Random entropy;
    private final boolean initiator;
    private final boolean distrusted;
    private final Owner owner;

    /** As it was in the beginning: the peer has been told, in one way or another. */
    private final boolean firewalled;

    private final List<LocalSocket> held = new ArrayList<>();
    private final List<Waiter> waiters = new ArrayList<>();
    private final Set<PendingRequest> pings = new HashSet<>();
    private final Set<Address> asked = new HashSet<>();

    private @Nullable LocalSocket socket;
    private NatAnalysis nat;
    private boolean secondPass;
    private int reopened;

    private NatType remoteType;
    private List<Remote> remotes = List.of();
    private boolean remotePunching;

    private boolean punching;
    private boolean guessing;
    private int step;
    private int turn;
    private boolean allOpen;
    private Timers.@Nullable Timer timer;
    private Timers.@Nullable Timer patience;
    private boolean over;

    /** Who wants the way opened. */
    public interface Owner {

        /** The socket is there, and its NAT is being looked at; called once. */
        void opened(LocalSocket socket, long nowNanos);

        /** A probe came through. For the side that began this is success; nothing follows. */
        void punched(LocalSocket socket, Address peer, long nowNanos);

        /** No socket, or the strategy has come to its end without success; nothing follows. */
        void exhausted(long nowNanos);
    }

    /** Who waits for the analysis. */
    @FunctionalInterface
    public interface Waiter {

        /**
         * All that can be known is known.
         *
         * @param stable whether there is a strategy that may work
         */
        void analyzed(boolean stable, long nowNanos);
    }

    private record Remote(Address address, boolean verified) {}

    /**
     * Prepares to punch.
     *
     * @param initiator whether this is the client's side
     * @param distrusted whether a verdict of the own NAT has just failed: the next is RANDOM then
     */
    public Puncher(
            RpcNode rpc,
            Timers timers,
            PunchSockets sockets,
            RandomPunches randomPunches,
            Random entropy,
            boolean initiator,
            boolean distrusted,
            NatType remoteType,
            Owner owner) {
        this.rpc = rpc;
        this.timers = timers;
        this.sockets = sockets;
        this.randomPunches = randomPunches;
        this.entropy = entropy;
        this.initiator = initiator;
        this.distrusted = distrusted;
        this.remoteType = remoteType;
        this.owner = owner;
        this.firewalled = rpc.isFirewalled();
        this.nat = new NatAnalysis(firewalled, distrusted);
    }

    /** Asks for the socket. */
    public void open(long nowNanos) {
        sockets.acquire(this, nowNanos);
    }

    /** The socket to speak to the peer and about it from. */
    public @Nullable LocalSocket socket() {
        return socket;
    }

    public NatAnalysis nat() {
        return nat;
    }

    public NatType remoteType() {
        return remoteType;
    }

    public boolean isRemotePunching() {
        return remotePunching;
    }

    public boolean isPunching() {
        return punching;
    }

    public boolean isOver() {
        return over;
    }

    /** Whether a strategy that guesses ports would be needed. */
    public boolean needsGuessing() {
        return remoteType == NatType.RANDOM || nat.type() == NatType.RANDOM;
    }

    /** Takes in how a remote saw the socket. */
    public void sample(Address seenAs, Address by, long nowNanos) {
        nat.add(seenAs, by, nowNanos);
        settleIfDecided(nowNanos);
    }

    /**
     * Takes in what the peer says of itself. Addresses that are no peer's, or that lie in a private
     * network where the peer was not seen, are not believed. Who is open and lists nothing, as the
     * original does, is where it was seen.
     *
     * @param observed where the peer was seen
     * @param verified whether it has proved to be at that host
     */
    public void remote(
            boolean isPunching,
            NatType type,
            @Nullable List<Address> addresses,
            Address observed,
            boolean verified) {
        List<Address> claimed = addresses == null ? List.of() : addresses;
        if (claimed.isEmpty() && type == NatType.OPEN) {
            claimed = List.of(observed);
        }
        List<Remote> updated = new ArrayList<>();
        for (Address address : claimed) {
            boolean observedHost = address.host() == observed.host();
            boolean plausible = !address.isReserved() && (observedHost || !address.isPrivate());
            if (plausible && updated.size() < MAX_REMOTE_ADDRESSES) {
                boolean proved = (verified && observedHost) || isVerified(address);
                updated.add(new Remote(address, proved));
            }
        }
        remotes = updated;
        remoteType = type;
        remotePunching = isPunching;
    }

    private boolean isVerified(Address address) {
        return remotes.stream().anyMatch(r -> r.verified && r.address.host() == address.host());
    }

    /** Sends one probe that is to arrive. */
    public void probe(Address to) {
        LocalSocket from = socket;
        if (from != null && !over) {
            sockets.probe(from, to);
        }
    }

    /** Opens the own NAT for what will come from there; what it sends is not to arrive. */
    public void openFor(Address peer) {
        LocalSocket from = socket;
        if (from != null && !over) {
            sockets.openingProbe(from, peer);
        }
    }

    /**
     * Waits for the analysis.
     *
     * @param reopen whether to try fresh sockets if this one shows no way
     */
    public void analyze(boolean reopen, Waiter waiter, long nowNanos) {
        if (!isDecided(nowNanos)) {
            waiters.add(
                    (stable, now) -> {
                        if (stable || !reopen) {
                            waiter.analyzed(stable, now);
                        } else {
                            reopen(waiter, now);
                        }
                    });
        } else if (isStable() || !reopen) {
            waiter.analyzed(isStable(), nowNanos);
        } else {
            reopen(waiter, nowNanos);
        }
    }

    private boolean isDecided(long nowNanos) {
        return socket != null && nat.decided(nowNanos);
    }

    /** Whether this side's NAT leaves a strategy. */
    private boolean isStable() {
        NatType own = nat.type();
        return own != NatType.UNKNOWN && !(own == NatType.RANDOM && remoteType == NatType.RANDOM);
    }

    private void reopen(Waiter waiter, long nowNanos) {
        LocalSocket before = socket;
        if (over || punching || before == null || reopened >= MAX_REOPENS) {
            waiter.analyzed(isConsistent(nat.type()), nowNanos);
            return;
        }
        reopened++;
        socket = null;
        held.remove(before);
        sockets.giveUp(before);
        nat = new NatAnalysis(firewalled, distrusted);
        asked.clear();
        secondPass = false;
        cancelPings(nowNanos);
        waiters.add(
                (stable, now) -> {
                    if (stable) {
                        waiter.analyzed(true, now);
                    } else {
                        reopen(waiter, now);
                    }
                });
        sockets.acquire(this, nowNanos);
    }

    /**
     * Begins to probe, if there is a strategy for these two NATs.
     *
     * @return whether there is, or was before
     */
    public boolean punch(long nowNanos) {
        if (punching) {
            return true;
        }
        if (over || socket == null || remotes.isEmpty()) {
            return false;
        }
        boolean own = isConsistent(nat.type());
        boolean theirs = isConsistent(remoteType);
        Remote verified = remotes.stream().filter(Remote::verified).findFirst().orElse(null);
        if (own && theirs) {
            punching = true;
            // The other side has just probed us, or is about to.
            schedule(nowNanos + (initiator ? 0 : ROUND_NANOS), this::probeAll);
            return true;
        }
        if (verified == null || (!own && nat.type() != NatType.RANDOM)) {
            return false;
        }
        if (own && remoteType == NatType.RANDOM) {
            beginGuessing();
            guessPort(verified.address, nowNanos);
            return true;
        }
        if (nat.type() == NatType.RANDOM && theirs) {
            beginGuessing();
            openBirthdaySockets(verified.address, nowNanos);
            return true;
        }
        return false;
    }

    private static boolean isConsistent(NatType type) {
        return type == NatType.CONSISTENT || type == NatType.OPEN;
    }

    private void probeAll(long nowNanos) {
        if (step++ == ROUNDS) {
            exhaust(nowNanos);
            return;
        }
        for (Remote remote : remotes) {
            if (remote.verified || step % UNVERIFIED_EVERY == 0) {
                probe(remote.address);
            }
        }
        if (step == LOOK_AGAIN_ROUND) {
            lookAgain(nowNanos);
        }
        schedule(nowNanos + ROUND_NANOS, this::probeAll);
    }

    private void beginGuessing() {
        punching = true;
        guessing = true;
        randomPunches.begin();
    }

    private void guessPort(Address host, long nowNanos) {
        if (step++ == GUESSES) {
            exhaust(nowNanos);
            return;
        }
        int port = FIRST_GUESSED_PORT + entropy.nextInt(65536 - FIRST_GUESSED_PORT);
        probe(host.withPort(port));
        schedule(nowNanos + GUESS_NANOS, now -> guessPort(host, now));
    }

    private void openBirthdaySockets(Address peer, long nowNanos) {
        for (int i = held.size(); i < MAX_SOCKETS; i++) {
            sockets.acquire(new BirthdaySocket(peer), nowNanos);
        }
        schedule(nowNanos + BIRTHDAY_PAUSE_NANOS, now -> probeInTurn(peer, now));
    }

    private void probeInTurn(Address peer, long nowNanos) {
        if (step++ == GUESSES) {
            exhaust(nowNanos);
            return;
        }
        if (turn >= held.size()) {
            turn = 0;
            allOpen = true;
        }
        LocalSocket next = held.get(turn++);
        if (allOpen) {
            sockets.probe(next, peer);
        } else {
            sockets.openingProbe(next, peer);
        }
        schedule(nowNanos + GUESS_NANOS, now -> probeInTurn(peer, now));
    }

    /** Ends the work; a socket that a stream runs over stays. The owner hears nothing more. */
    public void destroy(long nowNanos) {
        if (over) {
            return;
        }
        over = true;
        waiters.clear();
        if (timer != null) {
            timer.cancel();
        }
        if (patience != null) {
            patience.cancel();
        }
        if (guessing) {
            randomPunches.end(nowNanos);
        }
        cancelPings(nowNanos);
        held.forEach(sockets::giveUp);
        held.clear();
    }

    private void cancelPings(long nowNanos) {
        List<PendingRequest> open = List.copyOf(pings);
        pings.clear();
        open.forEach(ping -> ping.cancel(nowNanos));
    }

    private void exhaust(long nowNanos) {
        destroy(nowNanos);
        owner.exhausted(nowNanos);
    }

    private void schedule(long deadlineNanos, Timers.Task task) {
        timer = timers.at(deadlineNanos, task);
    }

    @Override
    public void opened(LocalSocket opened, long nowNanos) {
        if (over) {
            sockets.giveUp(opened);
            return;
        }
        boolean first = reopened == 0;
        held.add(opened);
        socket = opened;
        if (first) {
            owner.opened(opened, nowNanos);
        }
        if (!over) {
            askNodes(nowNanos);
        }
    }

    @Override
    public void notOpened(long nowNanos) {
        if (!over) {
            exhaust(nowNanos);
        }
    }

    @Override
    public void probed(LocalSocket at, Address from, long nowNanos) {
        if (over) {
            return;
        }
        if (!initiator) {
            sockets.probe(at, from);
            return;
        }
        owner.punched(at, from, nowNanos);
    }

    /** Has nodes of the network say how they see the socket. */
    private void askNodes(long nowNanos) {
        if (isDecided(nowNanos)) {
            settleIfDecided(nowNanos);
            return;
        }
        askSome(SAMPLES - nat.sampled() - pings.size(), nowNanos);
        if (pings.isEmpty()) {
            exhaustNodes(nowNanos);
        }
    }

    /** Asks so many nodes that were not asked before, on different hosts while there are some. */
    private void askSome(int count, long nowNanos) {
        LocalSocket from = socket;
        List<Address> nodes = rpc.latestNodes(SKIPPED_NODES + 2 * SAMPLES);
        int skip = nodes.size() >= ENOUGH_NODES ? SKIPPED_NODES : 0;
        int left = count;
        for (Address node : onDifferentHosts(nodes.subList(skip, nodes.size()))) {
            if (left > 0 && from != null && asked.add(node)) {
                left--;
                ping(node, from, nat, nowNanos);
            }
        }
    }

    /** Asks some nodes that were not asked before, or else those that were. */
    private void lookAgain(long nowNanos) {
        LocalSocket from = socket;
        List<Address> nodes = new ArrayList<>(rpc.latestNodes(SKIPPED_NODES + 2 * SAMPLES));
        nodes.sort(Comparator.comparing(asked::contains));
        for (Address node : nodes.subList(0, Math.min(SAMPLES, nodes.size()))) {
            if (from != null) {
                ping(node, from, nat, nowNanos);
            }
        }
    }

    /** The same nodes, those first that are the first of their host. */
    private static List<Address> onDifferentHosts(List<Address> nodes) {
        Set<Integer> hosts = new HashSet<>();
        List<Address> ordered = new ArrayList<>();
        List<Address> others = new ArrayList<>();
        nodes.forEach(node -> (hosts.add(node.host()) ? ordered : others).add(node));
        ordered.addAll(others);
        return ordered;
    }

    private void ping(Address node, LocalSocket from, NatAnalysis analysis, long nowNanos) {
        PendingRequest[] made = new PendingRequest[1];
        made[0] =
                rpc.request(
                        RequestSpec.of(node, Command.PING).withSocket(from).withRetries(0),
                        new ReplyListener() {
                            @Override
                            public void answered(Answer answer, long now) {
                                pings.remove(made[0]);
                                analysis.add(answer.to(), answer.from(), now);
                                pinged(analysis, now);
                            }

                            @Override
                            public void failed(RequestFailure failure, long now) {
                                pings.remove(made[0]);
                                pinged(analysis, now);
                            }
                        },
                        nowNanos);
        if (!made[0].ended()) {
            pings.add(made[0]);
        }
    }

    private void pinged(NatAnalysis analysis, long nowNanos) {
        if (over || analysis != nat) {
            return;
        }
        if (!nat.decided(nowNanos) && pings.isEmpty()) {
            exhaustNodes(nowNanos);
        } else {
            settleIfDecided(nowNanos);
        }
    }

    /** Nobody is left to ask: one more pass over the table, then that is all there is to know. */
    private void exhaustNodes(long nowNanos) {
        if (secondPass) {
            nat.exhaust();
            settleIfDecided(nowNanos);
        } else {
            secondPass = true;
            askNodes(nowNanos);
        }
    }

    private void settleIfDecided(long nowNanos) {
        if (over || !isDecided(nowNanos)) {
            waitForTheFourth();
            return;
        }
        List<Waiter> waiting = List.copyOf(waiters);
        waiters.clear();
        waiting.forEach(waiter -> waiter.analyzed(isStable(), nowNanos));
    }

    /** Sees to it that a provisional verdict does not wait longer than it should. */
    private void waitForTheFourth() {
        long deadline = nat.decidedAtNanos();
        if (!over && patience == null && deadline != Machine.NEVER) {
            patience =
                    timers.at(
                            deadline,
                            now -> {
                                patience = null;
                                settleIfDecided(now);
                            });
        }
    }

    /** One of many sockets, each a chance that the peer's guess is right. */
    private final class BirthdaySocket implements PunchSockets.Holder {

        private final Address peer;

        private BirthdaySocket(Address peer) {
            this.peer = peer;
        }

        @Override
        public void opened(LocalSocket opened, long nowNanos) {
            if (over) {
                sockets.giveUp(opened);
                return;
            }
            held.add(opened);
            sockets.openingProbe(opened, peer);
        }

        @Override
        public void notOpened(long nowNanos) {
            // With fewer sockets the chance is smaller, and still there.
        }

        @Override
        public void probed(LocalSocket at, Address from, long nowNanos) {
            Puncher.this.probed(at, from, nowNanos);
        }
    }
}
