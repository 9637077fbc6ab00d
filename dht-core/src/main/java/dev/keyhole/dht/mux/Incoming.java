package dev.keyhole.dht.mux;

import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.List;

/** A channel that the peer has opened and we have not yet; what it says there waits. */
public final class Incoming {

    private final ChannelMux mux;
    private final Protocol protocol;
    private final int number;
    private final Bytes handshake;
    private final List<Early> early = new ArrayList<>();
    private int keptBytes;

    /** A message that came before anybody read the channel. */
    record Early(long type, Bytes message) {}

    Incoming(ChannelMux mux, Protocol protocol, int number, Bytes handshake) {
        this.mux = mux;
        this.protocol = protocol;
        this.number = number;
        this.handshake = handshake;
    }

    public Protocol protocol() {
        return protocol;
    }

    /** What the peer said when it opened the channel. */
    public Bytes handshake() {
        return handshake;
    }

    /**
     * Opens the channel here too.
     *
     * @throws IllegalStateException if that has been decided already
     */
    public Channel accept(Bytes ownHandshake, Channel.Listener listener) {
        return mux.accept(this, ownHandshake, listener);
    }

    /** Turns it down; harmless when it has been decided already. */
    public void reject() {
        mux.reject(this);
    }

    int number() {
        return number;
    }

    List<Early> early() {
        return early;
    }

    void keep(Early message) {
        early.add(message);
    }

    int keptBytes() {
        return keptBytes;
    }

    void count(int bytes) {
        keptBytes += bytes;
    }
}
