package dev.keyhole.transport.netty;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Where datagrams that came in lie while they are looked at, one after the other.
 *
 * <p>One for all sockets of a thread. Views of the one array and addresses are made once and then
 * used again, so that a datagram like the one before it costs no memory.
 */
final class Intake {

    /** Longer datagrams are cut, and then fail to decode, as in the original. */
    static final int MAX_DATAGRAM_BYTES = 2048;

    private final byte[] datagram = new byte[MAX_DATAGRAM_BYTES];
    private final @Nullable Bytes[] views = new Bytes[MAX_DATAGRAM_BYTES + 1];

    private @Nullable InetSocketAddress lastSender;
    private @Nullable Address lastSource;

    /** Takes a datagram out of a buffer; the view is valid until the next one is taken. */
    Bytes take(ByteBuf content) {
        int length = Math.min(content.readableBytes(), MAX_DATAGRAM_BYTES);
        content.getBytes(content.readerIndex(), datagram, 0, length);
        return view(length);
    }

    /** Takes what remains in a buffer; the view is valid until the next one is taken. */
    Bytes take(ByteBuffer content) {
        int length = Math.min(content.remaining(), MAX_DATAGRAM_BYTES);
        content.get(datagram, 0, length);
        return view(length);
    }

    /** Who that is, or null if it has no address of four octets. */
    @Nullable Address source(InetSocketAddress sender) {
        if (sender.equals(lastSender)) {
            lastSender = sender;
            return lastSource;
        }
        if (sender.getAddress().getAddress().length != 4) {
            return null;
        }
        lastSender = sender;
        lastSource = Address.of(sender);
        return lastSource;
    }

    private Bytes view(int length) {
        Bytes view = views[length];
        if (view == null) {
            view = Bytes.wrap(datagram, 0, length);
            views[length] = view;
        }
        return view;
    }
}
