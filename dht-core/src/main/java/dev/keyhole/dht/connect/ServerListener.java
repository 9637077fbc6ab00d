package dev.keyhole.dht.connect;

/** Who owns a server and hears of its clients. */
public interface ServerListener {

    /** A peer that the firewall admits has connected and proved its key. */
    void connection(PeerStream stream, long nowNanos);

    /** A round of announces is over; called for every round. */
    default void announced(int relays, long nowNanos) {}
}
