package dev.keyhole.dht.connect;

/** What became of the handshakes a server was sent. */
public final class ServerCounters {

    long handshakes;
    long repeated;
    long tooShort;
    long overLimit;
    long replayed;
    long toldToTryLater;
    long undecryptable;
    long denied;
    long answeredWithError;
    long abandoned;
    long connections;

    /** Distinct handshakes that were looked into. */
    public long handshakes() {
        return handshakes;
    }

    /** Copies of handshakes that had been seen. */
    public long repeated() {
        return repeated;
    }

    /** Messages too short to be a handshake. */
    public long tooShort() {
        return tooShort;
    }

    /** Handshakes dropped unread because too many were under way. */
    public long overLimit() {
        return overLimit;
    }

    /** Copies of handshakes that came when the server had long been done with them. */
    public long replayed() {
        return replayed;
    }

    /** Clients that were told to punch later, since another punch guesses ports. */
    public long toldToTryLater() {
        return toldToTryLater;
    }

    /** Handshakes that were not made for this server. */
    public long undecryptable() {
        return undecryptable;
    }

    /** Handshakes of peers that the firewall turned away. */
    public long denied() {
        return denied;
    }

    /** Handshakes answered with an error: another version, no stream, or too many connections. */
    public long answeredWithError() {
        return answeredWithError;
    }

    /** Handshakes whose client never came. */
    public long abandoned() {
        return abandoned;
    }

    /** Connections whose peer proved its key. */
    public long connections() {
        return connections;
    }
}
