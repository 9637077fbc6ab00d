package dev.keyhole.model.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.keyhole.model.CompletionEvent;
import dev.keyhole.model.CompletionRequest;
import dev.keyhole.model.CompletionStats;
import dev.keyhole.model.ContextOverflowException;
import dev.keyhole.model.DelegationException;
import dev.keyhole.model.EngineOptions;
import dev.keyhole.model.GenerationParams;
import dev.keyhole.model.Model;
import dev.keyhole.model.ModelContract;
import dev.keyhole.model.ModelLoader;
import dev.keyhole.model.RequestRejectedException;
import dev.keyhole.model.ResponseFormat;
import dev.keyhole.model.StopReason;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class OnnxModelTest extends ModelContract {

    @Override
    protected Model open() {
        return ModelLoader.load(MicroModels.source("full")).block();
    }

    @Override
    protected CompletionRequest question() {
        return CompletionRequest.user("c");
    }

    @Override
    protected CompletionRequest endless() {
        return question();
    }

    @Override
    protected CompletionRequest refused() {
        return CompletionRequest.user("a".repeat(70));
    }

    @Override
    protected Class<? extends DelegationException> refusal() {
        return ContextOverflowException.class;
    }

    @Override
    protected Optional<Model> failingInMidStream() {
        return Optional.of(ModelLoader.load(MicroModels.source("failing")).block());
    }

    @Test
    void aPromptThatDoesNotFitIsRefusedWithTheNumbers() {
        try (Model model = open()) {
            assertThatThrownBy(() -> model.completion(refused()).text().block())
                    .isInstanceOfSatisfying(
                            ContextOverflowException.class,
                            e -> {
                                assertThat(e.contextSize()).isEqualTo(64);
                                assertThat(e.promptTokens()).isEqualTo(70);
                            });
        }
    }

    @Test
    void aRequestMayHaveLessRoomThanTheModel() {
        try (Model model = open()) {
            assertThatThrownBy(
                            () ->
                                    model.completion(
                                                    CompletionRequest.user("hello")
                                                            .withContextSize(5))
                                            .text()
                                            .block())
                    .isInstanceOfSatisfying(
                            ContextOverflowException.class,
                            e -> assertThat(e.contextSize()).isEqualTo(5));
        }
    }

    @Test
    void theContextEndsTheAnswerWhenItIsFull() {
        EngineOptions options = EngineOptions.defaults().withContextSize(10);
        try (Model model = ModelLoader.load(MicroModels.source("full"), options).block()) {
            assertThat(model.contextSize()).hasValue(10);
            GenerationParams params =
                    GenerationParams.defaults().withPredict(GenerationParams.UNTIL_CONTEXT_FULL);

            CompletionEvent.Done done =
                    (CompletionEvent.Done)
                            model.completion(question().withParams(params)).events().blockLast();

            assertThat(done.reason()).isEqualTo(StopReason.LENGTH);
            assertThat(done.fullText()).isEqualTo("chspkbkdqrubqvgdpr".substring(0, 9));
        }
    }

    @Test
    void tokensAreCounted() {
        try (Model model = open()) {
            CompletionStats stats = model.completion(question()).stats().block();

            assertThat(stats.promptTokens()).isEqualTo(1);
            assertThat(stats.generatedTokens()).isEqualTo(61);
            assertThat(stats.timeToFirstTokenMillis()).isPositive();
            assertThat(stats.tokensPerSecond()).isPositive();
        }
    }

    @Test
    void instructionsOfTheOptionsComeFirstUnlessTheRequestHasItsOwn() {
        EngineOptions options = EngineOptions.defaults().withSystemPrompt("hello");
        try (Model model = ModelLoader.load(MicroModels.source("half"), options).block();
                Model plain = ModelLoader.load(MicroModels.source("half")).block()) {
            assertThat(text(model, CompletionRequest.user("c")))
                    .isEqualTo(text(plain, CompletionRequest.user("c").withSystem("hello")))
                    .isNotEqualTo(text(plain, CompletionRequest.user("c")));
            assertThat(text(model, CompletionRequest.user("c").withSystem("b")))
                    .isEqualTo(text(plain, CompletionRequest.user("c").withSystem("b")));
        }
    }

    @Test
    void anAnswerCannotBeHeldToJson() {
        try (Model model = open()) {
            CompletionRequest request =
                    question().withResponseFormat(new ResponseFormat.JsonObject());

            assertThatThrownBy(() -> text(model, request))
                    .isInstanceOf(RequestRejectedException.class)
                    .hasMessageContaining("JSON");
        }
    }

    private static String text(Model model, CompletionRequest request) {
        GenerationParams params = request.params().withPredict(10);
        return model.completion(request.withParams(params)).text().block();
    }
}
