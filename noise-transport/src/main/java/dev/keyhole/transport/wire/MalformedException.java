package dev.keyhole.transport.wire;

/**
 * Bytes from a peer that do not say what they should.
 *
 * <p>Carries no stack trace: it is thrown once per bad datagram, and a stranger decides how many of
 * those there are.
 */
public final class MalformedException extends Exception {

    private static final long serialVersionUID = 1;

    public MalformedException(String what) {
        super(what, null, false, false);
    }
}
