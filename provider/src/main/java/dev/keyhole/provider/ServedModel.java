package dev.keyhole.provider;

import dev.keyhole.model.EngineOptions;
import dev.keyhole.model.ModelSource;
import java.time.Duration;
import java.util.List;

/**
 * A model that the owner offers, and what consumers may call it.
 *
 * @param name the owner's name for it, and one that consumers may use
 * @param aliases more of those; {@code *} stands for any text and {@code ?} for any one character
 * @param options how the engine is to run it, whatever a consumer's request says
 * @param idleUnload how long it stays in memory when nobody here holds it and nothing runs
 * @param preload whether it is loaded when the provider starts, and not at its first use
 */
public record ServedModel(
        String name,
        ModelSource source,
        List<String> aliases,
        EngineOptions options,
        Duration idleUnload,
        boolean preload) {

    public static final Duration DEFAULT_IDLE_UNLOAD = Duration.ofMinutes(15);

    /** For {@link #idleUnload}: once loaded, the model stays. */
    public static final Duration NEVER = Duration.ofDays(365_000);

    public ServedModel {
        aliases = List.copyOf(aliases);
        new NamePattern(name);
        aliases.forEach(NamePattern::new);
        if (idleUnload.isNegative()) {
            throw new IllegalArgumentException(
                    "model \""
                            + name
                            + "\" cannot be unloaded "
                            + idleUnload
                            + " after its last use");
        }
    }

    public static ServedModel of(String name, ModelSource source) {
        return new ServedModel(
                name, source, List.of(), EngineOptions.defaults(), DEFAULT_IDLE_UNLOAD, false);
    }

    public ServedModel withAliases(String... value) {
        return withAliases(List.of(value));
    }

    public ServedModel withAliases(List<String> value) {
        return new ServedModel(name, source, value, options, idleUnload, preload);
    }

    public ServedModel withOptions(EngineOptions value) {
        return new ServedModel(name, source, aliases, value, idleUnload, preload);
    }

    /** {@link Duration#ZERO} for at once, {@link #NEVER} for keeping it. */
    public ServedModel withIdleUnload(Duration value) {
        return new ServedModel(name, source, aliases, options, value, preload);
    }

    public ServedModel withPreload(boolean value) {
        return new ServedModel(name, source, aliases, options, idleUnload, value);
    }

    /** Whether the owner's name is this text, letter by letter, or one of the aliases is. */
    boolean isNamed(String text) {
        return name.equals(text) || aliases.stream().anyMatch(text::equals);
    }

    /** Whether one of the aliases stands for this text. */
    boolean answersTo(String text) {
        return aliases.stream().anyMatch(alias -> new NamePattern(alias).matches(text));
    }
}
