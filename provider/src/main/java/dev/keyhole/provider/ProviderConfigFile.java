package dev.keyhole.provider;

import dev.keyhole.dht.Firewall;
import dev.keyhole.model.EngineOptions;
import dev.keyhole.model.GenerationParams;
import dev.keyhole.model.ModelSource;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlParseResult;

/**
 * A provider's configuration as its owner writes it, in TOML; {@code docs/provider.example.toml} has
 * everything that can be said.
 */
public final class ProviderConfigFile {

    private static final Set<String> LOG_LEVELS =
            new TreeSet<>(Set.of("error", "warn", "info", "debug", "trace", "off"));

    private final @Nullable Path identity;
    private final List<String> bootstrap;
    private final @Nullable String host;
    private final @Nullable Integer port;
    private final @Nullable String logLevel;
    private final @Nullable Integer metricsPort;
    private final Firewall firewall;
    private final boolean open;
    private final List<ServedModel> models;
    private final Quota quota;
    private final Map<PublicKey, Quota> quotas;
    private final int maxConnections;
    private final int requestsPerConnection;
    private final Duration drain;
    private final List<PublicKey> relayThrough;

    private ProviderConfigFile(TomlReader file, Path folder) {
        identity = file.text("identity").map(folder::resolve).orElse(null);
        bootstrap = file.texts("bootstrap");
        host = file.text("host").orElse(null);
        OptionalInt portThere = file.count("port");
        port = portThere.isPresent() ? portThere.getAsInt() : null;
        logLevel = file.text("log-level").map(level -> logLevel(file, level)).orElse(null);
        maxConnections =
                file.count("max-connections").orElse(ProviderConfig.DEFAULT_MAX_CONNECTIONS);
        requestsPerConnection =
                file.count("requests-per-connection")
                        .orElse(ProviderConfig.DEFAULT_REQUESTS_PER_CONNECTION);
        drain = file.duration("drain").orElse(ProviderConfig.DEFAULT_DRAIN);
        relayThrough =
                file.texts("relay-through").stream()
                        .map(text -> key(file, "relay-through", text))
                        .toList();

        TomlReader metrics = file.table("metrics");
        OptionalInt metricsThere = metrics.count("port");
        metricsPort = metricsThere.isPresent() ? metricsThere.getAsInt() : null;
        metrics.finish();

        TomlReader wall = file.table("firewall");
        String mode = wall.text("mode").orElse("allow");
        firewall = firewall(wall, mode);
        open = mode.equals("open");
        wall.finish();

        TomlReader everybody = file.table("quota");
        quota = quota(everybody, Quota.defaults());
        everybody.finish();
        quotas = new HashMap<>();
        for (TomlReader consumer : file.tables("consumer")) {
            PublicKey key = key(consumer, "key", consumer.requiredText("key"));
            if (quotas.put(key, quota(consumer, quota)) != null) {
                throw consumer.wrong("key", "is " + key + ", which is there twice");
            }
            consumer.finish();
        }
        models = file.tables("model").stream().map(model -> model(model, folder)).toList();
        file.finish();
    }

    /**
     * Reads a file. Paths in it are relative to its folder.
     *
     * @throws IllegalArgumentException names the file, the line, and what is wrong
     */
    public static ProviderConfigFile parse(Path file) {
        try {
            Path folder = file.toAbsolutePath().getParent();
            return parse(Files.readString(file), file.toString(), folder == null ? file : folder);
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    /**
     * Reads the text of a file. Paths in it are relative to the current folder.
     *
     * @throws IllegalArgumentException names the line, and what is wrong
     */
    public static ProviderConfigFile parse(String toml) {
        return parse(toml, "the configuration", Path.of(""));
    }

    private static ProviderConfigFile parse(String toml, String source, Path folder) {
        TomlParseResult result = Toml.parse(toml);
        if (result.hasErrors()) {
            var first = result.errors().get(0);
            throw new IllegalArgumentException(
                    source + ":" + first.position().line() + ": " + first.getMessage());
        }
        return new ProviderConfigFile(new TomlReader(result, source, ""), folder);
    }

    /** Where the seed lies. */
    public Optional<Path> identity() {
        return Optional.ofNullable(identity);
    }

    /** The first nodes to ask; empty for those of the public network. */
    public List<String> bootstrap() {
        return bootstrap;
    }

    /** The local address to listen on. */
    public Optional<String> host() {
        return Optional.ofNullable(host);
    }

    /** The local UDP port to listen on. */
    public OptionalInt port() {
        return port == null ? OptionalInt.empty() : OptionalInt.of(port);
    }

    /** How much to log: error, warn, info, debug, trace or off. */
    public Optional<String> logLevel() {
        return Optional.ofNullable(logLevel);
    }

    /** The local TCP port to tell {@link Metrics} on. */
    public OptionalInt metricsPort() {
        return metricsPort == null ? OptionalInt.empty() : OptionalInt.of(metricsPort);
    }

    public Firewall firewall() {
        return firewall;
    }

    /** Whether the firewall lets everybody in. */
    public boolean open() {
        return open;
    }

    public List<ServedModel> models() {
        return models;
    }

    /** All of it, under an identity. */
    public ProviderConfig config(KeyPair keyPair) {
        return new ProviderConfig(
                keyPair,
                firewall,
                models,
                quota,
                quotas,
                maxConnections,
                requestsPerConnection,
                drain,
                relayThrough);
    }

    private static String logLevel(TomlReader file, String level) {
        if (!LOG_LEVELS.contains(level)) {
            throw file.wrong(
                    "log-level", "is one of " + String.join(", ", LOG_LEVELS) + ", not " + level);
        }
        return level;
    }

    private static Firewall firewall(TomlReader wall, String mode) {
        List<PublicKey> keys =
                wall.texts("keys").stream().map(text -> key(wall, "keys", text)).toList();
        return switch (mode) {
            case "allow" -> Firewall.allow(keys);
            case "deny" -> Firewall.deny(keys);
            case "open" -> {
                if (!keys.isEmpty()) {
                    throw wall.wrong("keys", "mean nothing with mode \"open\"");
                }
                yield Firewall.open();
            }
            default ->
                    throw wall.wrong(
                            "mode", "is \"allow\", \"deny\" or \"open\", not \"" + mode + "\"");
        };
    }

    private static Quota quota(TomlReader table, Quota defaults) {
        return new Quota(
                table.count("connections").orElse(defaults.connections()),
                table.count("concurrent-requests").orElse(defaults.concurrentRequests()),
                table.count("requests-per-minute").orElse(defaults.requestsPerMinute()),
                table.count("tokens-per-minute").orElse(defaults.tokensPerMinute()),
                table.count("max-context").orElse(defaults.maxContext()));
    }

    private static ServedModel model(TomlReader table, Path folder) {
        String name = table.requiredText("name");
        ModelSource source =
                table.parsed("source", table.requiredText("source"), text -> source(text, folder));
        ServedModel model =
                ServedModel.of(name, source)
                        .withAliases(table.texts("aliases"))
                        .withPreload(table.flag("preload").orElse(false))
                        .withIdleUnload(idleUnload(table));
        TomlReader options = table.table("options");
        model = model.withOptions(options(options));
        options.finish();
        table.finish();
        return model;
    }

    private static ModelSource source(String text, Path folder) {
        Path beside = folder.resolve(text);
        return Files.exists(beside)
                ? ModelSource.parse(beside.toString())
                : ModelSource.parse(text);
    }

    private static Duration idleUnload(TomlReader table) {
        if (table.text("idle-unload").filter("never"::equals).isPresent()) {
            return ServedModel.NEVER;
        }
        return table.duration("idle-unload").orElse(ServedModel.DEFAULT_IDLE_UNLOAD);
    }

    private static EngineOptions options(TomlReader table) {
        EngineOptions options = EngineOptions.defaults().withParams(params(table));
        OptionalInt contextSize = table.count("context-size");
        if (contextSize.isPresent()) {
            options = options.withContextSize(contextSize.getAsInt());
        }
        OptionalInt threads = table.count("threads");
        if (threads.isPresent()) {
            options = options.withThreads(threads.getAsInt());
        }
        OptionalInt queue = table.count("queue");
        if (queue.isPresent()) {
            options = options.withQueue(queue.getAsInt());
        }
        Optional<String> systemPrompt = table.text("system-prompt");
        if (systemPrompt.isPresent()) {
            options = options.withSystemPrompt(systemPrompt.get());
        }
        return options;
    }

    private static GenerationParams params(TomlReader table) {
        return new GenerationParams(
                table.decimal("temp").orElse(null),
                table.decimal("top-p").orElse(null),
                whole(table, "top-k"),
                whole(table, "predict"),
                table.whole("seed").orElse(null),
                table.decimal("frequency-penalty").orElse(null),
                table.decimal("presence-penalty").orElse(null),
                table.decimal("repeat-penalty").orElse(null),
                whole(table, "reasoning-budget"),
                null,
                table.texts("stop-sequences"));
    }

    private static @Nullable Integer whole(TomlReader table, String key) {
        return table.whole(key)
                .map(
                        value -> {
                            if (value != value.intValue()) {
                                throw table.wrong(key, "cannot be " + value);
                            }
                            return value.intValue();
                        })
                .orElse(null);
    }

    private static PublicKey key(TomlReader table, String field, String text) {
        return table.parsed(field, text, PublicKey::parse);
    }
}
