package dev.keyhole.model.scripted;

import dev.keyhole.model.CompletionStats;
import dev.keyhole.model.DelegationException;
import dev.keyhole.model.StopReason;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a {@link ScriptedModel} answers: some tokens, how fast, and how it ends. */
public final class Script {

    private final List<String> tokens;
    private final Duration delay;
    private final boolean forever;
    private final boolean silent;
    private final StopReason end;
    private final @Nullable DelegationException failure;
    private final @Nullable CompletionStats stats;

    private Script(
            List<String> tokens,
            Duration delay,
            boolean forever,
            boolean silent,
            StopReason end,
            @Nullable DelegationException failure,
            @Nullable CompletionStats stats) {
        this.tokens = List.copyOf(tokens);
        this.delay = delay;
        this.forever = forever;
        this.silent = silent;
        this.end = end;
        this.failure = failure;
        this.stats = stats;
    }

    /** These tokens, at once, and then the end. */
    public static Script of(String... tokens) {
        return of(List.of(tokens));
    }

    public static Script of(List<String> tokens) {
        return new Script(tokens, Duration.ZERO, false, false, StopReason.EOS, null, null);
    }

    /** Waits before each token, and before the end. */
    public Script delayed(Duration beforeEach) {
        return new Script(tokens, beforeEach, forever, silent, end, failure, stats);
    }

    /** Says the tokens again and again, until somebody stops it. */
    public Script forever() {
        return new Script(tokens, delay, true, silent, end, failure, stats);
    }

    /** Says the tokens and then nothing, not even that this was all. */
    public Script thenSilence() {
        return new Script(tokens, delay, forever, true, end, failure, stats);
    }

    /** Fails after the tokens. */
    public Script thenFailing(DelegationException error) {
        return new Script(tokens, delay, forever, silent, end, error, stats);
    }

    /** Ends for this reason in place of {@link StopReason#EOS}. */
    public Script endingWith(StopReason reason) {
        return new Script(tokens, delay, forever, silent, reason, failure, stats);
    }

    /** Reports these figures in place of a count of its tokens. */
    public Script withStats(CompletionStats figures) {
        return new Script(tokens, delay, forever, silent, end, failure, figures);
    }

    List<String> tokens() {
        return tokens;
    }

    Duration delay() {
        return delay;
    }

    boolean isForever() {
        return forever;
    }

    boolean isSilent() {
        return silent;
    }

    StopReason end() {
        return end;
    }

    Optional<DelegationException> failure() {
        return Optional.ofNullable(failure);
    }

    Optional<CompletionStats> stats() {
        return Optional.ofNullable(stats);
    }
}
