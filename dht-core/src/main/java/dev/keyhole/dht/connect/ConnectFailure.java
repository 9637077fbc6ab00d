package dev.keyhole.dht.connect;

/**
 * Why a connection did not come about.
 *
 * @param text what was tried and what came of it, for a person
 * @param evidence the same in values
 */
public record ConnectFailure(Cause cause, String text, Evidence evidence) {

    /** The failure of an attempt that did not begin. */
    ConnectFailure(Cause cause, String text) {
        this(cause, text, Evidence.none());
    }

    /** The kinds of failure; those of the original keep its names. */
    public enum Cause {
        /** No node of the network answered, so nothing is known of the peer. */
        NETWORK_UNREACHABLE("PEER_NOT_FOUND"),
        /** The network answered, and no node knows the peer. */
        PEER_NOT_FOUND("PEER_NOT_FOUND"),
        /** Nodes know the peer, and it stays silent: it is gone, or its firewall denies us. */
        PEER_CONNECTION_FAILED("PEER_CONNECTION_FAILED"),
        /** The key is not one a handshake can be made with. */
        HANDSHAKE_INVALID("HANDSHAKE_INVALID"),
        SERVER_ERROR("SERVER_ERROR"),
        SERVER_INCOMPATIBLE("SERVER_INCOMPATIBLE"),
        /** The peer answered, and no path to it was found. */
        CANNOT_HOLEPUNCH("CANNOT_HOLEPUNCH"),
        HOLEPUNCH_ABORTED("HOLEPUNCH_ABORTED"),
        HOLEPUNCH_INVALID("HOLEPUNCH_INVALID"),
        HOLEPUNCH_PROBE_TIMEOUT("HOLEPUNCH_PROBE_TIMEOUT"),
        HOLEPUNCH_DOUBLE_RANDOMIZED_NATS("HOLEPUNCH_DOUBLE_RANDOMIZED_NATS"),
        REMOTE_ABORTED("REMOTE_ABORTED"),
        REMOTE_NOT_HOLEPUNCHING("REMOTE_NOT_HOLEPUNCHING"),
        REMOTE_NOT_HOLEPUNCHABLE("REMOTE_NOT_HOLEPUNCHABLE"),
        /** The peer, or we, already punch for as many others as may be done at a time. */
        TRY_LATER("REMOTE_ABORTED"),
        /** The blind relay cannot be reached, or does not bring the peer's packets. */
        RELAY_ABORTED("RELAY_ABORTED"),
        /** A path was agreed upon, and nothing came back over it. */
        PATH_DEAD("ETIMEDOUT"),
        /** The caller did not want to wait longer. */
        TIMED_OUT("ETIMEDOUT"),
        /** The caller let go, or the node was closed. */
        CANCELLED("NODE_DESTROYED"),
        /** The node is off the network until it is resumed. */
        SUSPENDED("SUSPENDED");

        private final String code;

        Cause(String code) {
            this.code = code;
        }

        /** What other implementations of the network call it. */
        public String code() {
            return code;
        }
    }
}
