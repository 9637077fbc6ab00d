package dev.keyhole.provider;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.model.Completion;
import dev.keyhole.model.CompletionRequest;
import dev.keyhole.model.CompletionSink;
import dev.keyhole.model.CompletionStats;
import dev.keyhole.model.EngineOptions;
import dev.keyhole.model.Model;
import dev.keyhole.model.Operation;
import dev.keyhole.model.StopReason;
import dev.keyhole.model.generate.RunQueue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

final class LimitsTest {

    private Bench bench;

    @AfterEach
    void close() {
        bench.close();
    }

    @Test
    void aConnectionHasSixteenRequestsRunning() {
        bench = Bench.ofOneModel();
        Bench.Guest guest = bench.connect(1);
        String modelId = guest.load();
        HandModel model = bench.model();
        List<HandModel.Run> running = new ArrayList<>();
        for (int i = 0; i < ProviderConfig.DEFAULT_REQUESTS_PER_CONNECTION; i++) {
            guest.complete(modelId);
            running.add(model.run());
        }

        JsonNode error = guest.complete(modelId).next();
        assertThat(error.get("code").asInt()).isEqualTo(52420);
        assertThat(error.at("/typedFields/reason").asText()).isEqualTo("busy");
        assertThat(error.get("message").asText()).contains("16");
        assertThat(guest.ask("{\"type\":\"heartbeat\"}").get("type").asText())
                .isEqualTo("heartbeat");
        assertThat(
                        guest.ask(
                                        "{\"type\":\"cancel\",\"operation\":\"broad\",\"modelId\":\""
                                                + modelId
                                                + "\"}")
                                .get("cancelled")
                                .asInt())
                .isEqualTo(16);
        running.forEach(run -> run.out().done(StopReason.CANCELLED));
        Bench.eventually(() -> bench.service.stats().requestsRunning() == 0);

        guest.complete(modelId);
        model.run();
    }

    @Test
    void aKeyHasAsManyRequestsRunningAsItsQuotaSaysOverAllItsConnections() {
        bench = new Bench(Bench.config().withQuota(Quota.defaults().withConcurrentRequests(2)));
        Bench.Guest guest = bench.connect(1);
        String modelId = guest.load();
        guest.complete(modelId);
        bench.connect(1).complete(modelId);
        HandModel model = bench.model();
        model.run();
        model.run();

        JsonNode error = bench.connect(1).complete(modelId).next();

        assertThat(error.at("/typedFields/reason").asText()).isEqualTo("concurrentRequests");
        assertThat(bench.service.stats().requestsRejected()).isEqualTo(1);
        Bench.Guest other = bench.connect(2);
        other.complete(other.load());
        model.run();
    }

    @Test
    void aKeyBeginsAsManyRequestsAMinuteAsItsQuotaSays() {
        bench = new Bench(Bench.config().withQuota(Quota.defaults().withRequestsPerMinute(2)));
        Bench.Guest guest = bench.connect(1);
        guest.load();
        guest.load();

        JsonNode error = guest.ask(Bench.LOAD);
        assertThat(error.get("code").asInt()).isEqualTo(52420);
        assertThat(error.at("/typedFields/reason").asText()).isEqualTo("requestsPerMinute");
        assertThat(error.at("/typedFields/kind").asText()).isEqualTo("loadModel");

        bench.pass(Duration.ofSeconds(30));
        guest.load();
    }

    @Test
    void aKeyUsesAsManyTokensAMinuteAsItsQuotaSays() {
        bench =
                new Bench(
                        Bench.config()
                                .withQuota(Peers.key(1), Quota.defaults().withTokensPerMinute(60)));
        Bench.Guest guest = bench.connect(1);
        String modelId = guest.load();
        HandModel model = bench.model();
        Bench.Answer answer = guest.complete(modelId);
        HandModel.Run run = model.run();
        run.out().text("a");
        run.out().stats(CompletionStats.of(50, 40, 1, 1));
        run.out().done(StopReason.EOS);
        answer.awaitEnd();
        Bench.eventually(() -> bench.service.stats().requestsRunning() == 0);

        JsonNode error = guest.complete(modelId).next();
        assertThat(error.at("/typedFields/reason").asText()).isEqualTo("tokensPerMinute");
        assertThat(bench.service.stats().tokens()).isEqualTo(90);

        bench.pass(Duration.ofSeconds(31));
        guest.complete(modelId);
        model.run();
    }

    @Test
    void aKeyHasAsMuchContextAsItsQuotaSays() {
        bench = new Bench(Bench.config().withQuota(Quota.defaults().withMaxContext(100)));
        Bench.Guest guest = bench.connect(1);
        guest.complete(guest.load());

        assertThat(bench.model().run().completion().contextSize()).isEqualTo(100);
    }

    @Test
    void aModelThatIsBusyLetsSixtyFourWaitAndTellsTheNextOne() {
        QueueingModel model = new QueueingModel();
        bench = new Bench(Bench.config(), ModelIds::of, (served, progress) -> Mono.just(model));
        List<Bench.Answer> answers = new ArrayList<>();
        for (int consumer = 1; consumer <= 5; consumer++) {
            Bench.Guest guest = bench.connect(consumer);
            String modelId = guest.load();
            int requests = consumer == 5 ? 1 : ProviderConfig.DEFAULT_REQUESTS_PER_CONNECTION;
            for (int i = 0; i < requests; i++) {
                answers.add(guest.complete(modelId));
            }
        }
        Bench.eventually(() -> model.waiting() == 64);

        Bench.Guest late = bench.connect(6);
        JsonNode busy = late.complete(late.load()).next();
        assertThat(busy.get("code").asInt()).isEqualTo(52420);
        assertThat(busy.at("/typedFields/reason").asText()).isEqualTo("busy");

        model.open();
        for (Bench.Answer answer : answers) {
            List<JsonNode> messages = answer.rest();
            assertThat(messages.get(messages.size() - 1).get("done").asBoolean()).isTrue();
        }
    }

    @Test
    void tokensOfAnAnswerThatWasLeftAreCountedAsTheyCame() {
        bench = Bench.ofOneModel();
        Bench.Guest guest = bench.connect(1);
        Bench.Answer answer = guest.complete(guest.load());
        HandModel.Run run = bench.model().run();
        run.out().text("a");
        run.out().text("b");
        answer.next();
        answer.next();

        answer.leave();

        Bench.eventually(() -> bench.service.stats().tokens() == 2);
    }

    @Test
    void aKeyHasAsManyConnectionsAsItsQuotaSays() {
        bench = Bench.ofOneModel();
        List<Bench.Guest> guests = new ArrayList<>();
        for (int i = 0; i < Quota.DEFAULT_CONNECTIONS; i++) {
            guests.add(bench.connect(1));
            guests.get(i).ask("{\"type\":\"heartbeat\"}");
        }

        Bench.Guest refused = bench.connect(1);
        refused.peer().closed().block(Duration.ofSeconds(HandModel.LIMIT_SECONDS));
        assertThat(bench.service.stats().connectionsRefused()).isEqualTo(1);

        bench.connect(2).ask("{\"type\":\"heartbeat\"}");
        guests.get(0).cut();
        Bench.eventually(() -> bench.service.stats().connectionsOpen() == 8);
        bench.connect(1).ask("{\"type\":\"heartbeat\"}");
    }

    @Test
    void aProviderHasAsManyConnectionsAsItIsTold() {
        bench = new Bench(Bench.config().withMaxConnections(2));
        bench.connect(1).ask("{\"type\":\"heartbeat\"}");
        bench.connect(2).ask("{\"type\":\"heartbeat\"}");

        bench.connect(3).peer().closed().block(Duration.ofSeconds(HandModel.LIMIT_SECONDS));

        assertThat(bench.service.stats().connectionsRefused()).isEqualTo(1);
        assertThat(bench.service.stats().connectionsOpen()).isEqualTo(2);
    }

    @Test
    void aProviderThatClosesTakesNoMoreWorkAndLetsWhatHasBegunEnd() {
        bench = Bench.ofOneModel();
        Bench.Guest guest = bench.connect(1);
        String modelId = guest.load();
        HandModel model = bench.model();
        Bench.Answer answer = guest.complete(modelId);
        HandModel.Run run = model.run();
        run.out().text("half");

        bench.service.shutDown().subscribe();
        assertThat(guest.complete(modelId).next().get("code").asInt()).isEqualTo(52420);
        run.out().text(" and half");
        run.out().done(StopReason.EOS);
        assertThat(answer.rest()).hasSize(3);
        Bench.eventually(
                () -> {
                    bench.pass(Duration.ofMillis(100));
                    return model.isUnloaded();
                });

        guest.peer().closed().block(Duration.ofSeconds(HandModel.LIMIT_SECONDS));
    }

    @Test
    void aProviderThatClosesDoesNotWaitForEver() {
        bench = Bench.ofOneModel();
        Bench.Guest guest = bench.connect(1);
        guest.complete(guest.load());
        HandModel model = bench.model();
        HandModel.Run run = model.run();

        bench.service.shutDown().subscribe();
        bench.pass(Duration.ofSeconds(1));
        assertThat(run.isStopped()).isFalse();
        bench.pass(Duration.ofSeconds(2));

        run.awaitStop();
        model.awaitUnloaded();
    }

    /** A model that answers one request at a time, and none before its gate is open. */
    private static final class QueueingModel implements Model {

        private final RunQueue queue = new RunQueue("tiny", EngineOptions.DEFAULT_QUEUE, () -> {});
        private final CountDownLatch gate = new CountDownLatch(1);

        int waiting() {
            return queue.length();
        }

        void open() {
            gate.countDown();
        }

        @Override
        public String id() {
            return "tiny";
        }

        @Override
        public Set<Operation> operations() {
            return Set.of(Operation.COMPLETION);
        }

        @Override
        public Completion completion(CompletionRequest request) {
            return Completion.of(sink -> queue.submit(sink, () -> answer(sink)));
        }

        private void answer(CompletionSink sink) {
            HandModel.await(gate, "the gate being opened");
            sink.text("a");
            sink.done(StopReason.EOS);
        }

        @Override
        public Mono<Void> unload() {
            return queue.close(this::open);
        }

        @Override
        public void close() {
            unload().block();
        }
    }
}
