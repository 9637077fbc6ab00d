package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.dht.holepunch.Timers;
import dev.keyhole.dht.node.RpcNode;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Machine;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one server findable: announces it to nodes close to its key, keeps the way from them open,
 * and withdraws it in the end ({@code docs/protocol.md}, "Being found").
 *
 * <p>What a round found replaces what was known in one step, once it has settled. A round that
 * reached nobody changes nothing, one that reached too few takes nothing away, and either is soon
 * repeated. There is always a next round: a timer starts it, whatever became of the last.
 */
final class Announcer implements AnnounceRound.Owner, RelayKeeper.Owner {

    static final int RELAYS = AnnounceRound.RELAYS;

    static final long REST_NANOS = MINUTES.toNanos(5);
    static final long MIN_RETRY_NANOS = SECONDS.toNanos(1);
    static final long MAX_RETRY_NANOS = SECONDS.toNanos(30);

    /** Between the starts of two rounds, whoever asks for them. */
    static final long ROUND_PAUSE_NANOS = SECONDS.toNanos(1);

    /** Between the starts of two rounds, if it is only that a relay does not answer. */
    static final long LOSS_PAUSE_NANOS = SECONDS.toNanos(5);

    /** After so long a round that has not settled is replaced. */
    static final long WATCHDOG_NANOS = SECONDS.toNanos(60);

    static final long CLOSE_NANOS = SECONDS.toNanos(1);

    /** How many nodes that may still hold the record are remembered. */
    static final int MAX_STRAYS = 64;

    private static final int GENERATIONS = 3;

    private final RpcNode rpc;
    private final Timers timers;
    private final KeyPair keyPair;
    private final Listener listener;
    private final RelayKeeper keeper;
    private final Withdrawals withdrawals;

    private final Deque<Set<Address>> generations = new ArrayDeque<>();

    /** Where the record may lie though no relay of ours does: withdrawn when there is time. */
    private final Set<Address> strays = new LinkedHashSet<>();

    private List<Address> closestNodes = List.of();
    private @Nullable AnnounceRound round;
    private Timers.@Nullable Timer next;
    private long retryNanos = MIN_RETRY_NANOS;
    private long startedNanos = Long.MIN_VALUE;
    private long wantedNanos = Machine.NEVER;
    private long rounds;
    private long lateRounds;
    private boolean suspended;
    private boolean closed;

    /** Hears how the announcing goes. */
    interface Listener {

        /** A round is over; so many nodes relay for the server now. */
        void announced(int relays, long nowNanos);

        /** Relays agree that this node is at another host; whoever hears it has rounds started. */
        void moved(long nowNanos);
    }

    Announcer(RpcNode rpc, Timers timers, KeyPair keyPair, Listener listener) {
        this.rpc = rpc;
        this.timers = timers;
        this.keyPair = keyPair;
        this.listener = listener;
        this.keeper = new RelayKeeper(rpc, timers, keyPair, this);
        this.withdrawals = new Withdrawals(rpc, keyPair);
    }

    void start(long nowNanos) {
        startRound(nowNanos);
    }

    /** Announces again at once, since what others know of this node may be out of date. */
    void refresh(long nowNanos) {
        retryNanos = MIN_RETRY_NANOS;
        startNoSoonerThan(ROUND_PAUSE_NANOS, nowNanos);
    }

    /** The nodes that know the way here, and how each of them sees us. */
    List<NoisePayload.Relay> relays() {
        return keeper.relays();
    }

    /** What to tell a client to try first next time. */
    List<Address> relayAddresses() {
        List<Address> addresses = new ArrayList<>();
        rpc.remoteAddress().or(rpc::advertisedAddress).ifPresent(addresses::add);
        for (NoisePayload.Relay relay : keeper.relays()) {
            if (addresses.size() < RELAYS) {
                addresses.add(relay.relayAddress());
            }
        }
        return addresses;
    }

    /** Whether an address relays for us, did so lately, or has just agreed to. */
    boolean isRelay(Address address) {
        return keeper.isRelay(address)
                || (round != null && round.accepted().containsKey(address))
                || generations.stream().anyMatch(generation -> generation.contains(address));
    }

    /** Rounds that were started. */
    long rounds() {
        return rounds;
    }

    /** Rounds whose time was up before they had come to their end. */
    long lateRounds() {
        return lateRounds;
    }

    /** When the last round was started. */
    long startedNanos() {
        return startedNanos;
    }

    /** How often a single relay was told anew. */
    long repetitions() {
        return keeper.repetitions();
    }

    /**
     * Withdraws the server wherever it was announced.
     *
     * @param limitNanos how long to wait for that at most
     * @param done runs once, when nothing is left to do or the time is up
     */
    void close(long limitNanos, Timers.Task done, long nowNanos) {
        if (closed) {
            done.run(nowNanos);
            return;
        }
        closed = true;
        withdraw(limitNanos, done, nowNanos);
    }

    /** Withdraws the server as {@link #close} does, until {@link #resume}. */
    void suspend(Timers.Task done, long nowNanos) {
        suspended = true;
        withdraw(CLOSE_NANOS, done, nowNanos);
    }

    /** Announces the server again. */
    void resume(long nowNanos) {
        suspended = false;
        refresh(nowNanos);
    }

    private void withdraw(long limitNanos, Timers.Task done, long nowNanos) {
        if (next != null) {
            next.cancel();
            next = null;
        }
        wantedNanos = Machine.NEVER;
        abandonRound(nowNanos);
        keeper.relays().forEach(relay -> withdrawals.add(relay.relayAddress(), nowNanos));
        keeper.replace(List.of(), nowNanos);
        strays.forEach(node -> withdrawals.add(node, nowNanos));
        strays.clear();
        Timers.Timer limit =
                timers.at(
                        nowNanos + limitNanos,
                        now -> {
                            withdrawals.whenDone(later -> {}, now);
                            done.run(now);
                        });
        withdrawals.whenDone(
                now -> {
                    withdrawals.whenDone(later -> {}, now);
                    limit.cancel();
                    done.run(now);
                },
                nowNanos);
    }

    private void startRound(long nowNanos) {
        if (round != null && nowNanos - startedNanos >= WATCHDOG_NANOS) {
            lateRounds++;
        }
        abandonRound(nowNanos);
        rounds++;
        startedNanos = nowNanos;
        wantedNanos = Machine.NEVER;
        nextRoundAt(nowNanos + WATCHDOG_NANOS);
        AnnounceRound started = new AnnounceRound(rpc, timers, keyPair, keeper::isRelay, this);
        round = started;
        started.start(closestNodes, nowNanos);
    }

    /** Has a round start now, but not right after the last; one under way gives place to it. */
    private void startNoSoonerThan(long pauseNanos, long nowNanos) {
        if (closed || suspended) {
            return;
        }
        long at = Math.max(nowNanos, startedNanos + pauseNanos);
        if (next != null && next.deadlineNanos() <= at) {
            return;
        }
        if (at == nowNanos) {
            startRound(nowNanos);
        } else {
            wantedNanos = at;
            nextRoundAt(at);
        }
    }

    private void nextRoundAt(long atNanos) {
        if (next != null) {
            next.cancel();
        }
        next = timers.at(Math.min(atNanos, wantedNanos), this::startRound);
    }

    /** Gives a round up if there is one, but not what it may have left behind. */
    private void abandonRound(long nowNanos) {
        AnnounceRound abandoned = round;
        if (abandoned != null) {
            round = null;
            abandoned.cancel(nowNanos);
            addStrays(abandoned.reached());
        }
    }

    private void addStrays(Collection<Address> nodes) {
        for (Address node : nodes) {
            if (strays.size() < MAX_STRAYS && !keeper.isRelay(node)) {
                strays.add(node);
            }
        }
    }

    @Override
    public void announcing(Address node, long nowNanos) {
        strays.remove(node);
        withdrawals.stop(node, nowNanos);
    }

    @Override
    public void settled(AnnounceRound settled, long nowNanos) {
        round = null;
        lateRounds += settled.isLate() ? 1 : 0;
        if (!settled.accepted().isEmpty()) {
            adopt(settled, nowNanos);
        }
        addStrays(settled.reached());
        if (settled.accepted().size() >= RELAYS) {
            strays.forEach(node -> withdrawals.add(node, nowNanos));
            strays.clear();
            retryNanos = MIN_RETRY_NANOS;
            nextRoundAt(nowNanos + REST_NANOS);
        } else {
            nextRoundAt(nowNanos + retryNanos);
            // If these are all nodes there are, there is no hurry to look for more.
            long most = settled.isComplete() ? REST_NANOS : MAX_RETRY_NANOS;
            retryNanos = Math.min(2 * retryNanos, most);
        }
        listener.announced(keeper.relays().size(), nowNanos);
    }

    /**
     * Takes the relays of a round for ours. What is missing is made up from those we had, as long as
     * they answer; those that are replaced are withdrawn.
     */
    private void adopt(AnnounceRound settled, long nowNanos) {
        Map<Address, NoisePayload.Relay> adopted = new LinkedHashMap<>(settled.accepted());
        for (NoisePayload.Relay relay : keeper.live()) {
            if (adopted.size() < RELAYS) {
                adopted.putIfAbsent(relay.relayAddress(), relay);
            }
        }
        List<NoisePayload.Relay> before = keeper.relays();
        keeper.replace(List.copyOf(adopted.values()), nowNanos);
        before.forEach(relay -> addStrays(List.of(relay.relayAddress())));
        closestNodes = settled.closestNodes();
        generations.addFirst(Set.copyOf(adopted.keySet()));
        if (generations.size() > GENERATIONS) {
            generations.removeLast();
        }
    }

    @Override
    public void lost(long nowNanos) {
        if (round == null) {
            startNoSoonerThan(LOSS_PAUSE_NANOS, nowNanos);
        }
    }

    @Override
    public void regained(long nowNanos) {
        if (round == null && retryNanos > MIN_RETRY_NANOS) {
            refresh(nowNanos);
        }
    }

    @Override
    public void moved(long nowNanos) {
        listener.moved(nowNanos);
    }
}
