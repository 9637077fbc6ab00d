package dev.keyhole.dht;

import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.netty.UdpLoop;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.MonoSink;

/**
 * Takes a node off the network and brings it back, one after the other however often and in
 * whatever order it is asked. Lives on the loop's thread.
 */
final class Suspension {

    private final Dht dht;
    private final UdpLoop loop;
    private final Queue<MonoSink<Void>> waiting = new ConcurrentLinkedQueue<>();
    private boolean suspendWanted;
    private State state = State.RUNNING;

    private enum State {
        RUNNING,
        SUSPENDING,
        SUSPENDED,
        RESUMING
    }

    Suspension(Dht dht, UdpLoop loop) {
        this.dht = dht;
        this.loop = loop;
    }

    /** Suspends or resumes, whichever was asked for last; who asked is told when that is done. */
    void want(boolean suspended, MonoSink<Void> asker, long nowNanos) {
        suspendWanted = suspended;
        waiting.add(asker);
        proceed(nowNanos);
    }

    private void proceed(long nowNanos) {
        switch (state) {
            case RUNNING -> {
                if (suspendWanted) {
                    state = State.SUSPENDING;
                    dht.withdraw(this::withdrawn, nowNanos);
                } else {
                    tellAll(null);
                }
            }
            case SUSPENDED -> {
                if (suspendWanted) {
                    tellAll(null);
                } else {
                    state = State.RESUMING;
                    loop.resume().whenComplete(this::rebound);
                }
            }
            case SUSPENDING, RESUMING -> {
                // Goes on when that is done.
            }
        }
    }

    /** The sockets close when what is to be said has been said. */
    private void withdrawn(long nowNanos) {
        dht.node().notice(() -> loop.suspend().thenRun(() -> loop.command(this::socketsClosed)));
    }

    private void socketsClosed(long nowNanos) {
        state = State.SUSPENDED;
        proceed(nowNanos);
    }

    private void rebound(
            @Nullable Map<LocalSocket, LocalSocket> sockets, @Nullable Throwable failure) {
        loop.command(
                now -> {
                    if (sockets == null) {
                        state = State.SUSPENDED;
                        suspendWanted = true;
                        tellAll(dht.resumeFailed(failure));
                    } else {
                        state = State.RUNNING;
                        dht.returned(sockets, now);
                        proceed(now);
                    }
                });
    }

    /** Ends the wait of everybody who still waits; from any thread. */
    void tellAll(@Nullable DhtException failure) {
        MonoSink<Void> asker;
        while ((asker = waiting.poll()) != null) {
            MonoSink<Void> told = asker;
            dht.tell(
                    () -> {
                        if (failure == null) {
                            told.success();
                        } else {
                            told.error(failure);
                        }
                    });
        }
    }
}
