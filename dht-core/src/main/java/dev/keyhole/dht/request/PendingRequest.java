package dev.keyhole.dht.request;

import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.wire.Bytes;
import org.jspecify.annotations.Nullable;

/** A request that has not ended yet. Made by {@link PendingRequests}. */
public final class PendingRequest {

    final RequestSpec spec;
    final ReplyListener listener;
    final long serial;

    int tid = -1;
    int sent;
    long sentAtNanos;
    long deadlineNanos = Machine.NEVER;
    boolean ended;
    boolean queued;
    @Nullable LocalSocket socket;
    @Nullable Bytes datagram;

    private final PendingRequests owner;

    PendingRequest(PendingRequests owner, RequestSpec spec, ReplyListener listener, long serial) {
        this.owner = owner;
        this.spec = spec;
        this.listener = listener;
        this.serial = serial;
    }

    public RequestSpec spec() {
        return spec;
    }

    /** Whether the listener has had its outcome. */
    public boolean ended() {
        return ended;
    }

    /** How often it was sent. */
    public int sent() {
        return sent;
    }

    /** Gives up; the listener hears {@link RequestFailure#CANCELLED}. Harmless when it ended. */
    public void cancel(long nowNanos) {
        owner.cancel(this, nowNanos);
    }
}
