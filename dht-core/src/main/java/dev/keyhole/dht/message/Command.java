package dev.keyhole.dht.message;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a request asks for: a number in one of two spaces.
 *
 * <p>A number nobody has heard of is carried on and answered with {@link
 * ErrorCode#UNKNOWN_COMMAND}.
 *
 * @param internal whether the number belongs to {@link Internal}, otherwise to {@link External}
 */
public record Command(boolean internal, long number) {

    public static final Command PING = of(Internal.PING);
    public static final Command PING_NAT = of(Internal.PING_NAT);
    public static final Command FIND_NODE = of(Internal.FIND_NODE);
    public static final Command DOWN_HINT = of(Internal.DOWN_HINT);
    public static final Command DELAYED_PING = of(Internal.DELAYED_PING);

    public static final Command PEER_HANDSHAKE = of(External.PEER_HANDSHAKE);
    public static final Command PEER_HOLEPUNCH = of(External.PEER_HOLEPUNCH);
    public static final Command FIND_PEER = of(External.FIND_PEER);
    public static final Command LOOKUP = of(External.LOOKUP);
    public static final Command ANNOUNCE = of(External.ANNOUNCE);
    public static final Command UNANNOUNCE = of(External.UNANNOUNCE);
    public static final Command MUTABLE_PUT = of(External.MUTABLE_PUT);
    public static final Command MUTABLE_GET = of(External.MUTABLE_GET);
    public static final Command IMMUTABLE_PUT = of(External.IMMUTABLE_PUT);
    public static final Command IMMUTABLE_GET = of(External.IMMUTABLE_GET);
    public static final Command PLUGIN = of(External.PLUGIN);

    /** The commands that keep the network itself together. */
    public enum Internal {
        PING(0),
        PING_NAT(1),
        FIND_NODE(2),
        DOWN_HINT(3),
        DELAYED_PING(4);

        private final int number;

        Internal(int number) {
            this.number = number;
        }
    }

    /** The commands the network exists for. */
    public enum External {
        PEER_HANDSHAKE(0),
        PEER_HOLEPUNCH(1),
        FIND_PEER(2),
        LOOKUP(3),
        ANNOUNCE(4),
        UNANNOUNCE(5),
        MUTABLE_PUT(6),
        MUTABLE_GET(7),
        IMMUTABLE_PUT(8),
        IMMUTABLE_GET(9),
        PLUGIN(10);

        private final int number;

        External(int number) {
            this.number = number;
        }
    }

    public static Command of(Internal command) {
        return new Command(true, command.number);
    }

    public static Command of(External command) {
        return new Command(false, command.number);
    }

    /** The internal command with this number, or null if it is external or unknown. */
    public @Nullable Internal asInternal() {
        for (Internal command : Internal.values()) {
            if (internal && command.number == number) {
                return command;
            }
        }
        return null;
    }

    /** The external command with this number, or null if it is internal or unknown. */
    public @Nullable External asExternal() {
        for (External command : External.values()) {
            if (!internal && command.number == number) {
                return command;
            }
        }
        return null;
    }

    @Override
    public String toString() {
        Enum<?> known = internal ? asInternal() : asExternal();
        if (known != null) {
            return known.name().toLowerCase(Locale.ROOT);
        }
        return (internal ? "internal command " : "command ") + number;
    }
}
