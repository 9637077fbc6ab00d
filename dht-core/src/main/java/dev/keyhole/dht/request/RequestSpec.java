package dev.keyhole.dht.request;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.wire.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * What to ask of whom, and how patiently.
 *
 * @param to who is asked; only answers from there count
 * @param toId the id under which the node was found: it leaves the routing table if it stays silent
 * @param socket where the request leaves, null for the main socket
 * @param retries how often to send again, each a timeout after the last
 * @param timeoutNanos how long to wait after each sending
 * @param forced whether to leave without regard to the congestion window
 */
public record RequestSpec(
        Address to,
        @Nullable NodeId toId,
        @Nullable LocalSocket socket,
        Command command,
        @Nullable Bytes target,
        @Nullable Bytes value,
        @Nullable Bytes token,
        int retries,
        long timeoutNanos,
        boolean forced) {

    public static final int DEFAULT_RETRIES = 3;
    public static final long DEFAULT_TIMEOUT_NANOS = SECONDS.toNanos(1);

    /** A request without target, token and value, through the main socket. */
    public static RequestSpec of(Address to, Command command) {
        return new RequestSpec(
                to,
                null,
                null,
                command,
                null,
                null,
                null,
                DEFAULT_RETRIES,
                DEFAULT_TIMEOUT_NANOS,
                false);
    }

    public RequestSpec withToId(@Nullable NodeId id) {
        return new RequestSpec(
                to, id, socket, command, target, value, token, retries, timeoutNanos, forced);
    }

    public RequestSpec withSocket(@Nullable LocalSocket through) {
        return new RequestSpec(
                to, toId, through, command, target, value, token, retries, timeoutNanos, forced);
    }

    public RequestSpec withTarget(@Nullable Bytes newTarget) {
        return new RequestSpec(
                to, toId, socket, command, newTarget, value, token, retries, timeoutNanos, forced);
    }

    public RequestSpec withValue(@Nullable Bytes newValue) {
        return new RequestSpec(
                to, toId, socket, command, target, newValue, token, retries, timeoutNanos, forced);
    }

    public RequestSpec withToken(@Nullable Bytes newToken) {
        return new RequestSpec(
                to, toId, socket, command, target, value, newToken, retries, timeoutNanos, forced);
    }

    public RequestSpec withRetries(int count) {
        return new RequestSpec(
                to, toId, socket, command, target, value, token, count, timeoutNanos, forced);
    }

    public RequestSpec withTimeoutNanos(long nanos) {
        return new RequestSpec(
                to, toId, socket, command, target, value, token, retries, nanos, forced);
    }

    public RequestSpec withForced(boolean now) {
        return new RequestSpec(
                to, toId, socket, command, target, value, token, retries, timeoutNanos, now);
    }
}
