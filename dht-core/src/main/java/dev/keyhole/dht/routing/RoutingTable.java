package dev.keyhole.dht.routing;

import static java.util.Comparator.comparing;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * The nodes we know: many near our own id, few far from it.
 *
 * <p>A row holds up to {@link #K} nodes that share exactly so many leading bits with our id, sorted
 * by id. A second order runs through all nodes, by when they were last heard. So that nobody can
 * fill a row from one machine, a row takes two nodes of one host and eight of one /24, except on
 * private networks ({@code docs/protocol.md}, "Routing table").
 */
public final class RoutingTable {

    /** Nodes in a row, and in an answer. */
    public static final int K = 20;

    static final int MAX_PER_HOST = 2;
    static final int MAX_PER_SUBNET = 8;

    private static final int ROWS = 256;

    private final NodeId self;
    private final List<List<Neighbour>> rows = new ArrayList<>(ROWS);
    private final Map<NodeId, Neighbour> byTime = new LinkedHashMap<>();

    public RoutingTable(NodeId self) {
        this.self = self;
        for (int i = 0; i < ROWS; i++) {
            rows.add(List.of());
        }
    }

    public NodeId self() {
        return self;
    }

    public int size() {
        return byTime.size();
    }

    public @Nullable Neighbour find(NodeId id) {
        return byTime.get(id);
    }

    /** The nodes, the one we have not heard of for the longest time first. */
    public Collection<Neighbour> oldestFirst() {
        return Collections.unmodifiableCollection(byTime.values());
    }

    /** The node that was heard last, and those before it, as many as asked for. */
    public List<Neighbour> latest(int count) {
        List<Neighbour> all = new ArrayList<>(byTime.values());
        List<Neighbour> latest = all.subList(Math.max(0, all.size() - count), all.size());
        Collections.reverse(latest);
        return List.copyOf(latest);
    }

    public @Nullable Neighbour random(Random entropy) {
        if (byTime.isEmpty()) {
            return null;
        }
        int skip = entropy.nextInt(byTime.size());
        return byTime.values().stream().skip(skip).findFirst().orElseThrow();
    }

    /**
     * Takes a node in, or in place of the one with its id.
     *
     * @return whether it is in now; otherwise its row is full, or full of its like
     */
    public boolean add(Neighbour neighbour) {
        if (neighbour.id().equals(self)) {
            return false;
        }
        int index = rowOf(neighbour.id().bytes());
        List<Neighbour> row = rows.get(index);
        if (byTime.containsKey(neighbour.id())) {
            remove(neighbour.id());
            row = rows.get(index);
        } else if (row.size() >= K || crowded(row, neighbour.address())) {
            return false;
        }
        if (row.isEmpty()) {
            row = new ArrayList<>();
            rows.set(index, row);
        }
        int at = Collections.binarySearch(row, neighbour, BY_ID);
        row.add(-at - 1, neighbour);
        byTime.put(neighbour.id(), neighbour);
        return true;
    }

    public void remove(NodeId id) {
        Neighbour removed = byTime.remove(id);
        if (removed != null) {
            rows.get(rowOf(id.bytes())).remove(removed);
        }
    }

    /** Notes that a known node was heard. */
    public void heard(Neighbour neighbour, long tick) {
        neighbour.seenTick = tick;
        neighbour.pingedTick = tick;
        if (byTime.remove(neighbour.id(), neighbour)) {
            byTime.put(neighbour.id(), neighbour);
        }
    }

    /** The row a node would be in, whether it is or not. */
    public List<Neighbour> rowWith(NodeId id) {
        return Collections.unmodifiableList(rows.get(rowOf(id.bytes())));
    }

    /** Whether a further node would find its row full, rather than crowded or open. */
    public boolean isFullFor(NodeId id) {
        return rows.get(rowOf(id.bytes())).size() >= K;
    }

    /** The known nodes nearest to a target, nearest first. */
    public List<Neighbour> closest(Bytes target, int count) {
        // Rows lie one behind the other, seen from any target, so only the few that are needed are
        // sorted. Nearest is the row that the target would be in. The nodes of deeper rows share
        // our
        // own bits up to their row: where the target has another bit than we have, that row is
        // nearer than all below it; where it has the same, it is farther. Rows above come last.
        int row = rowOf(target);
        List<Neighbour> found = new ArrayList<>(count + K);
        Comparator<Neighbour> byDistance = (a, b) -> a.id().compareDistance(b.id(), target);
        append(found, row, count, byDistance);
        for (int i = row + 1; i < ROWS; i++) {
            if (differs(target, i)) {
                append(found, i, count, byDistance);
            }
        }
        for (int i = ROWS - 1; i > row; i--) {
            if (!differs(target, i)) {
                append(found, i, count, byDistance);
            }
        }
        for (int i = row - 1; i >= 0; i--) {
            append(found, i, count, byDistance);
        }
        return found.size() <= count ? found : found.subList(0, count);
    }

    private void append(
            List<Neighbour> found, int row, int count, Comparator<Neighbour> byDistance) {
        List<Neighbour> more = rows.get(row);
        if (found.size() < count && !more.isEmpty()) {
            int from = found.size();
            found.addAll(more);
            found.subList(from, found.size()).sort(byDistance);
        }
    }

    /** Whether a target has another bit than we have at an index. */
    private boolean differs(Bytes target, int bit) {
        int difference = target.unsignedAt(bit / 8) ^ self.bytes().unsignedAt(bit / 8);
        return (difference & 0x80 >>> bit % 8) != 0;
    }

    int rowOf(Bytes id) {
        return Math.min(self.sharedBits(id), ROWS - 1);
    }

    private static boolean crowded(List<Neighbour> row, Address address) {
        if (address.isPrivate()) {
            return false;
        }
        int host = 0;
        int subnet = 0;
        for (Neighbour other : row) {
            int difference = other.address().host() ^ address.host();
            host += difference == 0 ? 1 : 0;
            subnet += difference >>> 8 == 0 ? 1 : 0;
        }
        return host >= MAX_PER_HOST || subnet >= MAX_PER_SUBNET;
    }

    private static final Comparator<Neighbour> BY_ID = comparing(n -> n.id().bytes());
}
