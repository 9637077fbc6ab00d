package dev.keyhole.transport.stream;

import dev.keyhole.transport.crypto.Blake2b;
import dev.keyhole.transport.crypto.SecretBox;
import dev.keyhole.transport.identity.Namespace;
import dev.keyhole.transport.noise.Session;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireWriter;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * The boxes of messages that travel outside the order of a stream ({@code docs/protocol.md},
 * "Unordered messages of a secret stream").
 *
 * <p>Each is sealed alone, so the network may lose, reorder and repeat them; only what they say is
 * protected.
 */
final class Unordered {

    static final int COUNTER_BYTES = 8;
    static final int OVERHEAD_BYTES = COUNTER_BYTES + SecretBox.OVERHEAD_BYTES;

    private static final Bytes NONCE_TAIL =
            Bytes.wrap(new byte[SecretBox.NONCE_BYTES - COUNTER_BYTES]);

    private final Bytes sendKey;
    private final Bytes receiveKey;
    private final long firstCounter;
    private long counter;
    private boolean opened;
    private long latest;

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
     * @throws MalformedException if it is not one
     */
    Bytes open(Bytes envelope) throws MalformedException {
        if (envelope.length() < OVERHEAD_BYTES) {
            throw new MalformedException("unordered message of " + envelope.length() + " bytes");
        }
        Bytes nonce = Bytes.concat(envelope.slice(0, COUNTER_BYTES), NONCE_TAIL);
        return SecretBox.open(receiveKey, nonce, envelope.slice(COUNTER_BYTES));
    }

    /**
     * Notes an envelope that was opened.
     *
     * @return whether it was sealed after all that were noted before; a repetition never was
     */
    boolean isLatest(Bytes envelope) {
        long number = 0;
        for (int i = COUNTER_BYTES - 1; i >= 0; i--) {
            number = number << 8 | envelope.unsignedAt(i);
        }
        if (opened && number - latest <= 0) {
            return false;
        }
        opened = true;
        latest = number;
        return true;
    }

    /** What seals and what opens; for tests. */
    List<Bytes> keys() {
        return List.of(sendKey, receiveKey);
    }

    private static Bytes key(Session session, Bytes senderRole) {
        return Blake2b.keyed256(session.hash(), senderRole, Namespace.STREAM_SEND);
    }
}
