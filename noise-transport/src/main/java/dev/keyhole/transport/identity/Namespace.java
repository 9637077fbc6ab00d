package dev.keyhole.transport.identity;

import dev.keyhole.transport.crypto.Blake2b;
import dev.keyhole.transport.wire.Bytes;

/** 32 bytes that keep one use of a hash or a signature apart from all others. */
public final class Namespace {

    public static final Bytes STREAM_INITIATOR = entry("hyperswarm/secret-stream", 0);
    public static final Bytes STREAM_RESPONDER = entry("hyperswarm/secret-stream", 1);
    public static final Bytes STREAM_SEND = entry("hyperswarm/secret-stream", 2);

    public static final Bytes PEER_HANDSHAKE = entry("hyperswarm/dht", 0);
    public static final Bytes PEER_HOLEPUNCH = entry("hyperswarm/dht", 1);
    public static final Bytes ANNOUNCE = entry("hyperswarm/dht", 4);
    public static final Bytes UNANNOUNCE = entry("hyperswarm/dht", 5);
    public static final Bytes MUTABLE_PUT = entry("hyperswarm/dht", 6);
    public static final Bytes PLUGIN = entry("hyperswarm/dht", 10);

    private Namespace() {}

    /** The entry with a number under a name. */
    public static Bytes entry(String name, int id) {
        return Blake2b.hash256(Blake2b.hash256(Bytes.utf8(name)), Bytes.of(id));
    }
}
