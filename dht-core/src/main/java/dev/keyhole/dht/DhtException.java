package dev.keyhole.dht;

import dev.keyhole.dht.connect.ConnectFailure;
import dev.keyhole.dht.connect.Evidence;
import dev.keyhole.dht.message.ErrorCode;
import dev.keyhole.dht.query.QueryResult;
import dev.keyhole.dht.query.QueryResult.CommitOutcome;
import dev.keyhole.dht.query.QueryResult.QueryFailure;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Something asked of the DHT did not come about. The type says what, the message why, with what was
 * tried.
 */
public abstract sealed class DhtException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final String code;
    private final boolean retryable;
    private transient @Nullable Evidence evidence;

    private DhtException(
            String code, boolean retryable, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.code = code;
        this.retryable = retryable;
    }

    /** The code that other implementations of the network use for it, such as PEER_NOT_FOUND. */
    public String code() {
        return code;
    }

    /** Whether the same may succeed a little later without anybody changing anything. */
    public boolean retryable() {
        return retryable;
    }

    /** What an attempt to connect saw before it failed; empty for everything else. */
    public Optional<Evidence> evidence() {
        return Optional.ofNullable(evidence);
    }

    static DhtException of(ConnectFailure failure, PublicKey remote) {
        DhtException exception = typed(failure, remote);
        exception.evidence = failure.evidence();
        return exception;
    }

    private static DhtException typed(ConnectFailure failure, PublicKey remote) {
        String code = failure.cause().code();
        String text = failure.text();
        return switch (failure.cause()) {
            case NETWORK_UNREACHABLE -> new NetworkUnreachable(code, text);
            case PEER_NOT_FOUND -> new PeerNotFound(code, text, remote);
            case PEER_CONNECTION_FAILED -> new PeerUnreachable(code, text, remote);
            case HANDSHAKE_INVALID -> new HandshakeInvalid(code, text);
            case SERVER_ERROR -> new ServerError(code, text);
            case SERVER_INCOMPATIBLE -> new ServerIncompatible(code, text);
            case CANNOT_HOLEPUNCH,
                    HOLEPUNCH_ABORTED,
                    HOLEPUNCH_INVALID,
                    HOLEPUNCH_PROBE_TIMEOUT,
                    HOLEPUNCH_DOUBLE_RANDOMIZED_NATS,
                    REMOTE_ABORTED,
                    REMOTE_NOT_HOLEPUNCHING,
                    REMOTE_NOT_HOLEPUNCHABLE,
                    TRY_LATER,
                    RELAY_ABORTED,
                    PATH_DEAD ->
                    new NoPath(code, text, remote);
            case TIMED_OUT -> new TimedOut(code, text, remote);
            case CANCELLED -> new Closed(code, text);
            case SUSPENDED -> new Suspended();
        };
    }

    static DhtException of(QueryFailure failure, QueryResult result) {
        return switch (failure) {
            case TOO_FEW_NODES ->
                    new NetworkUnreachable(
                            "TOO_FEW_NODES", "no DHT node answered that could store anything");
            case REFUSED -> new Refused(result.commits());
            case CANCELLED -> new Closed("REQUEST_DESTROYED", "the walk was given up");
            case SUSPENDED -> new Suspended();
        };
    }

    /** None of the nodes that were to store something accepted it. */
    public static final class Refused extends DhtException {
        private static final long serialVersionUID = 1;

        Refused(List<CommitOutcome> outcomes) {
            super(codeOf(outcomes), false, "refused by every node: " + text(outcomes), null);
        }

        /** The reason most likely to be of interest, since it comes from a node that judged. */
        private static String codeOf(List<CommitOutcome> outcomes) {
            return outcomes.stream()
                    .map(outcome -> ErrorCode.of(outcome.error()))
                    .filter(code -> code != null && code != ErrorCode.OK)
                    .map(ErrorCode::name)
                    .findFirst()
                    .orElse("REQUEST_TIMEOUT");
        }

        private static String text(List<CommitOutcome> outcomes) {
            return outcomes.stream()
                    .map(
                            outcome ->
                                    outcome.node().from()
                                            + (outcome.failure() == null
                                                    ? " with error " + outcome.error()
                                                    : " by silence"))
                    .collect(Collectors.joining(", "));
        }
    }

    /** No node of the DHT answers, so nothing is known of any peer. */
    public static final class NetworkUnreachable extends DhtException {
        private static final long serialVersionUID = 1;

        NetworkUnreachable(String code, String message) {
            super(code, true, message, null);
        }

        NetworkUnreachable(List<String> bootstrap) {
            this(
                    "NETWORK_UNREACHABLE",
                    "no DHT node answers at "
                            + String.join(", ", bootstrap)
                            + ": is that right, and does the network let UDP through?");
        }
    }

    /** The DHT answers, but nobody has announced the key. */
    public static final class PeerNotFound extends DhtException {
        private static final long serialVersionUID = 1;

        private final transient PublicKey remote;

        PeerNotFound(String code, String message, PublicKey remote) {
            super(code, true, message, null);
            this.remote = remote;
        }

        public PublicKey remote() {
            return remote;
        }
    }

    /** The key is announced, but its owner is silent: gone, or denying us. */
    public static final class PeerUnreachable extends DhtException {
        private static final long serialVersionUID = 1;

        private final transient PublicKey remote;

        PeerUnreachable(String code, String message, PublicKey remote) {
            super(code, true, message, null);
            this.remote = remote;
        }

        public PublicKey remote() {
            return remote;
        }
    }

    /** The peer answered, but no way for packets was found; the code says how far it went. */
    public static final class NoPath extends DhtException {
        private static final long serialVersionUID = 1;

        private final transient PublicKey remote;

        NoPath(String code, String message, PublicKey remote) {
            super(code, true, message, null);
            this.remote = remote;
        }

        public PublicKey remote() {
            return remote;
        }
    }

    /** No handshake can be made with the key. */
    public static final class HandshakeInvalid extends DhtException {
        private static final long serialVersionUID = 1;

        HandshakeInvalid(String code, String message) {
            super(code, false, message, null);
        }
    }

    /** The peer answered that it will not, for instance since it has too many connections. */
    public static final class ServerError extends DhtException {
        private static final long serialVersionUID = 1;

        ServerError(String code, String message) {
            super(code, true, message, null);
        }
    }

    /** The peer speaks another version of the protocol. */
    public static final class ServerIncompatible extends DhtException {
        private static final long serialVersionUID = 1;

        ServerIncompatible(String code, String message) {
            super(code, false, message, null);
        }
    }

    /** It took longer than the caller was willing to wait. */
    public static final class TimedOut extends DhtException {
        private static final long serialVersionUID = 1;

        private final transient PublicKey remote;

        TimedOut(String code, String message, PublicKey remote) {
            super(code, true, message, null);
            this.remote = remote;
        }

        public PublicKey remote() {
            return remote;
        }
    }

    /** A socket could not be bound. */
    public static final class BindFailed extends DhtException {
        private static final long serialVersionUID = 1;

        private final transient Address address;

        BindFailed(Address address, Throwable cause) {
            super("EADDRINUSE", false, "cannot bind UDP " + address + ": " + why(cause), cause);
            this.address = address;
        }

        public Address address() {
            return address;
        }

        private static String why(Throwable cause) {
            String message = cause.getMessage();
            return message == null ? cause.toString() : message;
        }
    }

    /** This node serves the key already. */
    public static final class KeyPairInUse extends DhtException {
        private static final long serialVersionUID = 1;

        KeyPairInUse(PublicKey publicKey) {
            super("KEYPAIR_ALREADY_USED", false, "already listening on " + publicKey, null);
        }
    }

    /** The node is suspended: it is off the network until it is resumed. */
    public static final class Suspended extends DhtException {
        private static final long serialVersionUID = 1;

        Suspended() {
            super("SUSPENDED", true, "the DHT node is suspended until it is resumed", null);
        }
    }

    /** The node, or what was asked of it, was closed. */
    public static final class Closed extends DhtException {
        private static final long serialVersionUID = 1;

        Closed(String code, String message) {
            super(code, false, message, null);
        }

        Closed() {
            this("NODE_DESTROYED", "the DHT node is closed");
        }
    }
}
