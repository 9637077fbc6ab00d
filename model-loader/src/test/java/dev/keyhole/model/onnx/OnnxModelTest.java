package dev.keyhole.model.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.keyhole.model.CompletionEvent;
import dev.keyhole.model.CompletionRequest;
import dev.keyhole.model.ContextOverflowException;
import dev.keyhole.model.DelegationException;
import dev.keyhole.model.EngineOptions;
import dev.keyhole.model.GenerationParams;
import dev.keyhole.model.Model;
import dev.keyhole.model.ModelContract;
import dev.keyhole.model.ModelLoader;
import dev.keyhole.model.ModelSource;
import dev.keyhole.model.StopReason;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The embedded model behaves as every model does. */
final class OnnxModelTest extends ModelContract {

    @Override
    protected Model open() {
        return ModelLoader.load(ModelSource.embedded("tiny-chat")).block();
    }

    @Override
    protected CompletionRequest question() {
        return CompletionRequest.user("What is Keyhole?")
                .withParams(GenerationParams.defaults().withTemp(0));
    }

    @Override
    protected CompletionRequest endless() {
        return question();
    }

    @Override
    protected CompletionRequest refused() {
        return CompletionRequest.user("word ".repeat(5000));
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
        Model model =
                ModelLoader.load(
                                ModelSource.embedded("tiny-chat"),
                                EngineOptions.defaults().withContextSize(40))
                        .block();

        assertThatThrownBy(() -> model.completion(refused()).text().block())
                .isInstanceOfSatisfying(
                        ContextOverflowException.class,
                        e -> {
                            assertThat(e.contextSize()).isEqualTo(40);
                            assertThat(e.promptTokens()).isGreaterThan(5000);
                        });
        model.close();
    }

    @Test
    void theContextEndsTheAnswerWhenItIsFull() {
        Model model =
                ModelLoader.load(
                                ModelSource.embedded("tiny-chat"),
                                EngineOptions.defaults().withContextSize(32))
                        .block();
        assertThat(model.contextSize()).hasValue(32);

        CompletionEvent.Done done =
                (CompletionEvent.Done)
                        model.completion(
                                        question()
                                                .withParams(
                                                        GenerationParams.defaults()
                                                                .withPredict(
                                                                        GenerationParams
                                                                                .UNTIL_CONTEXT_FULL)))
                                .events()
                                .blockLast();

        assertThat(done.reason()).isEqualTo(StopReason.LENGTH);
        model.close();
    }

    @Test
    void aRequestMayHaveLessRoomThanTheModel() {
        Model model = open();

        assertThatThrownBy(() -> model.completion(question().withContextSize(3)).text().block())
                .isInstanceOfSatisfying(
                        ContextOverflowException.class,
                        e -> assertThat(e.contextSize()).isEqualTo(3));
        CompletionEvent.Done done =
                (CompletionEvent.Done)
                        model.completion(question().withContextSize(32)).events().blockLast();
        assertThat(done.reason()).isEqualTo(StopReason.LENGTH);
        model.close();
    }

    @Test
    void aSeedMakesAnAnswerRepeatable() {
        Model model = open();
        GenerationParams params = GenerationParams.defaults().withTemp(1.2).withSeed(7);
        CompletionRequest request = CompletionRequest.user("Tell me something").withParams(params);

        String first = model.completion(request).text().block();
        String second = model.completion(request).text().block();

        assertThat(first).isEqualTo(second).isNotEmpty();
        model.close();
    }
}
