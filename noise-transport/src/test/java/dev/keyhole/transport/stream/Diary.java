package dev.keyhole.transport.stream;

import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.List;

/** Remembers what an encrypted stream says. */
final class Diary implements EncryptedStream.Listener {

    final List<Bytes> messages = new ArrayList<>();
    final List<Bytes> unordered = new ArrayList<>();
    int verified;
    int authentic;
    int ended;
    int writable;
    CloseReason closed;

    Runnable onMessage = () -> {};

    @Override
    public void verified(long nowNanos) {
        verified++;
    }

    @Override
    public void authentic(long nowNanos) {
        authentic++;
    }

    @Override
    public void message(Bytes message, long nowNanos) {
        if (verified == 0 || ended > 0 || closed != null) {
            throw new AssertionError("message out of turn");
        }
        messages.add(message);
        onMessage.run();
    }

    @Override
    public void unordered(Bytes message, long nowNanos) {
        unordered.add(message);
    }

    @Override
    public void ended(long nowNanos) {
        ended++;
    }

    @Override
    public void writable(long nowNanos) {
        writable++;
    }

    @Override
    public void closed(CloseReason reason, long nowNanos) {
        if (closed != null) {
            throw new AssertionError("closed twice");
        }
        closed = reason;
    }
}
