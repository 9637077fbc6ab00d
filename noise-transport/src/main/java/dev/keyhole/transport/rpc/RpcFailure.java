package dev.keyhole.transport.rpc;

/**
 * The peer said that a request failed; thrown into a response stream or an input, it says so to the
 * peer.
 *
 * <p>Carries no stack trace: the peer decides how many of these there are.
 */
public final class RpcFailure extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final String code;
    private final int errno;

    public RpcFailure(String message, String code, int errno) {
        super(message, null, false, false);
        this.code = code;
        this.errno = errno;
    }

    RpcFailure(RpcError error) {
        this(error.message(), error.code(), error.errno());
    }

    /** A symbolic name, empty when there is none. */
    public String code() {
        return code;
    }

    /** A number of the peer's operating system, 0 when there is none. */
    public int errno() {
        return errno;
    }
}
