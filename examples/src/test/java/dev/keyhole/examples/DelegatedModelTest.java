package dev.keyhole.examples;

import dev.keyhole.consumer.Consumer;
import dev.keyhole.consumer.Delegate;
import dev.keyhole.consumer.LoadModel;
import dev.keyhole.dht.Dht;
import dev.keyhole.dht.Firewall;
import dev.keyhole.dht.Testnet;
import dev.keyhole.model.CompletionRequest;
import dev.keyhole.model.DelegationException;
import dev.keyhole.model.InferenceFailedException;
import dev.keyhole.model.Model;
import dev.keyhole.model.ModelContract;
import dev.keyhole.model.ModelSource;
import dev.keyhole.model.scripted.Script;
import dev.keyhole.model.scripted.ScriptedModel;
import dev.keyhole.provider.Provider;
import dev.keyhole.provider.ProviderConfig;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.Seed;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

/** A model at a provider, reached over a real DHT on loopback, does what every model does. */
@Timeout(60)
class DelegatedModelTest extends ModelContract {

    private static final KeyPair PROVIDER = KeyPair.fromSeed(Seed.ofHex("11".repeat(32)));

    private static Testnet network;
    private static Dht providerNode;
    private static Dht consumerNode;
    private static Provider provider;
    private static Consumer consumer;

    @BeforeAll
    static void start() {
        network = Testnet.start(4);
        providerNode = Dht.bind(network.config());
        provider =
                Provider.start(
                        providerNode,
                        ProviderConfig.of(PROVIDER)
                                .withFirewall(Firewall.open())
                                .withModel("scripted", ModelSource.parse("scripted"))
                                .withModel("failing", ModelSource.parse("failing")),
                        (served, progress) -> Mono.just(model(served.name())));
        provider.ready().block(Duration.ofSeconds(30));
        consumerNode = Dht.bind(network.config());
        consumer = Consumer.of(consumerNode);
    }

    @AfterAll
    static void stop() {
        consumer.close();
        provider.close();
        consumerNode.close();
        providerNode.close();
        network.close();
    }

    @Override
    protected Model open() {
        return delegated("scripted");
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
        return Optional.of(delegated("failing"));
    }

    private static Model delegated(String name) {
        return consumer.loadModel(
                        LoadModel.of(name).withDelegate(Delegate.to(PROVIDER.publicKey())))
                .block();
    }

    private static Model model(String name) {
        return ScriptedModel.of(
                name,
                request ->
                        name.equals("failing")
                                ? Script.of("one")
                                        .thenFailing(new InferenceFailedException("broken"))
                                : script(request));
    }

    private static Script script(CompletionRequest request) {
        return switch (request.history().get(0).content()) {
            case "endless" -> Script.of("on", " and ").delayed(Duration.ofMillis(1)).forever();
            case "refused" -> Script.of().thenFailing(new InferenceFailedException("no"));
            default -> Script.of("The", " sky", " is", " blue", ".");
        };
    }
}
