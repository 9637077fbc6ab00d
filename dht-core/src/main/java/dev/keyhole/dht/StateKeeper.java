package dev.keyhole.dht;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.dht.connect.DhtNode;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Schedulers;

/** Saves what a node knows now and then and at its end. */
final class StateKeeper {

    private static final long FIRST_NANOS = SECONDS.toNanos(20);
    private static final long INTERVAL_NANOS = SECONDS.toNanos(300);

    private final StateFile file;
    private final DhtNode node;
    private volatile @Nullable Bytes last;

    StateKeeper(Path path, DhtNode node) {
        this.file = new StateFile(path);
        this.node = node;
    }

    /** Has the node begin from what was saved, if that is of use. */
    void restore() {
        Bytes saved = file.read();
        if (saved == null) {
            return;
        }
        try {
            node.restoreState(saved);
        } catch (MalformedException e) {
            file.ignored(String.valueOf(e.getMessage()));
        }
    }

    /** Saves from now on; on the loop's thread. */
    void start(long nowNanos) {
        node.at(nowNanos + FIRST_NANOS, this::save);
    }

    private void save(long nowNanos) {
        Bytes state = node.saveState();
        Schedulers.boundedElastic().schedule(() -> file.write(state));
        node.at(nowNanos + INTERVAL_NANOS, this::save);
    }

    /** Notes what there is to save when the node is closed; on the loop's thread. */
    void note() {
        last = node.saveState();
    }

    /** Saves what was noted. */
    void finish() {
        Bytes state = last;
        if (state != null) {
            file.write(state);
        }
    }
}
