package dev.keyhole.transport.rpc;

import dev.keyhole.transport.stream.Link;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.WireWriter;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The frames that wait for the link to take them.
 *
 * <p>The link carries a stream of bytes, so its messages need not be frames: small frames share a
 * message, and a large one is spread over several.
 */
final class Outbox {

    /** The longest message to give to the link, and how much may wait before writers wait. */
    static final int MESSAGE_BYTES = 64 << 10;

    private final Link link;
    private final Deque<Bytes> frames = new ArrayDeque<>();

    private boolean writable = true;
    private long waitingBytes;
    private boolean ending;
    private boolean ended;

    Outbox(Link link) {
        this.link = link;
    }

    void add(Bytes frame) {
        if (!ending) {
            frames.add(frame);
            waitingBytes += frame.length();
        }
    }

    /** Ends the link behind what waits. */
    void end() {
        ending = true;
    }

    void writable() {
        writable = true;
    }

    long waitingBytes() {
        return waitingBytes;
    }

    boolean hasRoom() {
        return writable && waitingBytes < MESSAGE_BYTES;
    }

    void flush() {
        while (writable && !frames.isEmpty()) {
            Bytes message = nextMessage();
            waitingBytes -= message.length();
            writable = link.write(message);
        }
        if (ending && !ended && frames.isEmpty()) {
            ended = true;
            link.end();
        }
    }

    private Bytes nextMessage() {
        Bytes first = frames.remove();
        if (first.length() >= MESSAGE_BYTES) {
            if (first.length() > MESSAGE_BYTES) {
                frames.addFirst(first.slice(MESSAGE_BYTES));
            }
            return first.slice(0, MESSAGE_BYTES);
        }
        if (frames.isEmpty()) {
            return first;
        }
        WireWriter message = new WireWriter().bytes(first);
        for (Bytes next = frames.peek();
                next != null && message.length() + next.length() <= MESSAGE_BYTES;
                next = frames.peek()) {
            message.bytes(next);
            frames.remove();
        }
        return message.toBytes();
    }
}
