package dev.keyhole.transport.stream;

/** Why something between two peers ended. */
public sealed interface CloseReason {

    /** What to tell a person. */
    String text();

    /** The code that other implementations of the network use for it; "-" for an orderly end. */
    String code();

    /** Both sides had said all they wanted to. */
    record Ended() implements CloseReason {
        @Override
        public String text() {
            return "ended by both sides";
        }

        @Override
        public String code() {
            return "-";
        }
    }

    /** This side let go. */
    record ByUs(String text) implements CloseReason {
        @Override
        public String code() {
            return "-";
        }
    }

    /** The peer let go before both directions had ended. */
    record ByPeer() implements CloseReason {
        @Override
        public String text() {
            return "connection reset by peer";
        }

        @Override
        public String code() {
            return "ECONNRESET";
        }
    }

    /** The peer stopped answering. */
    record TimedOut(String text) implements CloseReason {
        @Override
        public String code() {
            return "ETIMEDOUT";
        }
    }

    /** A firewall, the peer's or ours, does not want this connection. */
    record Refused(String text) implements CloseReason {
        @Override
        public String code() {
            return "ECONNREFUSED";
        }
    }

    /** There is no way to the peer, or none any more. */
    record Unreachable(String text) implements CloseReason {
        @Override
        public String code() {
            return "EHOSTUNREACH";
        }
    }

    /** The peer broke the protocol. */
    record Misbehaved(String text) implements CloseReason {
        @Override
        public String code() {
            return "EPROTO";
        }
    }
}
