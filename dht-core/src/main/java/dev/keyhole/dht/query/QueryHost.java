package dev.keyhole.dht.query;

import dev.keyhole.dht.request.PendingRequest;
import dev.keyhole.dht.request.ReplyListener;
import dev.keyhole.dht.request.RequestSpec;
import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import java.util.List;

/** The node a walk belongs to. */
public interface QueryHost {

    PendingRequest request(RequestSpec spec, ReplyListener listener, long nowNanos);

    /** The id at the centre of our own table. */
    NodeId tableId();

    /** The known nodes nearest to a target, nearest first. */
    List<Address> closest(Bytes target, int count);

    /** The nodes to begin with, since there are not enough others. */
    List<Address> bootstrapNodes(long nowNanos);

    /** Whether an address may be asked if a node at another one said so. */
    boolean admits(Address node, Address from);

    /** Requests of the whole node that have not ended. */
    int requestsInFlight();

    /** Takes one of the hints about dead nodes we may send in this tick. */
    boolean takeDownHint();

    /** The walk is over; called once. */
    void ended(Query query);
}
