package dev.keyhole.consumer;

import dev.keyhole.model.CompletionEvent;
import dev.keyhole.model.CompletionStats;
import dev.keyhole.model.LoadProgress;
import dev.keyhole.model.StopReason;
import dev.keyhole.model.message.ErrorCode;
import dev.keyhole.model.message.MessageJson;
import dev.keyhole.model.message.RefusedRequestException;
import dev.keyhole.model.message.Request;
import dev.keyhole.model.message.Response;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.identity.Seed;
import dev.keyhole.transport.rpc.IncomingRequest;
import dev.keyhole.transport.rpc.RpcLimits;
import dev.keyhole.transport.rpc.RpcPeer;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.stream.Link;
import dev.keyhole.transport.stream.LinkPair;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** A peer that answers as the tests want it to, over links in memory. */
final class FakeProvider implements Dialer, AutoCloseable {

    static final PublicKey CONSUMER = key("22");

    final PublicKey publicKey;
    final List<LinkPair> links = new CopyOnWriteArrayList<>();
    final BlockingQueue<Request> requests = new LinkedBlockingQueue<>();
    final Set<String> remembered = ConcurrentHashMap.newKeySet();
    final CompletableFuture<Void> streamLeft = new CompletableFuture<>();
    private final Map<String, Runnable> cancels = new ConcurrentHashMap<>();

    volatile boolean reachable = true;
    volatile boolean answersHeartbeats = true;
    volatile Behaviour completion = Behaviour.ANSWERS;
    volatile Behaviour load = Behaviour.ANSWERS;

    /** What the next requests of a kind get to see. */
    enum Behaviour {
        ANSWERS,
        IS_SILENT,
        FAILS,
        FAILS_AFTER_A_TOKEN,
        SAYS_NO,
        NEVER_ENDS,
        ENDS_WITHOUT_DONE,
        REPLIES_PLAINLY,
        FAILS_THE_CALL
    }

    FakeProvider(String seedByte) {
        publicKey = key(seedByte);
    }

    static PublicKey key(String seedByte) {
        return KeyPair.fromSeed(Seed.ofHex(seedByte.repeat(32))).publicKey();
    }

    @Override
    public Mono<Link> dial(PublicKey provider) {
        return Mono.fromCallable(
                () -> {
                    if (!reachable) {
                        throw new IllegalStateException("nobody there");
                    }
                    LinkPair pair = LinkPair.threaded(CONSUMER, publicKey);
                    links.add(pair);
                    RpcPeer.over(pair.right(), this::answer, RpcLimits.defaults());
                    return pair.left();
                });
    }

    /** Ends all connections and forgets all models, as a process that dies. */
    void restart() {
        remembered.clear();
        for (LinkPair link : links) {
            link.cut(new CloseReason.ByPeer());
        }
    }

    <T extends Request> List<T> received(Class<T> type) {
        return new ArrayList<>(requests).stream().filter(type::isInstance).map(type::cast).toList();
    }

    @Override
    public void close() {
        links.forEach(LinkPair::close);
    }

    private void answer(IncomingRequest call) {
        Request request;
        try {
            request = MessageJson.readRequest(call.data().toArray()).request();
        } catch (RefusedRequestException e) {
            throw new IllegalStateException(e);
        }
        requests.add(request);
        if (request instanceof Request.Heartbeat) {
            if (answersHeartbeats) {
                reply(call, new Response.Heartbeat(1));
            }
        } else if (request instanceof Request.LoadModel wanted) {
            load(call, wanted);
        } else if (request instanceof Request.CompletionStream wanted) {
            complete(call, wanted);
        } else if (request instanceof Request.CancelRequest wanted) {
            Runnable cancel = cancels.remove(wanted.requestId());
            if (cancel != null) {
                cancel.run();
            }
            reply(call, Response.Cancel.succeeded(cancel == null ? 0 : 1));
        } else if (request instanceof Request.UnloadModel wanted) {
            remembered.remove(wanted.modelId());
            reply(call, Response.UnloadModel.succeeded());
        }
    }

    private void load(IncomingRequest call, Request.LoadModel wanted) {
        switch (load) {
            case IS_SILENT -> {}
            case SAYS_NO -> reply(call, Response.LoadModel.failed("not today"));
            case FAILS ->
                    reply(
                            call,
                            Response.Failure.of(ErrorCode.MODEL_LOAD_FAILED, "the disk is gone"));
            default -> {
                String id = "id-of-" + wanted.modelSrc();
                remembered.add(id);
                if (wanted.withProgress()) {
                    stream(
                            call,
                            Flux.just(
                                    new Response.ModelProgress(LoadProgress.of(5, 10, "k")),
                                    Response.LoadModel.ready(id)));
                } else {
                    reply(call, Response.LoadModel.ready(id));
                }
            }
        }
    }

    private void complete(IncomingRequest call, Request.CompletionStream wanted) {
        if (!remembered.contains(wanted.modelId())) {
            stream(call, Flux.just(Response.Failure.of(ErrorCode.MODEL_NOT_FOUND, "what model?")));
            return;
        }
        Response first = events(new CompletionEvent.Text(0, "Hello "));
        Response second = events(new CompletionEvent.Text(1, "you"));
        switch (completion) {
            case IS_SILENT -> stream(call, Flux.never());
            case FAILS -> stream(call, Flux.just(Response.Failure.of("no engine")));
            case FAILS_AFTER_A_TOKEN ->
                    stream(call, Flux.just(first, Response.Failure.of("the engine broke")));
            case ENDS_WITHOUT_DONE -> stream(call, Flux.just(first));
            case REPLIES_PLAINLY -> reply(call, Response.Failure.of("a plain error"));
            case FAILS_THE_CALL -> call.fail("the worker is gone", "", 0);
            case NEVER_ENDS -> endless(call, wanted, first);
            default -> stream(call, Flux.just(first, second, done(StopReason.EOS, "Hello you")));
        }
    }

    private void endless(IncomingRequest call, Request.CompletionStream wanted, Response first) {
        Sinks.Many<Response> more = Sinks.many().unicast().onBackpressureBuffer();
        more.tryEmitNext(first);
        String requestId = wanted.completion().requestId();
        cancels.put(
                requestId == null ? "" : requestId,
                () -> {
                    more.tryEmitNext(done(StopReason.CANCELLED, "Hello "));
                    more.tryEmitComplete();
                });
        stream(call, more.asFlux().doOnCancel(() -> streamLeft.complete(null)));
    }

    private static Response done(StopReason reason, String text) {
        CompletionStats stats = CompletionStats.unknown();
        return new Response.CompletionStream(
                true,
                List.of(
                        new CompletionEvent.Stats(2, stats),
                        new CompletionEvent.Done(3, reason, null, text)));
    }

    private static Response events(CompletionEvent event) {
        return new Response.CompletionStream(false, List.of(event));
    }

    private static void reply(IncomingRequest call, Response response) {
        call.reply(Bytes.wrap(MessageJson.write(response)));
    }

    private static void stream(IncomingRequest call, Flux<Response> responses) {
        call.stream(responses.map(response -> Bytes.wrap(MessageJson.writeLine(response))));
    }

    /** Several providers behind one dialer. */
    static Dialer anyOf(FakeProvider... providers) {
        Set<FakeProvider> all = new HashSet<>(List.of(providers));
        return key ->
                all.stream()
                        .filter(provider -> provider.publicKey.equals(key))
                        .findFirst()
                        .map(provider -> provider.dial(key))
                        .orElseGet(() -> Mono.error(new IllegalStateException("unknown key")));
    }
}
