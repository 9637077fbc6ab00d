package dev.keyhole.model.scripted;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.model.CompletionRequest;
import dev.keyhole.model.DelegationException;
import dev.keyhole.model.EmbedRequest;
import dev.keyhole.model.Embedding;
import dev.keyhole.model.InferenceFailedException;
import dev.keyhole.model.Model;
import dev.keyhole.model.ModelContract;
import dev.keyhole.model.Operation;
import dev.keyhole.model.TranscribeRequest;
import dev.keyhole.model.TranscriptionEvent;
import dev.keyhole.model.TranslateRequest;
import dev.keyhole.model.TranslationToken;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.test.scheduler.VirtualTimeScheduler;

final class ScriptedModelTest extends ModelContract {

    @Override
    protected Model open() {
        return ScriptedModel.of("scripted", ScriptedModelTest::script);
    }

    private static Script script(CompletionRequest request) {
        return switch (request.history().get(0).content()) {
            case "endless" -> Script.of("on", " and ").forever();
            case "refused" -> Script.of().thenFailing(new InferenceFailedException("no"));
            default -> Script.of("The", " sky", " is", " blue", ".");
        };
    }

    @Override
    protected CompletionRequest question() {
        return CompletionRequest.user("question");
    }

    @Override
    protected CompletionRequest endless() {
        return CompletionRequest.user("endless");
    }

    @Override
    protected CompletionRequest refused() {
        return CompletionRequest.user("refused");
    }

    @Override
    protected Class<? extends DelegationException> refusal() {
        return InferenceFailedException.class;
    }

    @Override
    protected Optional<Model> failingInMidStream() {
        return Optional.of(
                ScriptedModel.of(
                        "failing",
                        Script.of("one").thenFailing(new InferenceFailedException("broken"))));
    }

    @Test
    void timeIsThatOfTheScheduler() {
        VirtualTimeScheduler time = VirtualTimeScheduler.create();
        ScriptedModel model =
                ScriptedModel.of("slow", Script.of("a", "b").delayed(Duration.ofMinutes(1)))
                        .withScheduler(time);
        List<String> seen = new ArrayList<>();
        model.completion(question()).tokens().subscribe(seen::add);

        time.advanceTimeBy(Duration.ofSeconds(59));
        assertThat(seen).isEmpty();

        time.advanceTimeBy(Duration.ofSeconds(1));
        assertThat(seen).containsExactly("a");
        assertThat(model.active()).isEqualTo(1);

        time.advanceTimeBy(Duration.ofMinutes(2));
        assertThat(seen).containsExactly("a", "b");
        assertThat(model.active()).isZero();
    }

    @Test
    void aSilentScriptEndsOnlyWhenItIsCancelled() {
        VirtualTimeScheduler time = VirtualTimeScheduler.create();
        ScriptedModel model =
                ScriptedModel.of("silent", Script.of("a").thenSilence()).withScheduler(time);
        Disposable subscription = model.completion(question()).tokens().subscribe();
        time.advanceTimeBy(Duration.ofDays(1));
        assertThat(model.active()).isEqualTo(1);

        subscription.dispose();

        assertThat(model.active()).isZero();
        assertThat(model.started()).isEqualTo(1);
    }

    @Test
    void itCanBeToldToOfferEverything() {
        ScriptedModel model =
                ScriptedModel.of("all", Script.of("a"))
                        .withEmbeddings(text -> Embedding.of(text.length()))
                        .withTranscriptions(
                                request ->
                                        List.of(
                                                new TranscriptionEvent.Text(
                                                        request.audio().length + " bytes")))
                        .withTranslations(request -> List.of("ciao"));

        assertThat(model.operations()).isEqualTo(Set.of(Operation.values()));
        assertThat(model.embed(EmbedRequest.of("a", "bcd")).block().vectors())
                .containsExactly(Embedding.of(1), Embedding.of(3));
        assertThat(model.transcribe(TranscribeRequest.of(new byte[3])).blockLast().text())
                .isEqualTo("3 bytes");
        assertThat(model.translate(TranslateRequest.of("hi")).blockLast())
                .isEqualTo(new TranslationToken("ciao"));
    }
}
