package dev.keyhole.provider;

import java.util.List;

/**
 * What a provider has done since it started, and what it is doing.
 *
 * @param connections consumers that were let in, counted for each connection
 * @param connectionsRefused connections above the limits of the provider or of their key
 * @param connectionsOpen connections right now
 * @param requests all requests that were understood
 * @param requestsInvalid requests that were not
 * @param requestsForbidden requests for something that no remote peer may ask for
 * @param requestsRejected requests above a quota or a limit, or that found the queue full
 * @param requestsFailed requests that were begun and ended with an error
 * @param requestsCancelled requests that their consumer cancelled or left
 * @param requestsRunning requests for a model that run or wait right now
 * @param tokens tokens read and written
 * @param modelsLoaded names of the models in memory
 */
public record ProviderStats(
        long connections,
        long connectionsRefused,
        long connectionsOpen,
        long requests,
        long requestsInvalid,
        long requestsForbidden,
        long requestsRejected,
        long requestsFailed,
        long requestsCancelled,
        long requestsRunning,
        long tokens,
        List<String> modelsLoaded) {

    public ProviderStats {
        modelsLoaded = List.copyOf(modelsLoaded);
    }
}
