package dev.keyhole.model.message;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The wish of a peer to hear where the time went, which may travel with any request. */
public record ProfilingRequest(@Nullable String id, boolean includeServer) {

    private static final ProfilingRequest NONE = new ProfilingRequest(null, false);

    /** A request without the wish. */
    public static ProfilingRequest none() {
        return NONE;
    }

    /** The answer, where one was asked for. */
    public Optional<ProfilingAnswer> answer(
            double parseMillis, double validationMillis, double handlerMillis) {
        if (!includeServer || id == null || id.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new ProfilingAnswer(id, parseMillis, validationMillis, handlerMillis));
    }
}
