package dev.keyhole.transport.crypto;

/**
 * What the encryption of one message is computed in, from the beginning of a call to its end.
 *
 * <p>It takes kilobytes, which thousands of idle streams would otherwise hold for nothing. So the
 * streams of a thread share one; what it holds between calls is nobody's key.
 */
final class Scratch {

    private static final ThreadLocal<Scratch> OF_THREAD =
            ThreadLocal.withInitial(() -> new Scratch(KeyStream.fastest()));

    final KeyStream keyStream;
    final Poly1305 poly = new Poly1305();
    final byte[] mac = new byte[Poly1305.TAG_BYTES];
    final byte[] lengths = new byte[16];

    /** The key of the authenticator, and from 64 on the block that hides the tag. */
    final byte[] head = new byte[KeyStream.HEAD_BYTES];

    Scratch(KeyStream keyStream) {
        this.keyStream = keyStream;
    }

    /** The one of this thread. */
    static Scratch ofThread() {
        return OF_THREAD.get();
    }

    void wipe() {
        keyStream.wipe();
        Secrets.wipe(mac, head);
    }
}
