package dev.keyhole.provider;

/**
 * How much of a provider one consumer may use.
 *
 * @param connections how many connections may be open at once
 * @param concurrentRequests how many requests may be running or waiting at once, over all of them
 * @param requestsPerMinute how many requests that need a model may begin in a minute
 * @param tokensPerMinute how many tokens, read and written, a minute may cost
 * @param maxContext how many tokens prompt and answer may have together
 */
public record Quota(
        int connections,
        int concurrentRequests,
        int requestsPerMinute,
        int tokensPerMinute,
        int maxContext) {

    /** As much as the machine gives. */
    public static final int UNLIMITED = Integer.MAX_VALUE;

    public static final int DEFAULT_CONNECTIONS = 8;
    public static final int DEFAULT_CONCURRENT_REQUESTS = 128;

    private static final Quota DEFAULTS =
            new Quota(
                    DEFAULT_CONNECTIONS,
                    DEFAULT_CONCURRENT_REQUESTS,
                    UNLIMITED,
                    UNLIMITED,
                    UNLIMITED);

    public Quota {
        require(connections, "connections");
        require(concurrentRequests, "concurrent requests");
        require(requestsPerMinute, "requests per minute");
        require(tokensPerMinute, "tokens per minute");
        require(maxContext, "context");
    }

    /** Eight connections, and on them as much as they can carry. */
    public static Quota defaults() {
        return DEFAULTS;
    }

    public Quota withConnections(int value) {
        return new Quota(value, concurrentRequests, requestsPerMinute, tokensPerMinute, maxContext);
    }

    public Quota withConcurrentRequests(int value) {
        return new Quota(connections, value, requestsPerMinute, tokensPerMinute, maxContext);
    }

    public Quota withRequestsPerMinute(int value) {
        return new Quota(connections, concurrentRequests, value, tokensPerMinute, maxContext);
    }

    public Quota withTokensPerMinute(int value) {
        return new Quota(connections, concurrentRequests, requestsPerMinute, value, maxContext);
    }

    public Quota withMaxContext(int value) {
        return new Quota(
                connections, concurrentRequests, requestsPerMinute, tokensPerMinute, value);
    }

    private static void require(int value, String what) {
        if (value < 1) {
            throw new IllegalArgumentException(
                    "a quota of " + value + " " + what + "; 1 is the least");
        }
    }
}
