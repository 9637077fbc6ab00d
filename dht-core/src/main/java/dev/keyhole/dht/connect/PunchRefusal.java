package dev.keyhole.dht.connect;

import dev.keyhole.dht.connect.RelayDecision.Serve;
import dev.keyhole.dht.holepunch.HolepunchPayload;
import dev.keyhole.dht.holepunch.SecurePayload;
import dev.keyhole.dht.node.IncomingRequest;
import dev.keyhole.transport.noise.Session;

/**
 * What a server that does not punch says to a client that wants to: no, at once, so that it need
 * not wait to find out.
 */
final class PunchRefusal {

    private final Surroundings around;
    private final SecurePayload secure;
    private final long error;

    PunchRefusal(Surroundings around, Session session, long error) {
        this.around = around;
        this.secure = SecurePayload.of(session);
        this.error = error;
    }

    void answer(Serve serve, IncomingRequest request, long nowNanos) {
        HolepunchPayload asked = secure.open(serve.message());
        if (asked != null) {
            HolepunchPayload no = HolepunchPayload.ofError(error, asked.round());
            serve.answerHolepunch(secure.seal(no, around.entropy()))
                    .carryOut(new Carrier(request, around.rpc().mainSocket(), nowNanos));
        }
    }
}
