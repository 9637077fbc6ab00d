package dev.keyhole.dht.connect;

/** Who wants to be connected. Hears exactly one of the two. */
public interface ConnectListener {

    /** The peer has proved its key. */
    void connected(PeerStream stream, long nowNanos);

    void failed(ConnectFailure failure, long nowNanos);

    /** A stream that was connected is over. */
    default void closed(PeerStream stream, long nowNanos) {}
}
