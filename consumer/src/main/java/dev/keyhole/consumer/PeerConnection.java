package dev.keyhole.consumer;

import dev.keyhole.model.DelegationException;
import dev.keyhole.model.InferenceFailedException;
import dev.keyhole.model.message.InvalidMessageException;
import dev.keyhole.model.message.LineSplitter;
import dev.keyhole.model.message.MessageJson;
import dev.keyhole.model.message.Request;
import dev.keyhole.model.message.Response;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.rpc.RpcClosedException;
import dev.keyhole.transport.rpc.RpcEvent;
import dev.keyhole.transport.rpc.RpcFailure;
import dev.keyhole.transport.rpc.RpcPeer;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.wire.Bytes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * One open connection to a provider: asks in messages, and takes an answer of any form.
 *
 * <p>A provider may answer with a reply, a stream of lines or a failed response, whatever was asked
 * ({@code docs/protocol.md}, "Delegation"). An error message is an error here.
 */
final class PeerConnection {

    private final PublicKey provider;
    private final RpcPeer rpc;
    private final LongSupplier nanoClock;
    private final Object lock = new Object();
    private volatile boolean answered;
    private volatile boolean gone;
    private int users;
    private boolean retired;

    PeerConnection(PublicKey provider, RpcPeer rpc, LongSupplier nanoClock) {
        this.provider = provider;
        this.rpc = rpc;
        this.nanoClock = nanoClock;
        rpc.closed().subscribe(reason -> gone = true);
    }

    PublicKey provider() {
        return provider;
    }

    /** Asks for an answer of one message. */
    <T extends Response> Mono<T> ask(Request request, Class<T> wanted, Duration limit) {
        return messages(request, limit)
                .ofType(wanted)
                .next()
                .switchIfEmpty(
                        Mono.error(
                                () ->
                                        new PeerProtocolException(
                                                provider,
                                                "no answer to " + request.type() + " came")));
    }

    /**
     * Asks for an answer of any number of messages. Cancelling leaves the stream.
     *
     * @param limit how long each of them may take
     */
    Flux<Response> messages(Request request, Duration limit) {
        return Flux.defer(
                () -> {
                    LineSplitter lines = new LineSplitter();
                    Bytes data = Bytes.wrap(MessageJson.write(request));
                    return rpc.call(data, request.streamed())
                            .timeout(limit)
                            .concatMapIterable(event -> read(event, lines))
                            .concatWith(Flux.defer(() -> Flux.fromIterable(lastLine(lines))))
                            .onErrorMap(failure -> translated(failure, request, limit))
                            .doOnSubscribe(subscription -> entered())
                            .doFinally(signal -> left());
                });
    }

    /** Whether the provider is still there; looks at traffic first, and asks if there was none. */
    Mono<Boolean> isAlive(Duration limit) {
        return Mono.defer(
                () -> {
                    if (gone) {
                        return Mono.just(false);
                    }
                    if (answered && rpc.quietNanos() < limit.toNanos()) {
                        return Mono.just(true);
                    }
                    return probed(limit).doOnNext(alive -> answered |= alive);
                });
    }

    /** Asks for a sign of life, and takes any that comes while it waits. */
    private Mono<Boolean> probed(Duration limit) {
        long heardBefore = heardNanos();
        return heartbeat(limit)
                .map(pong -> true)
                .onErrorResume(
                        PeerTimeoutException.class, late -> Mono.just(heardNanos() > heardBefore))
                .onErrorReturn(ConnectionLostException.class, false)
                .onErrorReturn(DelegationException.class, true);
    }

    private long heardNanos() {
        return nanoClock.getAsLong() - rpc.quietNanos();
    }

    Mono<Response.Heartbeat> heartbeat(Duration limit) {
        return ask(new Request.Heartbeat(), Response.Heartbeat.class, limit);
    }

    /** Completes with the reason when the connection is gone. */
    Mono<CloseReason> closed() {
        return rpc.closed();
    }

    /** Closes when nothing runs on the connection any more. */
    void retire() {
        boolean idle;
        synchronized (lock) {
            retired = true;
            idle = users == 0;
        }
        if (idle) {
            rpc.close();
        }
    }

    /** Closes in good order; completes when the connection is gone. */
    Mono<Void> close() {
        return Mono.defer(
                () -> {
                    rpc.close();
                    return rpc.closed().then();
                });
    }

    private void entered() {
        synchronized (lock) {
            users++;
        }
    }

    private void left() {
        boolean last;
        synchronized (lock) {
            users--;
            last = retired && users == 0;
        }
        if (last) {
            rpc.close();
        }
    }

    /** What a stream that ended without a line feed had last. */
    private List<Response> lastLine(LineSplitter lines) {
        List<Response> responses = new ArrayList<>();
        try {
            if (lines.rest().isPresent()) {
                add(lines.rest().get(), responses);
            }
        } catch (InvalidMessageException e) {
            throw new PeerProtocolException(provider, "an answer ended in the middle");
        }
        return responses;
    }

    private List<Response> read(RpcEvent event, LineSplitter lines) {
        List<Response> responses = new ArrayList<>();
        try {
            if (event instanceof RpcEvent.Reply reply) {
                add(reply.data().toArray(), responses);
            } else {
                for (byte[] line : lines.split(event.data().toArray())) {
                    add(line, responses);
                }
            }
        } catch (InvalidMessageException e) {
            throw new PeerProtocolException(
                    provider, "an answer makes no sense: " + e.getMessage());
        }
        return responses;
    }

    private static void add(byte[] json, List<Response> responses) throws InvalidMessageException {
        Response response = MessageJson.readResponse(json);
        if (response instanceof Response.Failure failure) {
            throw failure.toException();
        }
        if (!(response instanceof Response.ProfilingTrailer)) {
            responses.add(response);
        }
    }

    private Throwable translated(Throwable failure, Request request, Duration limit) {
        if (failure instanceof TimeoutException) {
            return new PeerTimeoutException(provider, "an answer to " + request.type(), limit);
        }
        if (failure instanceof RpcClosedException closed) {
            gone = true;
            return new ConnectionLostException(provider, closed.reason(), closed);
        }
        if (failure instanceof RpcFailure refused) {
            return new InferenceFailedException(
                    "provider " + provider + " failed: " + refused.getMessage(), refused);
        }
        return failure;
    }
}
