package dev.keyhole.dht.connect;

import dev.keyhole.dht.holepunch.NatAnalysis;
import dev.keyhole.dht.holepunch.NatType;
import dev.keyhole.dht.holepunch.PunchSockets;
import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.request.Answer;
import dev.keyhole.dht.request.ReplyListener;
import dev.keyhole.dht.request.RequestFailure;
import dev.keyhole.dht.request.RequestSpec;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds out what the NAT in front of this node does to a socket that nobody has spoken to yet, as an
 * attempt to punch would find it.
 *
 * <p>A fresh socket asks some nodes how they see it. The node's own sockets would not do: their
 * mappings have stood for long, and many have sent there.
 */
public final class NatCheck implements PunchSockets.Holder {

    /** How many nodes are asked: enough to tell a NAT that changes ports now and then. */
    static final int NODES = 6;

    private static final int RETRIES = 1;

    private final Surroundings around;
    private final Listener listener;
    private final List<Answer> sightings = new ArrayList<>();
    private final NatAnalysis analysis;
    private int waiting;

    /** Hears what was found. */
    @FunctionalInterface
    public interface Listener {

        /**
         * The check is over; called once.
         *
         * @param sightings the answers of those who saw the socket, in the order they came in
         */
        void checked(NatType type, List<Answer> sightings, long nowNanos);
    }

    NatCheck(Surroundings around, Listener listener) {
        this.around = around;
        this.listener = listener;
        this.analysis = new NatAnalysis(around.rpc().isFirewalled());
    }

    void start(long nowNanos) {
        around.punchSockets().acquire(this, nowNanos);
    }

    @Override
    public void opened(LocalSocket socket, long nowNanos) {
        List<Address> nodes = around.rpc().latestNodes(NODES);
        waiting = nodes.size() + 1;
        for (Address node : nodes) {
            around.rpc()
                    .request(
                            RequestSpec.of(node, Command.PING)
                                    .withSocket(socket)
                                    .withRetries(RETRIES),
                            new Sighting(socket),
                            nowNanos);
        }
        settle(socket, nowNanos);
    }

    @Override
    public void notOpened(long nowNanos) {
        listener.checked(analysis.type(), List.of(), nowNanos);
    }

    @Override
    public void probed(LocalSocket socket, Address from, long nowNanos) {
        // Nobody was told of this socket, so nobody probes it.
    }

    private void settle(LocalSocket socket, long nowNanos) {
        if (--waiting == 0) {
            around.punchSockets().giveUp(socket);
            listener.checked(analysis.type(), List.copyOf(sightings), nowNanos);
        }
    }

    /** One node's view, awaited. */
    private final class Sighting implements ReplyListener {

        private final LocalSocket socket;

        private Sighting(LocalSocket socket) {
            this.socket = socket;
        }

        @Override
        public void answered(Answer answer, long nowNanos) {
            sightings.add(answer);
            analysis.add(answer.to(), answer.from(), nowNanos);
            settle(socket, nowNanos);
        }

        @Override
        public void failed(RequestFailure failure, long nowNanos) {
            settle(socket, nowNanos);
        }
    }
}
