package dev.keyhole.dht.query;

import dev.keyhole.dht.request.Answer;
import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.dht.routing.RoutingTable;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** How far a walk has come: who answered nearest to the target, and who is to be asked next. */
final class Frontier {

    /** Nodes that named the same node: more than this are not told when it turns out dead. */
    private static final int MAX_REFERRERS = RoutingTable.K;

    /**
     * Nodes that are noted, asked or not. A walk through an honest network notes a few hundred;
     * whoever makes nodes up could name ever nearer ones.
     */
    static final int MAX_NODES = 1024;

    static final int MAX_PER_HOST = 2;
    static final int MAX_PER_SUBNET = 8;

    private final Bytes target;
    private final Supplier<NodeId> self;
    private final List<Answer> closest = new ArrayList<>();
    private final TreeMap<NodeId, Address> pending;
    private final Map<Address, Status> seen = new HashMap<>();

    /** What is known of one address. */
    private static final class Status {
        final NodeId id;
        final List<Address> referrers = new ArrayList<>();
        boolean down;

        Status(NodeId id) {
            this.id = id;
        }
    }

    /** A frontier around a target that the node with our own id is never beyond. */
    Frontier(Bytes target, Supplier<NodeId> self) {
        this.target = target;
        this.self = self;
        this.pending = new TreeMap<>((a, b) -> a.compareDistance(b, target));
    }

    int pending() {
        return pending.size();
    }

    boolean isFull() {
        return closest.size() >= RoutingTable.K;
    }

    boolean hasAnswers() {
        return !closest.isEmpty();
    }

    List<Answer> closest() {
        return List.copyOf(closest);
    }

    /**
     * Notes a node to ask, unless it is us that others name, or has been noted. Most are named again
     * and again, so the id of one that was noted is kept rather than computed anew.
     *
     * <p>Where no more are noted, the farthest of those not asked yet makes way for a nearer one.
     *
     * @param referrer who named it, null if we know it ourselves
     * @return whether it is near enough to matter
     */
    boolean add(Address node, @Nullable Address referrer) {
        Status status = seen.get(node);
        NodeId id = status == null ? NodeId.of(node) : status.id;
        boolean closer = isCloser(id);
        if (status == null) {
            if (referrer != null && id.equals(self.get())) {
                return true;
            }
            if (!closer || !makeRoom(id)) {
                return false;
            }
            status = new Status(id);
            seen.put(node, status);
            pending.put(id, node);
        }
        if (referrer != null && status.referrers.size() < MAX_REFERRERS) {
            status.referrers.add(referrer);
        }
        return closer;
    }

    private boolean makeRoom(NodeId id) {
        if (seen.size() < MAX_NODES) {
            return true;
        }
        Map.Entry<NodeId, Address> farthest = pending.lastEntry();
        if (farthest == null || farthest.getKey().compareDistance(id, target) <= 0) {
            return false;
        }
        pending.remove(farthest.getKey());
        seen.remove(farthest.getValue());
        return true;
    }

    /** How many nodes are noted, asked or not. */
    int noted() {
        return seen.size();
    }

    /** The nearest node not asked yet; nodes that are too far by now are forgotten. */
    @Nullable Address next() {
        while (!pending.isEmpty()) {
            Map.Entry<NodeId, Address> entry = pending.pollFirstEntry();
            if (isCloser(entry.getKey())) {
                return entry.getValue();
            }
        }
        return null;
    }

    /** The id of a node that was noted. */
    NodeId idOf(Address node) {
        Status status = seen.get(node);
        return status == null ? NodeId.of(node) : status.id;
    }

    boolean isDown(Address node) {
        Status status = seen.get(node);
        return status != null && status.down;
    }

    /** Notes that a node is dead, and says who named it. */
    List<Address> down(Address node) {
        Status status = seen.computeIfAbsent(node, n -> new Status(NodeId.of(n)));
        status.down = true;
        return List.copyOf(status.referrers);
    }

    /** Takes in an answer without error; one without an id, or from too far, is not kept. */
    void answered(Answer answer) {
        NodeId id = answer.id();
        if (id == null || !isCloser(id)) {
            return;
        }
        int at = closest.size();
        while (at > 0) {
            NodeId before = idOf(closest.get(at - 1));
            int order = before.compareDistance(id, target);
            if (order == 0) {
                return;
            }
            if (order < 0) {
                break;
            }
            at--;
        }
        if (crowdedBy(answer.from())) {
            return;
        }
        closest.add(at, answer);
        if (closest.size() > RoutingTable.K) {
            closest.remove(closest.size() - 1);
        }
    }

    /** Whether one host, or one /24 of the public network, has its share of the closest answers. */
    private boolean crowdedBy(Address node) {
        if (node.isPrivate()) {
            return false;
        }
        int host = 0;
        int subnet = 0;
        for (Answer answer : closest) {
            int difference = answer.from().host() ^ node.host();
            host += difference == 0 ? 1 : 0;
            subnet += difference >>> 8 == 0 ? 1 : 0;
        }
        return host >= MAX_PER_HOST || subnet >= MAX_PER_SUBNET;
    }

    boolean isCloser(NodeId id) {
        return !isFull() || id.compareDistance(idOf(closest.get(closest.size() - 1)), target) < 0;
    }

    private static NodeId idOf(Answer answer) {
        NodeId id = answer.id();
        if (id == null) {
            throw new IllegalStateException("an answer without id is not kept");
        }
        return id;
    }
}
