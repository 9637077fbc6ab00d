package dev.keyhole.transport.identity;

import dev.keyhole.transport.crypto.Blake2b;
import dev.keyhole.transport.crypto.Ed25519;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.util.Locale;

/**
 * The name of a peer: an Ed25519 public key.
 *
 * <p>Any 32 bytes can be held; whether they are a point of the curve shows when they are used.
 */
public record PublicKey(Bytes bytes) implements Comparable<PublicKey> {

    public static final int LENGTH = 32;

    private static final int HEX_DIGITS = 2 * LENGTH;

    public PublicKey {
        if (bytes.length() != LENGTH) {
            throw new IllegalArgumentException(
                    "a public key has " + LENGTH + " bytes, not " + bytes.length());
        }
    }

    /**
     * Reads 64 hex digits of either case, or 52 characters of z-base-32.
     *
     * @throws IllegalArgumentException if the text is neither; the message says what is wrong
     */
    public static PublicKey parse(String text) {
        String key = text.strip();
        return key.length() == ZBase32.CHARACTERS
                ? new PublicKey(ZBase32.decode(key.toLowerCase(Locale.ROOT)))
                : ofHex(key);
    }

    /**
     * Reads 64 hex digits of either case.
     *
     * @throws IllegalArgumentException if the text is not that; the message says what is wrong
     */
    public static PublicKey ofHex(String hex) {
        if (hex.length() != HEX_DIGITS) {
            throw new IllegalArgumentException(
                    "a public key has 64 hex digits or 52 characters of z-base-32, not "
                            + hex.length());
        }
        for (int i = 0; i < HEX_DIGITS; i++) {
            char digit = hex.charAt(i);
            if (digit > 'f' || Character.digit(digit, 16) < 0) {
                throw new IllegalArgumentException(
                        "character " + (i + 1) + " of the public key is not a hex digit: " + digit);
            }
        }
        return new PublicKey(Bytes.ofHex(hex));
    }

    public static PublicKey decode(WireReader reader) throws MalformedException {
        return new PublicKey(reader.bytes(LENGTH));
    }

    public void encode(WireWriter writer) {
        writer.bytes(bytes);
    }

    /** Where the network keeps what it knows of this key. */
    public Bytes target() {
        return Blake2b.hash256(bytes);
    }

    public boolean verify(Bytes message, Bytes signature) {
        return Ed25519.verify(bytes, message, signature);
    }

    public String toHex() {
        return bytes.toHex();
    }

    public String toZBase32() {
        return ZBase32.encode(bytes);
    }

    @Override
    public int compareTo(PublicKey other) {
        return bytes.compareTo(other.bytes);
    }

    /** 64 lower-case hex digits. */
    @Override
    public String toString() {
        return toHex();
    }
}
