package dev.keyhole.cli;

import dev.keyhole.dht.Connection;
import dev.keyhole.model.message.MessageJson;
import dev.keyhole.model.message.Request;
import dev.keyhole.transport.rpc.RpcHandler;
import dev.keyhole.transport.rpc.RpcLimits;
import dev.keyhole.transport.rpc.RpcPeer;
import dev.keyhole.transport.wire.Bytes;
import java.time.Duration;

/** Asks a provider for a sign of life, and lets go of it. */
final class Heartbeat {

    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(10);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(4);

    private Heartbeat() {}

    /** How long the answer took, in milliseconds. */
    static double ask(Connection connection) {
        RpcPeer peer = RpcPeer.over(connection, RpcHandler.NONE, RpcLimits.defaults());
        Bytes heartbeat = Bytes.wrap(MessageJson.write(new Request.Heartbeat()));
        long asked = System.nanoTime();
        try {
            peer.call(heartbeat, false).blockLast(ANSWER_LIMIT);
            return (System.nanoTime() - asked) / 1e6;
        } finally {
            peer.close();
            peer.closed().onErrorComplete().block(CLOSE_LIMIT);
        }
    }
}
