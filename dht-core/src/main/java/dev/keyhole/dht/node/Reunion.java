package dev.keyhole.dht.node;

import static java.util.stream.Collectors.toUnmodifiableList;

import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.query.QuerySpec;
import dev.keyhole.dht.request.Answer;
import dev.keyhole.dht.request.ReplyListener;
import dev.keyhole.dht.request.RequestFailure;
import dev.keyhole.dht.request.RequestSpec;
import dev.keyhole.dht.routing.Neighbour;
import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import java.util.List;
import java.util.Random;

/**
 * Finds the rest of a network that fell apart: halves that could not reach each other for a while
 * have nobody of the other one in their tables, and would walk past each other for ever.
 *
 * <p>All of them still know the nodes they once began with. So a node that has not heard any of
 * these for ten minutes asks one who is near it, and walks from those it should know and does not
 * ({@code docs/protocol.md}, "Node states").
 */
final class Reunion {

    static final int TICKS = 120;

    private final Neighbourhood neighbourhood;
    private final NodeState.Host host;
    private final Random entropy;
    private int ticks;

    Reunion(Neighbourhood neighbourhood, NodeState.Host host, Random entropy) {
        this.neighbourhood = neighbourhood;
        this.host = host;
        this.entropy = entropy;
        this.ticks = 1 + entropy.nextInt(TICKS);
    }

    void tick(long nowNanos) {
        if (--ticks > 0) {
            return;
        }
        ticks = TICKS;
        List<Address> first = host.bootstrapNodes();
        if (first.isEmpty() || first.stream().anyMatch(this::wasHeardLately)) {
            return;
        }
        Bytes self = neighbourhood.table().self().bytes();
        host.request(
                RequestSpec.of(first.get(entropy.nextInt(first.size())), Command.FIND_NODE)
                        .withTarget(self),
                new ReplyListener() {
                    @Override
                    public void answered(Answer answer, long now) {
                        walkFrom(strangers(answer), self, now);
                    }

                    @Override
                    public void failed(RequestFailure failure, long now) {}
                },
                nowNanos);
    }

    private boolean wasHeardLately(Address node) {
        Neighbour known = neighbourhood.table().find(NodeId.of(node));
        return known != null && neighbourhood.tick() - known.seenTick() < TICKS;
    }

    /** Those that we have room for, and have not met. */
    private List<Address> strangers(Answer answer) {
        return answer.closerNodes().stream()
                .filter(node -> AddressFilter.admits(node, answer.from()))
                .filter(node -> isStranger(NodeId.of(node)))
                .collect(toUnmodifiableList());
    }

    private boolean isStranger(NodeId id) {
        return !id.equals(neighbourhood.table().self())
                && neighbourhood.table().find(id) == null
                && !neighbourhood.table().isFullFor(id);
    }

    private void walkFrom(List<Address> strangers, Bytes self, long nowNanos) {
        if (!strangers.isEmpty()) {
            QuerySpec walk =
                    QuerySpec.of(self, Command.FIND_NODE).withStart(strangers).asBackground();
            host.query(walk, (result, now) -> {}, nowNanos);
        }
    }
}
