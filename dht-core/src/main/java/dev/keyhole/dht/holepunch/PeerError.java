package dev.keyhole.dht.holepunch;

/** The error codes of handshake and holepunch payloads; others are errors too. */
public final class PeerError {

    public static final long NONE = 0;
    public static final long ABORTED = 1;
    public static final long VERSION_MISMATCH = 2;
    public static final long TRY_LATER = 3;

    private PeerError() {}
}
