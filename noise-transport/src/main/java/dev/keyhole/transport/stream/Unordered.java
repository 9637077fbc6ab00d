package dev.keyhole.transport.stream;

import dev.keyhole.transport.crypto.Blake2b;
import dev.keyhole.transport.crypto.SecretBox;
import dev.keyhole.transport.identity.Namespace;
import dev.keyhole.transport.noise.Session;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * The boxes of messages that travel outside the order of a stream ({@code docs/protocol.md},
 * "Unordered messages of a secret stream").
 *
 * <p>Each is sealed alone, so the network may lose and reorder them. One that comes a second time, or
 * so late that this cannot be told any more, is dropped.
 */
final class Unordered {

    static final int COUNTER_BYTES = 8;
    static final int OVERHEAD_BYTES = COUNTER_BYTES + SecretBox.OVERHEAD_BYTES;

    /** How far behind the newest counter one may be. */
    static final int WINDOW = 64;

    private static final Bytes NONCE_TAIL =
            Bytes.wrap(new byte[SecretBox.NONCE_BYTES - COUNTER_BYTES]);

    private final Bytes sendKey;
    private final Bytes receiveKey;
    private final long firstCounter;
    private long counter;

    /** The counters taken last: bit n stands for the newest less n. */
    private boolean opened;

    private long newest;
    private long taken;
    private boolean latest;

    Unordered(Session session, Random entropy) {
        this(session, entropy.nextLong());
    }

    Unordered(Session session, long firstCounter) {
        this(session, firstCounter, firstCounter);
    }

    Unordered(Session session, long firstCounter, long lastCounter) {
        Bytes fromInitiator = key(session, Namespace.STREAM_INITIATOR);
        Bytes fromResponder = key(session, Namespace.STREAM_RESPONDER);
        this.sendKey = session.initiator() ? fromInitiator : fromResponder;
        this.receiveKey = session.initiator() ? fromResponder : fromInitiator;
        this.firstCounter = firstCounter;
        this.counter = lastCounter;
    }

    /** The sealed message behind its counter, or null if all counters have been used. */
    @Nullable Bytes seal(Bytes message) {
        if (counter + 1 == firstCounter) {
            return null;
        }
        counter++;
        // Not u64, which holds only what a JavaScript number can.
        Bytes number = new WireWriter(COUNTER_BYTES).u32(counter).u32(counter >>> 32).toBytes();
        Bytes box = SecretBox.seal(sendKey, Bytes.concat(number, NONCE_TAIL), message);
        return Bytes.concat(number, box);
    }

    /**
     * The message in an envelope of the peer.
     *
     * @throws MalformedException if it is not one, or one that came before
     */
    Bytes open(Bytes envelope) throws MalformedException {
        if (envelope.length() < OVERHEAD_BYTES) {
            throw new MalformedException("unordered message of " + envelope.length() + " bytes");
        }
        WireReader number = new WireReader(envelope);
        long at = number.u32() | number.u32() << 32;
        if (isOld(at)) {
            throw new MalformedException("unordered message that came before");
        }
        Bytes nonce = Bytes.concat(envelope.slice(0, COUNTER_BYTES), NONCE_TAIL);
        Bytes message = SecretBox.open(receiveKey, nonce, envelope.slice(COUNTER_BYTES));
        take(at);
        return message;
    }

    private boolean isOld(long at) {
        long behind = newest - at;
        return opened && behind >= 0 && (behind >= WINDOW || (taken >>> behind & 1) != 0);
    }

    private void take(long at) {
        long ahead = at - newest;
        latest = !opened || ahead > 0;
        if (!opened || ahead >= WINDOW) {
            taken = 1;
        } else if (ahead > 0) {
            taken = taken << ahead | 1;
        } else {
            taken |= 1L << -ahead;
        }
        newest = opened && ahead < 0 ? newest : at;
        opened = true;
    }

    /** Whether the message opened last was sealed after all that were opened before. */
    boolean openedLatest() {
        return latest;
    }

    /** What seals and what opens; for tests. */
    List<Bytes> keys() {
        return List.of(sendKey, receiveKey);
    }

    private static Bytes key(Session session, Bytes senderRole) {
        return Blake2b.keyed256(session.hash(), senderRole, Namespace.STREAM_SEND);
    }
}
