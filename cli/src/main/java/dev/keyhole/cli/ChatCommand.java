package dev.keyhole.cli;

import dev.keyhole.consumer.Consumer;
import dev.keyhole.consumer.Delegate;
import dev.keyhole.consumer.LoadModel;
import dev.keyhole.dht.Dht;
import dev.keyhole.model.ChatMessage;
import dev.keyhole.model.Completion;
import dev.keyhole.model.CompletionRequest;
import dev.keyhole.model.DelegationException;
import dev.keyhole.model.Model;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A conversation with a delegated model. */
@Command(
        name = "chat",
        description =
                "Talks with a model that runs at a provider: one answer with --prompt, else a"
                        + " conversation with one line of standard input a turn.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  keyhole chat KEY",
            "  keyhole chat KEY --model chat --prompt 'Hello!'",
            "  keyhole chat KEY --prompt 'Hello!' --fallback embedded"
        })
final class ChatCommand implements Callable<Integer> {

    @Mixin NetworkOptions network = new NetworkOptions();

    @Mixin RelayOptions relay = new RelayOptions();

    @Parameters(
            paramLabel = "KEY",
            arity = "1..*",
            description = "Public keys of providers, asked in this order.")
    List<String> keys = List.of();

    @Option(
            names = "--model",
            paramLabel = "NAME",
            defaultValue = "tiny-chat",
            description = "The model, by the provider's name for it (default: ${DEFAULT-VALUE}).")
    String model = "";

    @Option(names = "--prompt", paramLabel = "TEXT", description = "Asks this and ends.")
    @Nullable String prompt;

    @Option(names = "--system", paramLabel = "TEXT", description = "Instructions to the model.")
    @Nullable String system;

    @Option(
            names = "--fallback",
            paramLabel = "SOURCE",
            description =
                    "A model to run on this machine when the provider cannot: a folder, a file, or"
                            + " 'embedded'.")
    @Nullable String fallback;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "60",
            description = "The longest wait for each sign of progress (default: ${DEFAULT-VALUE}).")
    double timeoutSeconds;

    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    @Override
    public Integer call() throws IOException {
        Output output = Output.standard(json);
        LoadModel load = load();
        Identity identity = network.identity(output);
        try (Shutdown shutdown = new Shutdown()) {
            Dht dht = network.join(shutdown);
            Consumer consumer = shutdown.closes(Consumer.of(dht, identity.keyPair(), relay.keys()));
            Model loaded = consumer.loadModel(load).block();
            if (loaded == null) {
                throw new IllegalStateException("no model");
            }
            return prompt == null
                    ? converse(loaded, output)
                    : answer(loaded, List.of(ChatMessage.user(prompt)), output).isEmpty()
                            ? Keyhole.FAILED
                            : 0;
        }
    }

    private LoadModel load() {
        Delegate delegate =
                Delegate.to(keys.stream().map(NetworkOptions::key).toList())
                        .withTimeout(timeout())
                        .withFallbackToLocal(fallback != null);
        LoadModel load = LoadModel.of(model).withDelegate(delegate);
        return fallback == null ? load : load.withLocalSource(ProvideCommand.source(fallback));
    }

    private Duration timeout() {
        Duration timeout = Duration.ofMillis(Math.round(timeoutSeconds * 1000));
        if (timeout.compareTo(Delegate.MIN_TIMEOUT) < 0) {
            throw new UsageException("--timeout " + timeoutSeconds + " is below 0.1 seconds");
        }
        return timeout;
    }

    private int converse(Model loaded, Output output) throws IOException {
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        List<ChatMessage> history = new ArrayList<>();
        boolean failed = false;
        while (true) {
            output.prompt("> ");
            String line = lines.readLine();
            if (line == null) {
                return failed ? Keyhole.FAILED : 0;
            }
            if (line.isBlank()) {
                continue;
            }
            history.add(ChatMessage.user(line));
            try {
                history.add(ChatMessage.assistant(answer(loaded, history, output)));
                failed = false;
            } catch (DelegationException e) {
                output.note("keyhole: " + Failures.text(e));
                history.remove(history.size() - 1);
                failed = true;
            }
        }
    }

    private String answer(Model loaded, List<ChatMessage> history, Output output) {
        CompletionRequest request = CompletionRequest.of(history);
        Completion run = loaded.completion(system == null ? request : request.withSystem(system));
        Answers.print(run, output);
        if (json) {
            output.object(Answers.figures(run));
        } else {
            output.note(Answers.summary(run));
        }
        String text = run.text().block();
        return text == null ? "" : text;
    }
}
