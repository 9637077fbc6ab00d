package dev.keyhole.transport.noise;

import dev.keyhole.transport.wire.MalformedException;

/**
 * A handshake that cannot be completed: too short, a bad point, or not authentic.
 *
 * <p>Nothing is said to the peer about it. Carries no stack trace, since strangers cause it at will.
 */
public final class HandshakeException extends Exception {

    private static final long serialVersionUID = 1;

    public HandshakeException(String what) {
        super(what, null, false, false);
    }

    HandshakeException(MalformedException cause) {
        super(cause.getMessage(), cause, false, false);
    }
}
