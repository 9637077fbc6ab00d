package dev.keyhole.dht.connect;

import dev.keyhole.dht.announce.AnnounceSignature;
import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.message.ErrorCode;
import dev.keyhole.dht.node.RpcNode;
import dev.keyhole.dht.request.Answer;
import dev.keyhole.dht.request.PendingRequest;
import dev.keyhole.dht.request.ReplyListener;
import dev.keyhole.dht.request.RequestFailure;
import dev.keyhole.dht.request.RequestSpec;
import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A server's announce of itself at one node, without relays: who asks that node finds the server
 * through it ({@code docs/protocol.md}, "Being found").
 */
final class SelfAnnounce {

    private final RpcNode rpc;
    private final KeyPair keyPair;
    private final Bytes target;
    private final Address node;
    private final Outcome outcome;
    private @Nullable PendingRequest request;
    private boolean repeated;
    private boolean cancelled;

    /** Who wants to know; hears one of the two, once. */
    interface Outcome {

        /** The node stores the way to us. */
        void accepted(Address seenAs, long nowNanos);

        /** It refused, or is silent. */
        void refused(long nowNanos);
    }

    SelfAnnounce(RpcNode rpc, KeyPair keyPair, Address node, Outcome outcome) {
        this.rpc = rpc;
        this.keyPair = keyPair;
        this.target = keyPair.publicKey().target();
        this.node = node;
        this.outcome = outcome;
    }

    /** Announces with what the node gave out when it was asked for the server. */
    void with(Answer answer, long nowNanos) {
        NodeId id = answer.id();
        Bytes token = answer.token();
        if (id == null || token == null) {
            refused(nowNanos);
            return;
        }
        Bytes value =
                new AnnounceSignature(target, id, token).announce(keyPair, List.of(), null, 0);
        RequestSpec announce =
                RequestSpec.of(node, Command.ANNOUNCE)
                        .withToId(id)
                        .withTarget(target)
                        .withValue(value)
                        .withToken(token);
        request = rpc.request(announce, new Reply(), nowNanos);
    }

    /** Asks the node for a token first. */
    void start(long nowNanos) {
        RequestSpec ask = RequestSpec.of(node, Command.FIND_PEER).withTarget(target);
        request = rpc.request(ask, new Token(), nowNanos);
    }

    /** Gives up; nobody hears of it. What is on its way may arrive all the same. */
    void cancel(long nowNanos) {
        cancelled = true;
        if (request != null) {
            request.cancel(nowNanos);
        }
    }

    private void refused(long nowNanos) {
        if (!cancelled) {
            outcome.refused(nowNanos);
        }
    }

    private final class Token implements ReplyListener {

        @Override
        public void answered(Answer answer, long nowNanos) {
            with(answer, nowNanos);
        }

        @Override
        public void failed(RequestFailure failure, long nowNanos) {
            refused(nowNanos);
        }
    }

    private final class Reply implements ReplyListener {

        @Override
        public void answered(Answer answer, long nowNanos) {
            if (answer.isOk()) {
                outcome.accepted(answer.to(), nowNanos);
            } else if (!repeated && answer.error() == ErrorCode.INVALID_TOKEN.number()) {
                // The token got old on the way here; the refusal brings a fresh one.
                repeated = true;
                with(answer, nowNanos);
            } else {
                refused(nowNanos);
            }
        }

        @Override
        public void failed(RequestFailure failure, long nowNanos) {
            refused(nowNanos);
        }
    }
}
