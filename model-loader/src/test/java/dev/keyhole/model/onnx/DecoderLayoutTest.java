package dev.keyhole.model.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.model.CompletionEvent;
import dev.keyhole.model.CompletionRequest;
import dev.keyhole.model.GenerationParams;
import dev.keyhole.model.Model;
import dev.keyhole.model.ModelLoadException;
import dev.keyhole.model.ModelLoader;
import dev.keyhole.model.StopReason;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every way in which a decoder may want its inputs; a wrong input changes the answer. */
final class DecoderLayoutTest {

    @TestFactory
    Stream<DynamicTest> everyLayoutIsFedWhatItWants() {
        return StreamSupport.stream(MicroModels.expected().spliterator(), false)
                .map(c -> DynamicTest.dynamicTest(c.path("model").asText(), () -> check(c)));
    }

    private static void check(JsonNode expected) {
        String name = expected.path("model").asText();
        try (Model model = ModelLoader.load(MicroModels.source(name)).block()) {
            CompletionRequest request =
                    CompletionRequest.user(expected.path("prompt").asText())
                            .withParams(GenerationParams.defaults().withPredict(20));

            assertThat(model.completion(request).text().block())
                    .isEqualTo(expected.path("answer").asText());
            assertThat(model.completion(request).text().block())
                    .as("the second answer knows nothing of the first")
                    .isEqualTo(expected.path("answer").asText());
        }
    }

    @Test
    void anAnswerEndsWhenTheContextIsFull() {
        try (Model model = ModelLoader.load(MicroModels.source("half")).block()) {
            CompletionEvent.Done done =
                    (CompletionEvent.Done)
                            model.completion(CompletionRequest.user("hello")).events().blockLast();

            assertThat(done.reason()).isEqualTo(StopReason.LENGTH);
            assertThat(model.contextSize()).hasValue(64);
        }
    }

    @Test
    void whatIsNoDecoderIsNotLoaded() {
        assertThatThrownBy(() -> ModelLoader.load(MicroModels.source("headless")).block())
                .isInstanceOf(ModelLoadException.class)
                .hasMessageContaining("[input_ids")
                .hasMessageContaining("logits");
    }
}
