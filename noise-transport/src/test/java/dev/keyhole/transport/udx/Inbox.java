package dev.keyhole.transport.udx;

import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A listener that remembers what it was told, and reads unless it is paused. */
class Inbox implements UdxStream.Listener {

    final List<Bytes> data = new ArrayList<>();
    final List<Bytes> messages = new ArrayList<>();
    int bytes;
    int writables;
    int remoteChanges;
    boolean ended;
    @Nullable CloseReason closed;
    boolean paused;
    @Nullable UdxStream stream;

    /** Opens a stream that this listens to. */
    UdxStream open(StreamMultiplexer multiplexer, int id) {
        UdxStream opened = multiplexer.open(id, this, UdxStream.DEFAULT_WINDOW_BYTES);
        stream = opened;
        return opened;
    }

    /** Everything that came so far, as one. */
    Bytes all() {
        return Bytes.concat(data.toArray(Bytes[]::new));
    }

    @Override
    public void data(Bytes bytes, long now) {
        check();
        if (ended) {
            throw new AssertionError("data after the end");
        }
        data.add(bytes.copy());
        this.bytes += bytes.length();
        UdxStream reading = stream;
        if (!paused && reading != null) {
            reading.consumed(bytes.length(), now);
        }
    }

    @Override
    public void message(Bytes message, long now) {
        check();
        messages.add(message.copy());
    }

    @Override
    public void ended(long now) {
        check();
        if (ended) {
            throw new AssertionError("ended twice");
        }
        ended = true;
    }

    @Override
    public void writable(long now) {
        check();
        writables++;
    }

    @Override
    public void remoteChanged(long now) {
        check();
        remoteChanges++;
    }

    @Override
    public void closed(CloseReason reason, long now) {
        check();
        closed = reason;
    }

    private void check() {
        if (closed != null) {
            throw new AssertionError("told something after " + closed);
        }
    }
}
