package dev.keyhole.model.scripted;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import dev.keyhole.model.CompletionRequest;
import dev.keyhole.model.CompletionSink;
import dev.keyhole.model.CompletionStats;
import dev.keyhole.model.StopReason;
import dev.keyhole.model.generate.StopSequences;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;

/** One answer in the making; each step is a task of the scheduler. */
final class ScriptedRun {

    private final Script script;
    private final CompletionSink sink;
    private final Consumer<ScriptedRun> ended;
    private final boolean emitRawDeltas;
    private final StopSequences stops;
    private final long budget;
    private final int promptTokens;

    private Scheduler.@Nullable Worker worker;
    private long generated;
    private boolean over;

    ScriptedRun(
            Script script,
            CompletionRequest request,
            CompletionSink sink,
            Consumer<ScriptedRun> ended) {
        this.script = script;
        this.sink = sink;
        this.ended = ended;
        this.emitRawDeltas = request.emitRawDeltas();
        this.stops = new StopSequences(request.params().stopSequences());
        Integer predict = request.params().predict();
        this.budget = predict == null || predict < 0 ? Long.MAX_VALUE : predict;
        this.promptTokens = request.history().size();
    }

    synchronized void start(Scheduler.Worker own) {
        worker = own;
        sink.onCancel(this::cancel);
        next();
    }

    synchronized void cancel() {
        finish(StopReason.CANCELLED);
    }

    private void next() {
        Scheduler.Worker own = worker;
        if (own != null && !over) {
            own.schedule(this::step, script.delay().toNanos(), NANOSECONDS);
        }
    }

    private synchronized void step() {
        if (over) {
            return;
        }
        int length = script.tokens().size();
        boolean spoken = length == 0 || !script.isForever() && generated >= length;
        if (spoken) {
            end();
        } else {
            say(script.tokens().get((int) (generated % length)));
        }
    }

    private void say(String token) {
        generated++;
        if (emitRawDeltas) {
            sink.rawDelta(token);
        }
        sink.text(stops.accept(token));
        if (stops.stopped()) {
            finish(StopReason.STOP_SEQUENCE);
        } else if (generated >= budget) {
            finish(StopReason.LENGTH);
        } else {
            next();
        }
    }

    private void end() {
        if (script.failure().isPresent()) {
            over = true;
            sink.text(stops.rest());
            sink.fail(script.failure().get());
            release();
        } else if (!script.isSilent()) {
            finish(script.end());
        }
    }

    private void finish(StopReason reason) {
        if (over) {
            return;
        }
        over = true;
        if (reason != StopReason.STOP_SEQUENCE) {
            sink.text(stops.rest());
        }
        CompletionStats counted = CompletionStats.of(promptTokens, (int) generated, 0, 0);
        sink.stats(script.stats().orElse(counted));
        sink.done(reason);
        release();
    }

    private void release() {
        ended.accept(this);
        Scheduler.Worker own = worker;
        if (own != null) {
            own.dispose();
        }
    }
}
