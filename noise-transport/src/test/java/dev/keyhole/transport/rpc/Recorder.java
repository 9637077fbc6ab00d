package dev.keyhole.transport.rpc;

import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;

/** A subscriber that remembers, for tests that move the loop by hand. */
final class Recorder extends BaseSubscriber<Bytes> {

    final List<Bytes> data = new ArrayList<>();
    Throwable error;
    boolean completed;

    private final long demand;

    private Recorder(long demand) {
        this.demand = demand;
    }

    static Recorder of(Flux<RpcEvent> answer) {
        return ofBytes(answer.map(RpcEvent::data), Long.MAX_VALUE);
    }

    static Recorder of(Flux<RpcEvent> answer, long demand) {
        return ofBytes(answer.map(RpcEvent::data), demand);
    }

    static Recorder ofBytes(Flux<Bytes> chunks) {
        return ofBytes(chunks, Long.MAX_VALUE);
    }

    static Recorder ofBytes(Flux<Bytes> chunks, long demand) {
        Recorder recorder = new Recorder(demand);
        chunks.subscribe(recorder);
        return recorder;
    }

    @Override
    protected void hookOnSubscribe(Subscription subscription) {
        subscription.request(demand);
    }

    @Override
    protected void hookOnNext(Bytes chunk) {
        data.add(chunk);
    }

    @Override
    protected void hookOnError(Throwable throwable) {
        error = throwable;
    }

    @Override
    protected void hookOnComplete() {
        completed = true;
    }
}
