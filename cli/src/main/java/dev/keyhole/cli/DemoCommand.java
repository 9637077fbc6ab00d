package dev.keyhole.cli;

import dev.keyhole.consumer.Consumer;
import dev.keyhole.consumer.Delegate;
import dev.keyhole.consumer.LoadModel;
import dev.keyhole.dht.Dht;
import dev.keyhole.dht.Firewall;
import dev.keyhole.dht.Testnet;
import dev.keyhole.model.Completion;
import dev.keyhole.model.CompletionRequest;
import dev.keyhole.model.Model;
import dev.keyhole.model.ModelSource;
import dev.keyhole.provider.Provider;
import dev.keyhole.provider.ProviderConfig;
import dev.keyhole.transport.identity.KeyPair;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The main job in one process: a network, a provider, and a consumer that delegates to it. */
@Command(
        name = "demo",
        description =
                "Runs an isolated DHT on loopback, a provider with the embedded model, and a"
                        + " consumer that finds it by its public key and delegates a completion.",
        footerHeading = "%nExamples:%n",
        footer = {"  keyhole demo", "  keyhole demo --prompt 'What is 7 + 5?'"})
final class DemoCommand implements Callable<Integer> {

    private static final String MODEL = "tiny-chat";
    private static final int NODES = 4;
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @Option(
            names = "--prompt",
            paramLabel = "TEXT",
            defaultValue = "Hello! What is Keyhole?",
            description = "What to ask (default: ${DEFAULT-VALUE}).")
    String prompt = "";

    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    @Override
    public Integer call() {
        Output output = Output.standard(json);
        KeyPair providerKeys = KeyPair.random(new SecureRandom());
        KeyPair consumerKeys = KeyPair.random(new SecureRandom());
        try (Shutdown shutdown = new Shutdown()) {
            Testnet network = shutdown.closes(Testnet.start(NODES));
            Dht providerNode = shutdown.closes(Dht.bind(network.config()));
            Provider provider =
                    shutdown.closes(
                            Provider.start(
                                    providerNode,
                                    ProviderConfig.of(providerKeys)
                                            .withFirewall(Firewall.allow(consumerKeys.publicKey()))
                                            .withModel(MODEL, ModelSource.embedded(MODEL))));
            provider.ready().block(LIMIT);
            output.line(
                    "Provider public key: " + provider.publicKey(),
                    Map.of("publicKey", provider.publicKey().toHex()));

            Dht consumerNode = shutdown.closes(Dht.bind(network.config()));
            Consumer consumer = shutdown.closes(Consumer.of(consumerNode, consumerKeys));
            Model model =
                    consumer.loadModel(
                                    LoadModel.of(MODEL)
                                            .withDelegate(
                                                    Delegate.to(provider.publicKey())
                                                            .withTimeout(LIMIT)))
                            .block();
            if (model == null) {
                throw new IllegalStateException("no model");
            }
            output.note("Prompt: " + prompt);
            Completion run = model.completion(CompletionRequest.user(prompt));
            Answers.print(run, output);
            output.line(Answers.summary(run), Answers.figures(run));
        }
        return 0;
    }
}
