package dev.keyhole.dht.node;

import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.request.Answer;
import dev.keyhole.dht.request.PendingRequest;
import dev.keyhole.dht.request.ReplyListener;
import dev.keyhole.dht.request.RequestFailure;
import dev.keyhole.dht.request.RequestSpec;
import dev.keyhole.dht.routing.Neighbour;
import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.dht.routing.RoutingTable;
import dev.keyhole.transport.net.Address;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The nodes around us: lets them in, looks after them, and hears from them what our address is.
 *
 * <p>Who answers us is in; who only asked us is pinged first, since a source can be forged. A full
 * row gives its oldest place to a newcomer if the one who holds it does not answer any more ({@code
 * docs/protocol.md}, "Routing table").
 */
final class Neighbourhood {

    static final long RECENT_TICKS = 12;
    static final long OLD_TICKS = 360;

    static final int MAX_SWAPS = 3;
    static final int MAX_CHECKS = 10;
    static final int MAX_NEWCOMERS = 32;

    private final Host host;
    private final Set<NodeId> newcomers = new HashSet<>();
    private final Set<Address> anonymous = new HashSet<>();
    private RoutingTable table;
    private NatSampler sampler = new NatSampler();
    private long tick;
    private int swaps;
    private int checks;
    private long refusedNewcomers;
    private long refusedHints;

    /** The node in the middle. */
    interface Host {

        PendingRequest request(RequestSpec spec, ReplyListener listener, long nowNanos);

        boolean isBootstrapped();

        int bootstrapNodeCount();
    }

    Neighbourhood(Host host, NodeId self, long tick) {
        this.host = host;
        this.table = new RoutingTable(self);
        this.tick = tick;
    }

    RoutingTable table() {
        return table;
    }

    long tick() {
        return tick;
    }

    void tick(long newTick) {
        tick = newTick;
    }

    /** What others say our address is, with port 0 if they agree on the host alone. */
    @Nullable Address observed() {
        return sampler.verdict();
    }

    void sample(Address ours) {
        sampler.add(ours);
    }

    /** Believes other voices from now on. */
    void adopt(NatSampler fresh) {
        sampler = fresh;
        anonymous.clear();
    }

    /** Forgets what anybody said of our address, and asks everybody anew. */
    void forgetSamples() {
        adopt(new NatSampler());
        table.oldestFirst().forEach(node -> node.sampled(0));
    }

    NatSampler sampler() {
        return sampler;
    }

    /** Moves to another id; neighbours that do not fit in around it are forgotten. */
    void move(NodeId self) {
        Collection<Neighbour> before = table.oldestFirst();
        table = new RoutingTable(self);
        before.forEach(table::add);
    }

    /**
     * Hears a node that answered a request of ours.
     *
     * @param id null if it shows none
     * @param ours what it says our address is
     * @param onMain whether it came in on the main socket, which alone counts for our address
     */
    void heardAnswer(
            Address from, @Nullable NodeId id, Address ours, boolean onMain, long nowNanos) {
        if (!AddressFilter.admits(from)) {
            return;
        }
        if (id == null) {
            sampleAnonymous(from, ours, onMain);
            return;
        }
        Neighbour known = table.find(id);
        if (known != null) {
            heardAgain(known, ours, onMain);
            return;
        }
        Neighbour newcomer = new Neighbour(id, from, tick);
        if (table.add(newcomer)) {
            sampleFrom(newcomer, ours, onMain);
        } else if (table.isFullFor(id)) {
            swapWithOldest(newcomer, nowNanos);
        }
    }

    /** Hears a node that asked us something, with an id that fits its address. */
    void heardRequest(Address from, NodeId id, Address ours, boolean onMain, long nowNanos) {
        if (!AddressFilter.admits(from)) {
            return;
        }
        Neighbour known = table.find(id);
        if (known != null) {
            heardAgain(known, ours, onMain);
            return;
        }
        boolean worthIt = !table.isFullFor(id) || (swaps < MAX_SWAPS && replaceableIn(id) != null);
        if (!worthIt || id.equals(table.self())) {
            return;
        }
        if (newcomers.size() >= MAX_NEWCOMERS) {
            refusedNewcomers++;
            return;
        }
        if (newcomers.add(id)) {
            // Its answer brings it in, by the way every answer takes.
            // One ping only: whoever is named in a forged source gets no more than that from us.
            host.request(
                    RequestSpec.of(from, Command.PING).withRetries(0),
                    new Check(() -> newcomers.remove(id)),
                    nowNanos);
        }
    }

    /** Looks whether a node is still there that somebody says is not. */
    void downHint(Address hinted, long nowNanos) {
        Neighbour node = table.find(NodeId.of(hinted));
        if (node == null || (node.pingedTick() == tick && node.downHints() > 0)) {
            return;
        }
        if (checks >= MAX_CHECKS) {
            refusedHints++;
            return;
        }
        node.downHinted();
        check(node, nowNanos);
    }

    /** Nodes not looked at more closely because too many others were being looked at. */
    long refusedNewcomers() {
        return refusedNewcomers;
    }

    /** Hints about dead nodes not followed because too many nodes were being checked. */
    long refusedHints() {
        return refusedHints;
    }

    /**
     * Looks after the nodes we have not heard of for the longest time.
     *
     * @return whether there are any
     */
    boolean checkOldest(boolean busy, long nowNanos) {
        if (table.size() == 0) {
            return false;
        }
        Iterator<Neighbour> oldest = table.oldestFirst().iterator();
        List<Neighbour> chosen = new ArrayList<>();
        int count = busy ? 3 : 5;
        for (int i = 0; i < count && oldest.hasNext(); i++) {
            Neighbour node = oldest.next();
            if (i == 0 && tick - node.pingedTick() < RECENT_TICKS) {
                count = 2;
            }
            if (node.pingedTick() != tick) {
                chosen.add(node);
            }
        }
        chosen.forEach(node -> check(node, nowNanos));
        return true;
    }

    private void heardAgain(Neighbour known, Address ours, boolean onMain) {
        if (known.sampledTick() == 0 || tick - known.sampledTick() >= OLD_TICKS) {
            sampleFrom(known, ours, onMain);
        }
        table.heard(known, tick);
    }

    private void sampleFrom(Neighbour node, Address ours, boolean onMain) {
        if (onMain) {
            node.sampled(tick);
            sampler.add(ours);
        }
    }

    /** Nodes to begin with show no id; a few of them count all the same. */
    private void sampleAnonymous(Address from, Address ours, boolean onMain) {
        if (onMain
                && anonymous.size() < Math.max(1, host.bootstrapNodeCount())
                && anonymous.add(from)) {
            sampler.add(ours);
        }
    }

    private void check(Neighbour node, long nowNanos) {
        long seen = node.seenTick();
        node.pinged(tick);
        checks++;
        ping(node.address(), new Check(() -> checks--).removing(node, seen), nowNanos);
    }

    private void swapWithOldest(Neighbour newcomer, long nowNanos) {
        Neighbour oldest = replaceableIn(newcomer.id());
        if (oldest == null || !host.isBootstrapped() || swaps >= MAX_SWAPS) {
            return;
        }
        long seen = oldest.seenTick();
        oldest.pinged(tick);
        swaps++;
        Check swap =
                new Check(
                        () -> {
                            swaps--;
                            if (table.find(oldest.id()) == null) {
                                table.add(newcomer);
                            }
                        });
        ping(oldest.address(), swap.removing(oldest, seen), nowNanos);
    }

    /** The node of a full row we have not heard of for the longest time, if that is long. */
    private @Nullable Neighbour replaceableIn(NodeId id) {
        Neighbour oldest = null;
        for (Neighbour node : table.rowWith(id)) {
            if (oldest == null || isOlder(node, oldest)) {
                oldest = node;
            }
        }
        return oldest == null || tick - oldest.pingedTick() < RECENT_TICKS ? null : oldest;
    }

    private static boolean isOlder(Neighbour node, Neighbour other) {
        return node.pingedTick() == other.pingedTick()
                ? node.addedTick() < other.addedTick()
                : node.pingedTick() < other.pingedTick();
    }

    private void ping(Address node, Check check, long nowNanos) {
        host.request(RequestSpec.of(node, Command.PING), check, nowNanos);
    }

    /** A ping, and what to do when it is over. */
    private final class Check implements ReplyListener {

        private final Runnable afterwards;
        private @Nullable Neighbour suspect;
        private long seenTick;

        Check(Runnable afterwards) {
            this.afterwards = afterwards;
        }

        /** Removes the node unless it is heard, with its id, after the given tick or in it. */
        Check removing(Neighbour node, long lastSeenTick) {
            suspect = node;
            seenTick = lastSeenTick;
            return this;
        }

        @Override
        public void answered(Answer answer, long nowNanos) {
            // An answer with its id has already renewed the node; one without has not.
            boolean renewed =
                    suspect != null
                            && (suspect.seenTick() > seenTick || suspect.id().equals(answer.id()));
            end(!renewed);
        }

        @Override
        public void failed(RequestFailure failure, long nowNanos) {
            end(failure == RequestFailure.TIMED_OUT);
        }

        private void end(boolean remove) {
            if (suspect != null && remove) {
                table.remove(suspect.id());
            }
            afterwards.run();
        }
    }
}
