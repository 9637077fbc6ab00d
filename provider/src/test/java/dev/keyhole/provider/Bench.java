package dev.keyhole.provider;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.keyhole.model.LoadProgress;
import dev.keyhole.model.Model;
import dev.keyhole.model.ModelSource;
import dev.keyhole.transport.rpc.RpcEvent;
import dev.keyhole.transport.rpc.RpcLimits;
import dev.keyhole.transport.rpc.RpcPeer;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.stream.LinkPair;
import dev.keyhole.transport.wire.Bytes;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SignalType;
import reactor.core.publisher.Sinks;
import reactor.test.scheduler.VirtualTimeScheduler;

/** A delegation service, its models in the hands of the test, and consumers on links in memory. */
final class Bench implements AutoCloseable {

    static final String LOAD =
            "{\"type\":\"loadModel\",\"modelSrc\":\"tiny\",\"modelType\":\"llamacpp-completion\","
                    + "\"modelConfig\":{}}";

    private static final ObjectMapper JSON = new ObjectMapper();

    final VirtualTimeScheduler time = VirtualTimeScheduler.create();
    final Map<String, Sinks.One<Model>> loads = new ConcurrentHashMap<>();
    final Map<String, Consumer<LoadProgress>> progress = new ConcurrentHashMap<>();
    final BlockingQueue<HandModel> opened = new LinkedBlockingQueue<>();
    final DelegationService service;

    private final List<LinkPair> links = new ArrayList<>();

    Bench(ProviderConfig config) {
        this(config, ModelIds::of);
    }

    Bench(ProviderConfig config, DelegationService.IdRule ids) {
        this(config, ids, null);
    }

    /** A bench where the test says when a load is over, with {@link #loads}. */
    static Bench withSlowLoads(ProviderConfig config) {
        Bench[] bench = new Bench[1];
        bench[0] =
                new Bench(
                        config,
                        ModelIds::of,
                        (served, progress) -> {
                            Sinks.One<Model> load = Sinks.one();
                            bench[0].progress.put(served.name(), progress);
                            bench[0].loads.put(served.name(), load);
                            return load.asMono();
                        });
        return bench[0];
    }

    Bench(ProviderConfig config, DelegationService.IdRule ids, ModelOpener opener) {
        Timing timing =
                new Timing(
                        () -> time.now(TimeUnit.NANOSECONDS),
                        () -> Instant.parse("2026-01-01T00:00:00Z"),
                        time);
        ModelOpener byHand = (served, progress) -> Mono.fromSupplier(() -> open(served));
        service = new DelegationService(config, opener == null ? byHand : opener, timing, ids);
    }

    static ProviderConfig config() {
        return ProviderConfig.of(Peers.keyPair(0))
                .withModel(
                        ServedModel.of("tiny", ModelSource.named("tiny"))
                                .withAliases("registry://*/tiny*.gguf"));
    }

    /** A bench that offers one model, named tiny. */
    static Bench ofOneModel() {
        return new Bench(config());
    }

    HandModel open(ServedModel served) {
        HandModel model = new HandModel(served.name());
        opened.add(model);
        return model;
    }

    /** Ends a load that waits for the test. */
    HandModel finish(String name) {
        HandModel model = new HandModel(name);
        loads.get(name).tryEmitValue(model).orThrow();
        return model;
    }

    /** The next model that was loaded. */
    HandModel model() {
        return HandModel.taken(opened);
    }

    /** Connects a consumer with the key of that number. */
    Guest connect(int key) {
        LinkPair link = LinkPair.threaded(Peers.key(key), Peers.key(0));
        links.add(link);
        RpcPeer peer = RpcPeer.over(link.left(), request -> {}, RpcLimits.defaults());
        service.serve(link.right());
        return new Guest(link, peer);
    }

    void pass(Duration duration) {
        time.advanceTimeBy(duration);
    }

    /**
     * Has as much time pass as it takes to hear from an answer that has said nothing: a model is
     * asked before anybody watches for how long.
     */
    void passUntilItSpeaks(Answer answer) {
        eventually(
                () -> {
                    pass(ConsumerSession.SILENCE.dividedBy(20));
                    return !answer.isSilent();
                });
    }

    /** Waits for something that other threads bring about. */
    static void eventually(BooleanSupplier what) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(HandModel.LIMIT_SECONDS);
        while (!what.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waited long enough").isLessThan(deadline);
            LockSupport.parkNanos(100_000);
        }
    }

    @Override
    public void close() {
        Mono<Void> end = service.shutDown();
        end.subscribe();
        time.advanceTimeBy(Duration.ofMinutes(1));
        end.block(Duration.ofSeconds(HandModel.LIMIT_SECONDS));
        links.forEach(LinkPair::close);
    }

    static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new AssertionError(text, e);
        }
    }

    /** A consumer that is connected. */
    record Guest(LinkPair link, RpcPeer peer) {

        /** The only message of a reply. */
        JsonNode ask(String request) {
            Answer answer = start(request);
            JsonNode message = answer.next();
            answer.awaitEnd();
            assertThat(answer.streamed).as("answered by a stream").isFalse();
            return message;
        }

        /** Loads the model named tiny, and says under which id. */
        String load() {
            JsonNode answer = ask(LOAD);
            assertThat(answer.path("success").asBoolean()).as("%s", answer).isTrue();
            return answer.get("modelId").textValue();
        }

        /** Begins a request and reads its answer as fast as it comes. */
        Answer start(String request) {
            Answer answer = new Answer(Long.MAX_VALUE);
            call(request).subscribe(answer);
            return answer;
        }

        /** Begins a request and reads nothing until told to. */
        Answer startWithoutReading(String request) {
            Answer answer = new Answer(0);
            call(request).subscribe(answer);
            return answer;
        }

        Answer duplex(Publisher<Bytes> input) {
            Answer answer = new Answer(Long.MAX_VALUE);
            peer.duplex(input).subscribe(answer);
            return answer;
        }

        private Flux<RpcEvent> call(String request) {
            return peer.call(Bytes.utf8(request), true);
        }

        Answer complete(String modelId) {
            return start(completion(modelId, "r", true));
        }

        void cut() {
            link.cut(new CloseReason.TimedOut("silence"));
        }
    }

    static String completion(String modelId, String requestId, boolean stream) {
        return "{\"type\":\"completionStream\",\"modelId\":\""
                + modelId
                + "\",\"history\":[{\"role\":\"user\",\"content\":\"hi\"}],\"stream\":"
                + stream
                + ",\"requestId\":\""
                + requestId
                + "\"}";
    }

    /** What comes back for one request, message by message. */
    static final class Answer extends BaseSubscriber<RpcEvent> {

        private final long demand;
        private final BlockingQueue<JsonNode> messages = new LinkedBlockingQueue<>();
        private final ByteArrayOutputStream line = new ByteArrayOutputStream();
        private final CountDownLatch over = new CountDownLatch(1);

        volatile boolean streamed;
        volatile Throwable error;

        Answer(long demand) {
            this.demand = demand;
        }

        JsonNode next() {
            return HandModel.taken(messages);
        }

        /** The next message that is more than a sign of life. */
        JsonNode nextEvents() {
            JsonNode message = next();
            return message.path("events").isEmpty() && !message.path("done").asBoolean()
                    ? nextEvents()
                    : message;
        }

        boolean isSilent() {
            return messages.isEmpty();
        }

        boolean isOver() {
            return over.getCount() == 0;
        }

        void awaitEnd() {
            HandModel.await(over, "the answer's end");
            assertThat(error).isNull();
            assertThat(line.size()).as("bytes after the last line feed").isZero();
        }

        List<JsonNode> rest() {
            awaitEnd();
            List<JsonNode> rest = new ArrayList<>();
            messages.drainTo(rest);
            return rest;
        }

        /** Leaves the answer. */
        void leave() {
            cancel();
        }

        @Override
        protected void hookOnSubscribe(Subscription subscription) {
            if (demand > 0) {
                request(demand);
            }
        }

        @Override
        protected void hookOnNext(RpcEvent event) {
            streamed = event instanceof RpcEvent.Data;
            if (!streamed) {
                add(event.data().toUtf8());
                return;
            }
            for (byte b : event.data().toArray()) {
                if (b == '\n') {
                    add(line.toString(StandardCharsets.UTF_8));
                    line.reset();
                } else {
                    line.write(b);
                }
            }
        }

        private void add(String text) {
            JsonNode message = json(text);
            ObjectNode bare = message.deepCopy();
            bare.remove("__profiling");
            assertThat(ResponseSchema.accepts(bare)).as("accepted: %s", text).isTrue();
            assertThat(text).doesNotContain("\"stack\"");
            messages.add(message);
        }

        @Override
        protected void hookOnError(Throwable failure) {
            error = failure;
        }

        @Override
        protected void hookFinally(SignalType type) {
            over.countDown();
        }
    }
}
