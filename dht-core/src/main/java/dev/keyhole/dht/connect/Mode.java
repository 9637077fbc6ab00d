package dev.keyhole.dht.connect;

import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;

/**
 * Which leg of its way a handshake or holepunch message is on ({@code docs/protocol.md}, "Carrying
 * handshakes").
 */
public enum Mode {
    /** From the client to the first node. */
    FROM_CLIENT(0),
    /** From the server to the node that will answer the client. */
    FROM_SERVER(1),
    /** From a node to the server, or to a second relay. */
    FROM_RELAY(2),
    /** From a second relay to the server. */
    FROM_SECOND_RELAY(3),
    /** The answer to the client. */
    REPLY(4);

    private static final Mode[] BY_CODE = values();

    private final int code;

    Mode(int code) {
        this.code = code;
    }

    static Mode decode(WireReader reader) throws MalformedException {
        return BY_CODE[reader.uint(BY_CODE.length - 1, "mode")];
    }

    void encode(WireWriter writer) {
        writer.uint(code);
    }
}
