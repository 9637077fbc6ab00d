package dev.keyhole.dht.request;

import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.wire.Bytes;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What came back.
 *
 * @param socket where it came in
 * @param from who was asked and answered
 * @param id the answerer's id, null if it has none or one that does not fit its address
 * @param to our address as the answerer saw it
 * @param error 0 for success; any other number is still an answer
 * @param roundTripNanos from the last sending
 */
public record Answer(
        LocalSocket socket,
        Address from,
        @Nullable NodeId id,
        Address to,
        @Nullable Bytes token,
        List<Address> closerNodes,
        long error,
        @Nullable Bytes value,
        long roundTripNanos) {

    public boolean isOk() {
        return error == 0;
    }
}
