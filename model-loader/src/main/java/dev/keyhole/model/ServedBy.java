package dev.keyhole.model;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Who answered: a provider, or this machine, perhaps because a provider could not. */
public final class ServedBy {

    private static final ServedBy LOCAL = new ServedBy(null, null);

    private final @Nullable String providerKey;
    private final @Nullable Throwable fallbackCause;

    private ServedBy(@Nullable String providerKey, @Nullable Throwable fallbackCause) {
        this.providerKey = providerKey;
        this.fallbackCause = fallbackCause;
    }

    /** This machine, as was asked. */
    public static ServedBy local() {
        return LOCAL;
    }

    /** This machine, because delegation failed for the given reason. */
    public static ServedBy local(Throwable cause) {
        return new ServedBy(null, cause);
    }

    /** The provider with this public key, in lower-case hex. */
    public static ServedBy provider(String keyHex) {
        return new ServedBy(keyHex, null);
    }

    public boolean isLocal() {
        return providerKey == null;
    }

    /** The provider's public key in lower-case hex; empty when this machine answered. */
    public Optional<String> providerKey() {
        return Optional.ofNullable(providerKey);
    }

    /** Why this machine answered in place of a provider. */
    public Optional<Throwable> fallbackCause() {
        return Optional.ofNullable(fallbackCause);
    }

    @Override
    public String toString() {
        if (providerKey != null) {
            return "provider " + providerKey;
        }
        return fallbackCause == null ? "local" : "local (" + fallbackCause.getMessage() + ")";
    }
}
