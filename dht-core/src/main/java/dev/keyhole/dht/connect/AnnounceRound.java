package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.dht.holepunch.Timers;
import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.node.RpcNode;
import dev.keyhole.dht.query.Query;
import dev.keyhole.dht.query.QueryResult;
import dev.keyhole.dht.query.QuerySpec;
import dev.keyhole.dht.request.Answer;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.net.Address;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One walk to the nodes closest to a server's key, and the announces at its end ({@code
 * docs/protocol.md}, "Being found").
 *
 * <p>Of the eight closest those that answer soonest come first; one that refuses makes room for the
 * next. The round ends when three have accepted, nobody is left to ask, or its time is up, with
 * whatever it has reached.
 */
final class AnnounceRound {

    /** How many nodes relay for a server. */
    static final int RELAYS = 3;

    /** Among how many of the closest nodes the round trip decides. */
    static final int NEARBY = 8;

    /** Round trips that differ by less are taken for equal. */
    static final long ROUND_TRIP_STEP_NANOS = MILLISECONDS.toNanos(25);

    /** How much farther a node that relays already may be. */
    static final long DETOUR_NANOS = 2 * ROUND_TRIP_STEP_NANOS;

    /** After so long the round takes the nodes it has found so far. */
    static final long WALK_NANOS = SECONDS.toNanos(15);

    /** How long a round may take, refusals and repetitions included. */
    static final long DEADLINE_NANOS = SECONDS.toNanos(30);

    private final RpcNode rpc;
    private final Timers timers;
    private final KeyPair keyPair;
    private final Predicate<Address> wasRelay;
    private final Owner owner;

    private final Map<Address, NoisePayload.Relay> accepted = new LinkedHashMap<>();
    private final Map<Address, SelfAnnounce> inFlight = new LinkedHashMap<>();
    private final Set<Address> reached = new HashSet<>();
    private final List<Answer> untried = new ArrayList<>();
    private List<Address> closestNodes = List.of();
    private Timers.@Nullable Timer walkLimit;
    private Timers.@Nullable Timer deadline;
    private @Nullable Query query;
    private boolean refused;
    private boolean late;
    private boolean over;

    /** Whose round it is. */
    interface Owner {

        /** A node is about to be told of the server. */
        void announcing(Address node, long nowNanos);

        /** The round is over; called once, unless it was cancelled. */
        void settled(AnnounceRound round, long nowNanos);
    }

    /**
     * A round that waits for {@link #start}.
     *
     * @param wasRelay whether a node relays already: it is preferred if it is not much slower
     */
    AnnounceRound(
            RpcNode rpc, Timers timers, KeyPair keyPair, Predicate<Address> wasRelay, Owner owner) {
        this.rpc = rpc;
        this.timers = timers;
        this.keyPair = keyPair;
        this.wasRelay = wasRelay;
        this.owner = owner;
    }

    /** Walks, beginning with nodes that were the closest before. */
    void start(List<Address> from, long nowNanos) {
        walkLimit = timers.at(nowNanos + WALK_NANOS, this::cutWalkShort);
        deadline = timers.at(nowNanos + DEADLINE_NANOS, this::timeIsUp);
        QuerySpec walk =
                QuerySpec.of(keyPair.publicKey().target(), Command.FIND_PEER).withStart(from);
        Query begun = rpc.query(walk, this::walked, nowNanos);
        query = begun.isOver() ? null : begun;
    }

    /** The nodes that store the way to us, in the order in which they agreed. */
    Map<Address, NoisePayload.Relay> accepted() {
        return accepted;
    }

    /** Where the way to us may be stored by now, whether we have heard of it or not. */
    Set<Address> reached() {
        return reached;
    }

    List<Address> closestNodes() {
        return closestNodes;
    }

    /** Whether everybody there is has agreed. */
    boolean isComplete() {
        return !accepted.isEmpty() && !refused && !late && untried.isEmpty();
    }

    /** Whether its time was up before it had come to its end. */
    boolean isLate() {
        return late;
    }

    /** Gives up; the owner hears nothing more. */
    void cancel(long nowNanos) {
        end(nowNanos);
    }

    private void cutWalkShort(long nowNanos) {
        late = true;
        if (query != null) {
            query.cancel(nowNanos);
        }
    }

    private void timeIsUp(long nowNanos) {
        late = true;
        finish(nowNanos);
    }

    private void walked(QueryResult result, long nowNanos) {
        query = null;
        if (over) {
            return;
        }
        if (walkLimit != null) {
            walkLimit.cancel();
        }
        closestNodes = result.closestNodes();
        List<Answer> closest = new ArrayList<>(result.closest());
        closest.removeIf(node -> node.token() == null || node.id() == null);
        List<Answer> nearby = new ArrayList<>(closest.subList(0, Math.min(NEARBY, closest.size())));
        nearby.sort(
                Comparator.comparingLong(this::distance)
                        .thenComparing(node -> !wasRelay.test(node.from())));
        untried.addAll(nearby);
        untried.addAll(closest.subList(nearby.size(), closest.size()));
        announceOn(nowNanos);
    }

    /** In steps of the round trip; who relays already is worth a detour. */
    private long distance(Answer node) {
        long detour = wasRelay.test(node.from()) ? DETOUR_NANOS : 0;
        return Math.max(0, node.roundTripNanos() - detour) / ROUND_TRIP_STEP_NANOS;
    }

    /** One failure makes room for the next node. */
    private void announceOn(long nowNanos) {
        Iterator<Answer> nodes = List.copyOf(untried).iterator();
        while (!over && accepted.size() + inFlight.size() < RELAYS && nodes.hasNext()) {
            Answer node = nodes.next();
            if (!isHostTaken(node.from())) {
                untried.remove(node);
                announce(node, nowNanos);
            }
        }
        if (!over && inFlight.isEmpty()) {
            untried.removeIf(node -> isHostTaken(node.from()));
            finish(nowNanos);
        }
    }

    /** Whether a node on the same host is one of ours: they would fail together. */
    private boolean isHostTaken(Address node) {
        return !node.isPrivate()
                && (accepted.keySet().stream().anyMatch(other -> other.host() == node.host())
                        || inFlight.keySet().stream()
                                .anyMatch(other -> other.host() == node.host()));
    }

    private void announce(Answer node, long nowNanos) {
        Address address = node.from();
        SelfAnnounce announce = new SelfAnnounce(rpc, keyPair, address, new At(address));
        inFlight.put(address, announce);
        reached.add(address);
        owner.announcing(address, nowNanos);
        announce.with(node, nowNanos);
    }

    private void finish(long nowNanos) {
        if (!over) {
            end(nowNanos);
            owner.settled(this, nowNanos);
        }
    }

    private void end(long nowNanos) {
        over = true;
        if (walkLimit != null) {
            walkLimit.cancel();
        }
        if (deadline != null) {
            deadline.cancel();
        }
        if (query != null) {
            query.cancel(nowNanos);
        }
        List.copyOf(inFlight.values()).forEach(announce -> announce.cancel(nowNanos));
    }

    /** What one node says to the announce. */
    private final class At implements SelfAnnounce.Outcome {

        private final Address node;

        private At(Address node) {
            this.node = node;
        }

        @Override
        public void accepted(Address seenAs, long nowNanos) {
            inFlight.remove(node);
            if (!over) {
                accepted.put(node, new NoisePayload.Relay(node, seenAs));
                announceOn(nowNanos);
            }
        }

        @Override
        public void refused(long nowNanos) {
            inFlight.remove(node);
            if (!over) {
                refused = true;
                announceOn(nowNanos);
            }
        }
    }
}
