package dev.keyhole.consumer;

import static dev.keyhole.consumer.FakeProvider.Behaviour.ENDS_WITHOUT_DONE;
import static dev.keyhole.consumer.FakeProvider.Behaviour.FAILS;
import static dev.keyhole.consumer.FakeProvider.Behaviour.FAILS_AFTER_A_TOKEN;
import static dev.keyhole.consumer.FakeProvider.Behaviour.FAILS_THE_CALL;
import static dev.keyhole.consumer.FakeProvider.Behaviour.IS_SILENT;
import static dev.keyhole.consumer.FakeProvider.Behaviour.NEVER_ENDS;
import static dev.keyhole.consumer.FakeProvider.Behaviour.REPLIES_PLAINLY;
import static dev.keyhole.consumer.FakeProvider.Behaviour.SAYS_NO;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.keyhole.model.Completion;
import dev.keyhole.model.CompletionEvent;
import dev.keyhole.model.CompletionRequest;
import dev.keyhole.model.InferenceFailedException;
import dev.keyhole.model.LoadProgress;
import dev.keyhole.model.Model;
import dev.keyhole.model.ModelLoadException;
import dev.keyhole.model.Operation;
import dev.keyhole.model.ServedBy;
import dev.keyhole.model.StopReason;
import dev.keyhole.model.message.Request;
import dev.keyhole.transport.identity.Seed;
import dev.keyhole.transport.rpc.RpcLimits;
import dev.keyhole.transport.stream.CloseReason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

@Timeout(30)
class DelegationTest {

    private static final Duration SHORT = Duration.ofMillis(200);
    private static final CompletionRequest QUESTION = CompletionRequest.user("Hello?");

    private final FakeProvider provider = new FakeProvider("11");
    private final FakeProvider second = new FakeProvider("33");
    private final AtomicLong clock = new AtomicLong();
    private final AtomicInteger localLoads = new AtomicInteger();
    private final Consumer consumer =
            new Consumer(
                    FakeProvider.CONSUMER,
                    FakeProvider.anyOf(provider, second),
                    RpcLimits.defaults(),
                    clock::get,
                    this::loadHere,
                    () -> {});

    @AfterEach
    void close() {
        consumer.close();
        provider.close();
        second.close();
    }

    @Test
    void aDelegatedCompletionStreamsFromTheProvider() {
        Model model = load(to(provider));

        Completion run = model.completion(QUESTION);

        assertThat(run.tokens().collectList().block()).containsExactly("Hello ", "you");
        assertThat(run.text().block()).isEqualTo("Hello you");
        assertThat(run.servedBy().block().providerKey()).contains(provider.publicKey.toHex());
        assertThat(model.id()).isEqualTo("id-of-tiny");
    }

    @Test
    void onlyWhatTheApplicationSetIsSent() {
        LoadModel request =
                LoadModel.of("tiny")
                        .withModelType("llm")
                        .withModelConfig(Map.of("temp", 0.5))
                        .withDelegate(to(provider));

        consumer.loadModel(request).block();

        Request.LoadModel sent = provider.received(Request.LoadModel.class).get(0);
        assertThat(sent.modelType()).isEqualTo("llamacpp-completion");
        assertThat(sent.modelConfig()).isEqualTo(Map.of("temp", 0.5));
        assertThat(sent.withProgress()).isFalse();
    }

    @Test
    void progressOfALoadIsReported() {
        List<LoadProgress> steps = new ArrayList<>();

        consumer.loadModel(LoadModel.of("tiny").withDelegate(to(provider)).withProgress(steps::add))
                .block();

        assertThat(steps).containsExactly(LoadProgress.of(5, 10, "k"));
    }

    @Test
    void concurrentCallersShareOneConnection() {
        List<Model> models =
                Flux.range(0, 8)
                        .flatMap(i -> consumer.loadModel(request(to(provider))))
                        .collectList()
                        .block();

        assertThat(models).hasSize(8);
        assertThat(provider.links).hasSize(1);
    }

    @Test
    void aConnectionWithTrafficIsNotProbedAndAnIdleOneIs() {
        Model model = load(to(provider));
        int before = provider.received(Request.Heartbeat.class).size();

        model.completion(QUESTION).text().block();
        assertThat(provider.received(Request.Heartbeat.class)).hasSize(before);

        // The last frame of an answer may come in after the clock was moved; that is traffic too.
        for (int i = 0;
                i < 10 && provider.received(Request.Heartbeat.class).size() == before;
                i++) {
            clock.addAndGet(SECONDS.toNanos(10));
            model.completion(QUESTION).text().block();
        }
        assertThat(provider.received(Request.Heartbeat.class)).hasSize(before + 1);
        assertThat(provider.links).hasSize(1);
    }

    @Test
    void anIdleConnectionThatDoesNotAnswerIsReplaced() {
        Model model = load(to(provider).withHealthCheckTimeout(SHORT));
        provider.answersHeartbeats = false;
        clock.addAndGet(SECONDS.toNanos(10));

        assertThatThrownBy(() -> model.completion(QUESTION).text().block())
                .isInstanceOf(PeerTimeoutException.class)
                .hasMessageContaining(provider.publicKey.toHex())
                .hasMessageContaining("200 ms");

        provider.answersHeartbeats = true;
        assertThat(model.completion(QUESTION).text().block()).isEqualTo("Hello you");
    }

    @Test
    void aRestartedProviderIsConnectedAndLoadedAgain() {
        Model model = load(to(provider));

        provider.restart();

        assertThat(model.completion(QUESTION).text().block()).isEqualTo("Hello you");
        assertThat(provider.received(Request.LoadModel.class)).hasSize(2);
        assertThat(provider.links).hasSize(2);
    }

    @Test
    void aProviderThatForgotTheModelIsAskedToLoadItAgain() {
        Model model = load(to(provider));

        provider.remembered.clear();

        assertThat(model.completion(QUESTION).text().block()).isEqualTo("Hello you");
        assertThat(provider.received(Request.LoadModel.class)).hasSize(2);
        assertThat(provider.links).hasSize(1);
    }

    @Test
    void theSecondProviderAnswersWhenTheFirstCannotBeReached() {
        provider.reachable = false;

        Model model = load(Delegate.to(provider.publicKey, second.publicKey));

        assertThat(answered(model).servedBy().block().providerKey())
                .contains(second.publicKey.toHex());
    }

    @Test
    void anUnreachableProviderIsNamed() {
        provider.reachable = false;

        assertThatThrownBy(() -> load(to(provider)))
                .isInstanceOf(PeerUnreachableException.class)
                .hasMessageContaining(provider.publicKey.toHex())
                .hasMessageContaining("nobody there")
                .matches(failure -> ((PeerException) failure).retryable());
    }

    @Test
    void aLoadFallsBackToThisMachineAndSaysWhy() {
        provider.reachable = false;

        Model model = load(to(provider).withFallbackToLocal(true));
        Completion run = model.completion(QUESTION);

        assertThat(run.text().block()).isEqualTo("local answer");
        ServedBy server = run.servedBy().block();
        assertThat(server.isLocal()).isTrue();
        assertThat(server.fallbackCause().orElseThrow())
                .isInstanceOf(PeerUnreachableException.class);
    }

    @Test
    void aLoadThatTheProviderRefusesFallsBackToo() {
        provider.load = SAYS_NO;

        Model model = load(to(provider).withFallbackToLocal(true));

        ServedBy server = answered(model).servedBy().block();
        assertThat(server.fallbackCause().orElseThrow())
                .isInstanceOf(ModelLoadException.class)
                .hasMessageContaining("not today");
    }

    @Test
    void aCompletionThatFailsBeforeItsFirstTokenFallsBack() {
        Model model = load(to(provider).withFallbackToLocal(true));
        provider.completion = FAILS;

        Completion run = model.completion(QUESTION);

        assertThat(run.text().block()).isEqualTo("local answer");
        assertThat(run.servedBy().block().fallbackCause().orElseThrow())
                .hasMessageContaining("no engine");
    }

    @Test
    void aCompletionThatFailsAfterItsFirstTokenDoesNotFallBack() {
        Model model = load(to(provider).withFallbackToLocal(true));
        provider.completion = FAILS_AFTER_A_TOKEN;
        List<String> tokens = new ArrayList<>();

        assertThatThrownBy(
                        () -> model.completion(QUESTION).tokens().doOnNext(tokens::add).blockLast())
                .isInstanceOf(InferenceFailedException.class)
                .hasMessageContaining("the engine broke");
        assertThat(tokens).containsExactly("Hello ");
        assertThat(localLoads).hasValue(0);
    }

    @Test
    void aProviderThatDiesInMidStreamIsALostConnection() {
        Model model = load(to(provider));
        provider.completion = NEVER_ENDS;

        assertThatThrownBy(
                        () ->
                                model.completion(QUESTION)
                                        .tokens()
                                        .doOnNext(token -> cut())
                                        .blockLast())
                .isInstanceOf(ConnectionLostException.class)
                .hasMessageContaining("connection reset by peer")
                .matches(failure -> ((PeerException) failure).retryable());
    }

    @Test
    void aSilentProviderIsGivenUpAfterTheTimeout() {
        Model model = load(to(provider).withTimeout(SHORT));
        provider.completion = IS_SILENT;

        assertThatThrownBy(() -> model.completion(QUESTION).text().block())
                .isInstanceOf(PeerTimeoutException.class)
                .hasMessageContaining("completionStream did not come within 200 ms");
    }

    @Test
    void aLoadThatIsNeverAnsweredIsGivenUpAfterTheTimeout() {
        provider.load = IS_SILENT;

        assertThatThrownBy(() -> load(to(provider).withTimeout(SHORT)))
                .isInstanceOf(PeerTimeoutException.class)
                .hasMessageContaining("loadModel");
    }

    @Test
    void anAnswerOfAnyFormIsTaken() {
        Model model = load(to(provider));

        provider.completion = REPLIES_PLAINLY;
        assertThatThrownBy(() -> model.completion(QUESTION).text().block())
                .hasMessageContaining("a plain error");
        provider.completion = FAILS_THE_CALL;
        assertThatThrownBy(() -> model.completion(QUESTION).text().block())
                .hasMessageContaining("the worker is gone");
    }

    @Test
    void anAnswerWithoutItsLastMessageIsAFailure() {
        Model model = load(to(provider));
        provider.completion = ENDS_WITHOUT_DONE;

        assertThatThrownBy(() -> model.completion(QUESTION).text().block())
                .isInstanceOf(InferenceFailedException.class)
                .hasMessageContaining("without its last message");
    }

    @Test
    void cancellingTravelsByRequestIdAndTheAnswerEndsInGoodOrder() {
        Model model = load(to(provider));
        provider.completion = NEVER_ENDS;
        Completion run = model.completion(QUESTION.withRequestId("mine"));

        List<CompletionEvent> events =
                run.events()
                        .doOnNext(
                                event -> {
                                    if (event instanceof CompletionEvent.Text) {
                                        run.cancel();
                                    }
                                })
                        .collectList()
                        .block();

        assertThat(events.get(events.size() - 1))
                .isInstanceOfSatisfying(
                        CompletionEvent.Done.class,
                        done -> assertThat(done.reason()).isEqualTo(StopReason.CANCELLED));
        assertThat(provider.received(Request.CancelRequest.class).get(0).requestId())
                .isEqualTo("mine");
    }

    @Test
    void leavingTheTokensCancelsAtTheProvider() throws Exception {
        Model model = load(to(provider));
        provider.completion = NEVER_ENDS;

        model.completion(QUESTION).tokens().take(1).blockLast();

        Request cancel = null;
        while (!(cancel instanceof Request.CancelRequest)) {
            cancel = provider.requests.poll(10, SECONDS);
            assertThat(cancel).isNotNull();
        }
    }

    @Test
    void forcingANewConnectionLeavesTheOldOneToItsUsers() {
        Model model = load(to(provider));
        provider.completion = NEVER_ENDS;
        Completion running = model.completion(QUESTION);
        running.tokens().next().block();

        load(to(provider).withForceNewConnection(true));

        assertThat(provider.links).hasSize(2);
    }

    @Test
    void unloadingTellsTheProvider() {
        Model model = load(to(provider));

        model.unload().block();

        Request.UnloadModel sent = provider.received(Request.UnloadModel.class).get(0);
        assertThat(sent.modelId()).isEqualTo("id-of-tiny");
        assertThat(sent.clearStorage()).isFalse();
    }

    @Test
    void aHeartbeatIsAnsweredWithItsDuration() {
        assertThat(consumer.heartbeat(to(provider)).block())
                .isBetween(Duration.ZERO, SHORT.multipliedBy(50));
    }

    @Test
    void theKeyOfAConsumerFollowsFromItsSeed() {
        assertThat(Consumer.publicKeyOf(Seed.ofHex("11".repeat(32))).toHex())
                .isEqualTo("d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737");
    }

    @Test
    void aTimeoutTooShortForANetworkIsRefused() {
        assertThatThrownBy(() -> to(provider).withTimeout(Duration.ofMillis(99)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("timeout of 99 ms is below 100 ms");
    }

    private void cut() {
        provider.links.get(0).cut(new CloseReason.ByPeer());
    }

    private Model load(Delegate delegate) {
        return consumer.loadModel(request(delegate)).block();
    }

    private static LoadModel request(Delegate delegate) {
        return LoadModel.of("tiny").withDelegate(delegate);
    }

    private static Delegate to(FakeProvider provider) {
        return Delegate.to(provider.publicKey);
    }

    private static Completion answered(Model model) {
        Completion run = model.completion(QUESTION);
        run.text().block();
        return run;
    }

    private Mono<Model> loadHere(LoadModel request) {
        localLoads.incrementAndGet();
        return Mono.just(new LocalModel());
    }

    /** What runs on this machine when delegation fails. */
    private static final class LocalModel implements Model {

        @Override
        public String id() {
            return "local";
        }

        @Override
        public Set<Operation> operations() {
            return Set.of(Operation.COMPLETION);
        }

        @Override
        public Completion completion(CompletionRequest request) {
            return Completion.of(
                    sink -> {
                        sink.text("local ");
                        sink.text("answer");
                        sink.done(StopReason.EOS);
                    });
        }

        @Override
        public Mono<Void> unload() {
            return Mono.empty();
        }

        @Override
        public void close() {}
    }
}
