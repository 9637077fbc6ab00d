package dev.keyhole.dht.holepunch;

import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;

/** How a peer's address looks from outside; on the wire called its firewall. */
public enum NatType {
    UNKNOWN(0),
    /** Anybody can reach it at the address others see. */
    OPEN(1),
    /** Everybody sees the same port, but it has to send first. */
    CONSISTENT(2),
    /** Each remote sees another port. */
    RANDOM(3);

    private static final NatType[] BY_CODE = values();

    private final int code;

    NatType(int code) {
        this.code = code;
    }

    /** A code this version does not know tells nothing. */
    public static NatType decode(WireReader reader) throws MalformedException {
        long code = reader.uint();
        return code < BY_CODE.length ? BY_CODE[(int) code] : UNKNOWN;
    }

    public void encode(WireWriter writer) {
        writer.uint(code);
    }
}
