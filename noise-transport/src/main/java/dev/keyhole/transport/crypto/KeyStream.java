package dev.keyhole.transport.crypto;

/**
 * The ChaCha20 keystream (RFC 8439, section 2.4) under one key and nonce after another.
 *
 * <p>The first two blocks are handed out, since a secret stream makes an authenticator key and a
 * tag block of them; the third and all further ones meet the message.
 */
interface KeyStream {

    int KEY_BYTES = 32;
    int NONCE_BYTES = 12;
    int HEAD_BYTES = 128;

    /**
     * Starts anew, at block 0, and writes blocks 0 and 1 to the head.
     *
     * @param length how much is going to be passed to {@link #xor}
     */
    void begin(byte[] key, byte[] nonce, byte[] head, int length);

    /**
     * Turns a message into ciphertext or back; called once, with the length announced.
     *
     * <p>Source and target are the same place or do not overlap.
     */
    void xor(byte[] in, int inOffset, int length, byte[] out, int outOffset);

    /** Forgets the key. */
    void wipe();

    /** The fastest there is on this platform. */
    static KeyStream fastest() {
        KeyStream ofPlatform = PlatformKeyStream.ifFaster();
        return ofPlatform == null ? new LaneKeyStream() : ofPlatform;
    }
}
