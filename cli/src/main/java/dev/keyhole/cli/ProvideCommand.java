package dev.keyhole.cli;

import dev.keyhole.dht.Dht;
import dev.keyhole.model.ModelSource;
import dev.keyhole.provider.ConfigFileWatch;
import dev.keyhole.provider.Metrics;
import dev.keyhole.provider.Provider;
import dev.keyhole.provider.ProviderConfig;
import dev.keyhole.provider.ProviderConfigFile;
import dev.keyhole.provider.ServedModel;
import dev.keyhole.transport.identity.KeyPair;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The provider daemon. */
@Command(
        name = "provide",
        description = "Serves models under a public key, until it is interrupted.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  keyhole provide --identity ~/.keyhole/seed --allow CONSUMER_KEY",
            "  keyhole provide --open --model chat=/models/qwen2.5-0.5b",
            "  keyhole provide --config provider.toml"
        })
final class ProvideCommand implements Callable<Integer> {

    private static final String DEFAULT_MODEL = "tiny-chat";

    @Mixin NetworkOptions network = new NetworkOptions();

    @Mixin RelayOptions relay = new RelayOptions();

    @Mixin AccessOptions access = new AccessOptions();

    @Option(
            names = "--model",
            paramLabel = "NAME=SOURCE",
            description = {
                "A model, and the name under which consumers may load it; may be repeated.",
                "SOURCE is a folder, a file, or 'embedded' (default: tiny-chat=embedded)."
            })
    @Nullable Map<String, String> models;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = {
                "Settings in TOML; what the command line says comes first.",
                "Its firewall is read again when the file changes."
            })
    @Nullable Path configFile;

    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    @Override
    public Integer call() throws InterruptedException {
        Output output = Output.standard(json);
        ProviderConfigFile file = configFile == null ? null : read(configFile);
        if (file != null) {
            file.identity().ifPresent(network::defaultIdentity);
            network.defaults(file.bootstrap(), file.host(), file.port());
        }
        log(file == null ? "info" : file.logLevel().orElse("info"));
        ProviderConfig config = config(file, output);
        try (Shutdown shutdown = new Shutdown()) {
            Dht dht = network.join(shutdown);
            Provider provider = shutdown.closes(Provider.start(dht, config));
            if (file != null && file.metricsPort().isPresent()) {
                int port = file.metricsPort().getAsInt();
                Metrics metrics = shutdown.closes(Metrics.serve(port, provider::stats));
                output.note("Metrics: http://127.0.0.1:" + metrics.port() + "/metrics");
            }
            if (configFile != null && !access.given()) {
                shutdown.closes(ConfigFileWatch.start(configFile, provider));
            }
            provider.ready().block();
            output.line(
                    "Provider public key: " + provider.publicKey(),
                    Map.of("publicKey", provider.publicKey().toHex()));
            shutdown.await();
        }
        return 0;
    }

    private ProviderConfig config(@Nullable ProviderConfigFile file, Output output) {
        KeyPair keyPair = network.identity(output).keyPair();
        if (file == null) {
            return offered(
                    ProviderConfig.of(keyPair)
                            .withFirewall(access.firewall(output))
                            .withRelayThrough(relay.keys()));
        }
        ProviderConfig config = file.config(keyPair);
        if (access.given()) {
            config = config.withFirewall(access.firewall(output));
        }
        if (relay.relays != null) {
            config = config.withRelayThrough(relay.keys());
        }
        return models == null && !config.models().isEmpty() ? config : offered(config);
    }

    private static ProviderConfigFile read(Path file) {
        try {
            return ProviderConfigFile.parse(file);
        } catch (IllegalArgumentException | UncheckedIOException e) {
            throw new UsageException(Failures.text(e));
        }
    }

    /** Before the first logger of ours is made. */
    private static void log(String level) {
        System.setProperty("org.slf4j.simpleLogger.log.dev.keyhole", level);
    }

    private ProviderConfig offered(ProviderConfig config) {
        if (models == null) {
            return config.withModel(DEFAULT_MODEL, ModelSource.embedded(DEFAULT_MODEL));
        }
        ProviderConfig offering = config;
        for (Map.Entry<String, String> model : models.entrySet()) {
            offering =
                    offering.withModel(ServedModel.of(model.getKey(), existing(model.getValue())));
        }
        return offering;
    }

    /** A model that is there now, so that its owner hears at once when it is not. */
    private static ModelSource existing(String text) {
        ModelSource source = source(text);
        Path path =
                source instanceof ModelSource.Directory folder
                        ? folder.path()
                        : source instanceof ModelSource.File file ? file.path() : null;
        if (path != null && !Files.exists(path)) {
            throw new UsageException("there is no model at " + path);
        }
        return source;
    }

    static ModelSource source(String text) {
        try {
            return ModelSource.parse(text);
        } catch (IllegalArgumentException e) {
            throw new UsageException("'" + text + "' is not a model source: " + e.getMessage());
        }
    }
}
