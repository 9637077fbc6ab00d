package dev.keyhole.transport.rpc;

import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;

/**
 * A failure as it travels ({@code docs/protocol.md}, "Frames of an RPC connection").
 *
 * @param code a symbolic name, empty when there is none
 * @param errno a number of the sender's operating system, 0 when there is none
 */
public record RpcError(String message, String code, int errno) {

    public static RpcError of(String message) {
        return new RpcError(message, "", 0);
    }

    static RpcError decode(WireReader reader) throws MalformedException {
        String message = reader.string();
        String code = reader.string();
        long errno = reader.sint();
        return new RpcError(
                message,
                code,
                (int) Math.max(Integer.MIN_VALUE, Math.min(errno, Integer.MAX_VALUE)));
    }

    void encode(WireWriter writer) {
        writer.string(message).string(code).sint(errno);
    }
}
