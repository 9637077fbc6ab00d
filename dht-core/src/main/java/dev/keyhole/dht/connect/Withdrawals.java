package dev.keyhole.dht.connect;

import dev.keyhole.dht.announce.AnnounceSignature;
import dev.keyhole.dht.holepunch.Timers;
import dev.keyhole.dht.message.Command;
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
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Takes the way to a server back from nodes that stored it. */
final class Withdrawals {

    private final RpcNode rpc;
    private final KeyPair keyPair;
    private final Bytes target;
    private final Map<Address, Withdrawal> pending = new HashMap<>();
    private Timers.Task whenDone = nowNanos -> {};

    Withdrawals(RpcNode rpc, KeyPair keyPair) {
        this.rpc = rpc;
        this.keyPair = keyPair;
        this.target = keyPair.publicKey().target();
    }

    /** Asks a node for a token, and if it still has the record, to forget it. */
    void add(Address node, long nowNanos) {
        if (!pending.containsKey(node)) {
            Withdrawal withdrawal = new Withdrawal(node);
            pending.put(node, withdrawal);
            RequestSpec ask = RequestSpec.of(node, Command.FIND_PEER).withTarget(target);
            withdrawal.request = rpc.request(ask, withdrawal, nowNanos);
        }
    }

    /** Lets a node keep the record after all. */
    void stop(Address node, long nowNanos) {
        Withdrawal withdrawal = pending.get(node);
        if (withdrawal != null && withdrawal.request != null) {
            withdrawal.request.cancel(nowNanos);
        }
    }

    /** Has something run when nothing is left to be withdrawn, at once if nothing is now. */
    void whenDone(Timers.Task task, long nowNanos) {
        whenDone = task;
        if (pending.isEmpty()) {
            task.run(nowNanos);
        }
    }

    private final class Withdrawal implements ReplyListener {

        private final Address node;
        private @Nullable PendingRequest request;
        private boolean asked;

        private Withdrawal(Address node) {
            this.node = node;
        }

        @Override
        public void answered(Answer answer, long nowNanos) {
            NodeId id = answer.id();
            Bytes token = answer.token();
            if (asked || id == null || token == null || answer.value() == null) {
                end(nowNanos);
                return;
            }
            asked = true;
            RequestSpec unannounce =
                    RequestSpec.of(node, Command.UNANNOUNCE)
                            .withToId(id)
                            .withTarget(target)
                            .withValue(new AnnounceSignature(target, id, token).unannounce(keyPair))
                            .withToken(token);
            request = rpc.request(unannounce, this, nowNanos);
        }

        @Override
        public void failed(RequestFailure failure, long nowNanos) {
            end(nowNanos);
        }

        private void end(long nowNanos) {
            if (pending.remove(node, this) && pending.isEmpty()) {
                whenDone.run(nowNanos);
            }
        }
    }
}
