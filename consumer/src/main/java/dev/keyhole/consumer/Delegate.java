package dev.keyhole.consumer;

import dev.keyhole.transport.identity.PublicKey;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Who is to run a model in our place, and what happens when that does not work.
 *
 * @param providerPublicKeys who is asked, in order: the second only when the first does not answer
 * @param timeout the longest wait for each sign of progress: the connection, a reply, the first
 *     message of an answer that is a stream, and each further one
 * @param healthCheckTimeout the longest wait for a sign of life on a connection that was idle
 * @param fallbackToLocal whether a model that cannot be loaded at a provider, or an answer that
 *     fails there before its first token, is made on this machine
 * @param forceNewConnection whether a connection that is open already is left to its other users
 */
public record Delegate(
        List<PublicKey> providerPublicKeys,
        Duration timeout,
        Duration healthCheckTimeout,
        boolean fallbackToLocal,
        boolean forceNewConnection) {

    public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(60);
    public static final Duration DEFAULT_HEALTH_CHECK_TIMEOUT = Duration.ofMillis(1500);

    /** The shortest timeout that makes sense over a network. */
    public static final Duration MIN_TIMEOUT = Duration.ofMillis(100);

    public Delegate {
        providerPublicKeys = List.copyOf(new LinkedHashSet<>(providerPublicKeys));
        if (providerPublicKeys.isEmpty()) {
            throw new IllegalArgumentException("delegation needs the public key of a provider");
        }
        atLeastMinimum("timeout", timeout);
        atLeastMinimum("healthCheckTimeout", healthCheckTimeout);
    }

    /** Asks these providers, in order. */
    public static Delegate to(PublicKey... providerPublicKeys) {
        return to(List.of(providerPublicKeys));
    }

    /** Asks these providers, in order. */
    public static Delegate to(List<PublicKey> providerPublicKeys) {
        return new Delegate(
                providerPublicKeys, DEFAULT_TIMEOUT, DEFAULT_HEALTH_CHECK_TIMEOUT, false, false);
    }

    /**
     * Asks these providers, in order.
     *
     * @param providerPublicKeys keys as 64 hex digits of either case, or as z-base-32
     * @throws IllegalArgumentException if one of them is not a key; the message says what is wrong
     */
    public static Delegate to(String... providerPublicKeys) {
        return to(
                Stream.of(providerPublicKeys)
                        .map(PublicKey::parse)
                        .collect(Collectors.toUnmodifiableList()));
    }

    public Delegate withTimeout(Duration value) {
        return new Delegate(
                providerPublicKeys, value, healthCheckTimeout, fallbackToLocal, forceNewConnection);
    }

    public Delegate withHealthCheckTimeout(Duration value) {
        return new Delegate(
                providerPublicKeys, timeout, value, fallbackToLocal, forceNewConnection);
    }

    public Delegate withFallbackToLocal(boolean value) {
        return new Delegate(
                providerPublicKeys, timeout, healthCheckTimeout, value, forceNewConnection);
    }

    public Delegate withForceNewConnection(boolean value) {
        return new Delegate(
                providerPublicKeys, timeout, healthCheckTimeout, fallbackToLocal, value);
    }

    private static void atLeastMinimum(String name, Duration value) {
        if (value.compareTo(MIN_TIMEOUT) < 0) {
            throw new IllegalArgumentException(
                    name
                            + " of "
                            + value.toMillis()
                            + " ms is below "
                            + MIN_TIMEOUT.toMillis()
                            + " ms");
        }
    }
}
