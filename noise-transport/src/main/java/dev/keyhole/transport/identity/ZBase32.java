package dev.keyhole.transport.identity;

import dev.keyhole.transport.wire.Bytes;

/** z-base-32 of the 32 bytes of a key: 52 characters, the last of which holds one bit. */
final class ZBase32 {

    static final int CHARACTERS = 52;

    private static final String ALPHABET = "ybndrfg8ejkmcpqxot1uwisza345h769";

    private ZBase32() {}

    static String encode(Bytes key) {
        StringBuilder text = new StringBuilder(CHARACTERS);
        int bits = 0;
        int held = 0;
        for (int i = 0; i < key.length(); i++) {
            bits = bits << 8 | key.unsignedAt(i);
            held += 8;
            while (held >= 5) {
                held -= 5;
                text.append(ALPHABET.charAt(bits >>> held & 31));
            }
            bits &= (1 << held) - 1;
        }
        if (held > 0) {
            text.append(ALPHABET.charAt(bits << (5 - held) & 31));
        }
        return text.toString();
    }

    static Bytes decode(String text) {
        byte[] key = new byte[PublicKey.LENGTH];
        int bits = 0;
        int held = 0;
        int length = 0;
        for (int i = 0; i < CHARACTERS; i++) {
            int value = ALPHABET.indexOf(text.charAt(i));
            if (value < 0) {
                throw new IllegalArgumentException(
                        "character "
                                + (i + 1)
                                + " of the public key is not z-base-32: "
                                + text.charAt(i));
            }
            bits = bits << 5 | value;
            held += 5;
            if (held >= 8) {
                held -= 8;
                key[length++] = (byte) (bits >>> held);
                bits &= (1 << held) - 1;
            }
        }
        if (bits != 0) {
            throw new IllegalArgumentException("the last character of the public key is wrong");
        }
        return Bytes.wrap(key);
    }
}
