package dev.keyhole.transport.rpc;

import dev.keyhole.transport.wire.Bytes;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A request of the peer, to be answered once: with {@link #reply}, {@link #fail} or {@link
 * #stream}, from any thread. An answer that nobody waits for any more goes nowhere.
 */
public interface IncomingRequest {

    /** The peer's number of the request. */
    long id();

    /** What the peer put there; many put a counter. */
    long command();

    /** Empty if the request is a stream. */
    Bytes data();

    /** Whether the request's data comes as a stream, {@link #input}. */
    boolean isDuplex();

    /**
     * Whether the peer had as many requests open as {@link RpcLimits#concurrentRequests} allows
     * before it made this one. The handler decides what that means for this kind of request, since
     * the peers of the original fall over a failed response where they expect a stream.
     */
    boolean overLimit();

    /**
     * The stream that the request is, for one subscriber, who slows the peer down by asking for no
     * more than it can take. Empty if the request is none. Signals come on the loop's thread.
     */
    Flux<Bytes> input();

    /**
     * @throws IllegalStateException if the request was answered before
     */
    void reply(Bytes data);

    /**
     * Answers with a failed response. Not for a peer that expects a stream: fail the stream
     * instead.
     *
     * @throws IllegalStateException if the request was answered before
     */
    void fail(String message, String code, int errno);

    /**
     * Answers with a stream. The chunks are subscribed to at once, on this thread, and asked for
     * one by one, on the loop's, as the peer reads them; cancelled when the peer leaves. If they
     * end with an {@link RpcFailure} that is what the peer gets to read; any other error is told as
     * "internal error". Empty chunks are left out, since a peer of the original would take one for
     * the end.
     *
     * @throws IllegalStateException if the request was answered before
     */
    void stream(Publisher<Bytes> chunks);

    /** Completes when the peer leaves or goes away before it has got its whole answer. */
    Mono<Void> abandoned();
}
