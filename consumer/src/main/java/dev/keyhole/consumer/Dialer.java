package dev.keyhole.consumer;

import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.stream.Link;
import reactor.core.publisher.Mono;

/** Finds a provider by its public key and opens an encrypted link to it. */
@FunctionalInterface
interface Dialer {

    /** A new link for each subscription; fails with what kept it from coming about. */
    Mono<Link> dial(PublicKey provider);
}
