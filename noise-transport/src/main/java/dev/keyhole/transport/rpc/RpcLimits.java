package dev.keyhole.transport.rpc;

import java.time.Duration;

/**
 * What one peer may take of us.
 *
 * @param frameBytes the longest frame taken in; a longer one ends the connection
 * @param concurrentRequests how many requests may wait for an answer before further ones are marked
 *     with {@link IncomingRequest#overLimit}
 * @param openRequests how many may wait in all, marked or not; one more ends the connection
 * @param unreadBytes how much of one stream may wait unread for a peer that does not heed pauses;
 *     with more the stream is left
 * @param queuedBytes how much may wait for a peer that does not read its answers; more ends the
 *     connection
 * @param closeTimeout how long an orderly close waits for the peer's part of it
 */
public record RpcLimits(
        int frameBytes,
        int concurrentRequests,
        int openRequests,
        int unreadBytes,
        int queuedBytes,
        Duration closeTimeout) {

    private static final RpcLimits DEFAULTS =
            new RpcLimits(64 << 20, 16, 1024, 16 << 20, 128 << 20, Duration.ofSeconds(3));

    public RpcLimits {
        if (frameBytes < 1
                || concurrentRequests < 0
                || openRequests < 1
                || unreadBytes < 1
                || queuedBytes < 1) {
            throw new IllegalArgumentException("a limit that lets nothing through");
        }
    }

    public static RpcLimits defaults() {
        return DEFAULTS;
    }

    public RpcLimits withFrameBytes(int bytes) {
        return new RpcLimits(
                bytes, concurrentRequests, openRequests, unreadBytes, queuedBytes, closeTimeout);
    }

    public RpcLimits withConcurrentRequests(int count) {
        return new RpcLimits(
                frameBytes, count, openRequests, unreadBytes, queuedBytes, closeTimeout);
    }

    public RpcLimits withOpenRequests(int count) {
        return new RpcLimits(
                frameBytes, concurrentRequests, count, unreadBytes, queuedBytes, closeTimeout);
    }

    public RpcLimits withUnreadBytes(int bytes) {
        return new RpcLimits(
                frameBytes, concurrentRequests, openRequests, bytes, queuedBytes, closeTimeout);
    }

    public RpcLimits withQueuedBytes(int bytes) {
        return new RpcLimits(
                frameBytes, concurrentRequests, openRequests, unreadBytes, bytes, closeTimeout);
    }

    public RpcLimits withCloseTimeout(Duration timeout) {
        return new RpcLimits(
                frameBytes, concurrentRequests, openRequests, unreadBytes, queuedBytes, timeout);
    }
}
