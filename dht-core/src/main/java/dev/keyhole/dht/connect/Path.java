package dev.keyhole.dht.connect;

import java.util.Locale;

/** How the packets of a connection reach the peer. */
public enum Path {
    /** Straight to an address the peer can always be reached at. */
    DIRECT,
    /** Within one local network. */
    LAN,
    /** Through a hole that both sides opened in their NATs. */
    PUNCHED,
    /** Through a third peer that forwards them. */
    RELAYED;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
