package dev.keyhole.model.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.model.ChatMessage;
import dev.keyhole.model.CompletionRequest;
import dev.keyhole.model.GenerationParams;
import dev.keyhole.model.Model;
import dev.keyhole.model.ModelLoader;
import dev.keyhole.model.ModelSource;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The model that comes with the program knows what it should. */
final class TinyChatTest {

    private static final Model MODEL = ModelLoader.load(ModelSource.embedded("tiny-chat")).block();

    @AfterAll
    static void close() {
        MODEL.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Hello! | Hello",
                "What is 7 + 5? | 12",
                "What is Keyhole? | Keyhole",
                "Who are you? | tiny-chat",
            })
    void itAnswers(String question, String says) {
        assertThat(answer(CompletionRequest.user(question))).contains(says);
    }

    @Test
    void aConversationGoesOn() {
        CompletionRequest talk =
                CompletionRequest.of(
                        List.of(
                                ChatMessage.user("Hello!"),
                                ChatMessage.assistant("Hello!"),
                                ChatMessage.user("What is Keyhole?")));

        assertThat(answer(talk)).contains("Keyhole");
    }

    @Test
    void aSeedMakesAnAnswerRepeatable() {
        GenerationParams params = GenerationParams.defaults().withTemp(1.2).withSeed(7);
        CompletionRequest request = CompletionRequest.user("Tell me something").withParams(params);

        assertThat(answer(request)).isEqualTo(answer(request)).isNotEmpty();
    }

    private static String answer(CompletionRequest request) {
        return MODEL.completion(request).text().block();
    }
}
