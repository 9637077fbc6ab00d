package dev.keyhole.transport.rpc;

import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * RPC frames in a stream of bytes: a length of four bytes, little-endian, then the message ({@code
 * docs/protocol.md}, "Frames of an RPC connection").
 *
 * <p>An instance puts the frames of one direction together again, however they were cut. It keeps
 * at most about twice what has arrived of the frame at hand, whatever length that announces.
 */
public final class RpcCodec {

    /** Bytes of the length in front of each frame. */
    public static final int LENGTH_BYTES = 4;

    private static final int SMALLEST_BUFFER = 256;

    private final int maxFrameBytes;

    /** Begins with the oldest frame that is not complete. */
    private byte[] buffer = new byte[0];

    private int buffered;

    /** What arrived last and was not looked at yet; only while nothing older waits. */
    private Bytes fresh = Bytes.EMPTY;

    /**
     * @param maxFrameBytes the longest body that is taken in
     */
    public RpcCodec(int maxFrameBytes) {
        this.maxFrameBytes = maxFrameBytes;
    }

    /** The whole frame of a message. */
    public static Bytes encode(RpcMessage message) {
        WireWriter body = new WireWriter();
        message.encode(body);
        int length = body.length();
        return new WireWriter(LENGTH_BYTES + length).u32(length).bytes(body.toBytes()).toBytes();
    }

    /** Takes in the next bytes of the stream. Ask {@link #next} until it has nothing more. */
    public void feed(Bytes chunk) {
        if (!fresh.isEmpty()) {
            throw new IllegalStateException("what was fed before has not been read to its end");
        }
        fresh = chunk;
    }

    /**
     * The next message, or null when it takes more bytes.
     *
     * @throws MalformedException if this is not a stream of frames, or one is above the limit;
     *     nothing that follows can be read
     */
    public @Nullable RpcMessage next() throws MalformedException {
        Bytes body = nextBody();
        return body == null ? null : RpcMessage.decode(new WireReader(body));
    }

    /** How many bytes are held because their frame is not complete. */
    int bufferedBytes() {
        return buffered;
    }

    private @Nullable Bytes nextBody() throws MalformedException {
        if (buffered > 0) {
            return continueBuffered();
        }
        if (fresh.length() < LENGTH_BYTES) {
            keep(fresh.length());
            return null;
        }
        int length = checkLength(new WireReader(fresh).u32());
        if (fresh.length() - LENGTH_BYTES < length) {
            keep(fresh.length());
            return null;
        }
        Bytes body = fresh.slice(LENGTH_BYTES, LENGTH_BYTES + length);
        fresh = fresh.slice(LENGTH_BYTES + length);
        return body;
    }

    private @Nullable Bytes continueBuffered() throws MalformedException {
        if (buffered < LENGTH_BYTES) {
            keep(Math.min(LENGTH_BYTES - buffered, fresh.length()));
            if (buffered < LENGTH_BYTES) {
                return null;
            }
        }
        int length = checkLength(new WireReader(Bytes.wrap(buffer, 0, LENGTH_BYTES)).u32());
        keep(Math.min(LENGTH_BYTES + length - buffered, fresh.length()));
        if (buffered < LENGTH_BYTES + length) {
            return null;
        }
        Bytes body = Bytes.wrap(buffer, LENGTH_BYTES, length);
        buffer = new byte[0];
        buffered = 0;
        return body;
    }

    private int checkLength(long length) throws MalformedException {
        if (length > maxFrameBytes) {
            throw new MalformedException(
                    "RPC frame of " + length + " bytes, above " + maxFrameBytes);
        }
        return (int) length;
    }

    /** Moves so many of the fresh bytes behind the kept ones. */
    private void keep(int count) {
        if (buffered + count > buffer.length) {
            int larger = Math.max(SMALLEST_BUFFER, buffered + Math.max(buffered, count));
            buffer = Arrays.copyOf(buffer, larger);
        }
        fresh.slice(0, count).copyTo(buffer, buffered);
        buffered += count;
        fresh = fresh.slice(count);
    }
}
