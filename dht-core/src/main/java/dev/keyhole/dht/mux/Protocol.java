package dev.keyhole.dht.mux;

import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import org.jspecify.annotations.Nullable;

/**
 * What a channel is for. Two channels meet when both say the same.
 *
 * @param id which one of many that speak the same protocol; empty counts as absent
 */
public record Protocol(String name, @Nullable Bytes id) {

    public Protocol {
        id = id == null || id.isEmpty() ? null : id;
    }

    public static Protocol of(String name) {
        return new Protocol(name, null);
    }

    static Protocol decode(WireReader reader) throws MalformedException {
        return new Protocol(reader.string(), reader.optionalBuffer());
    }

    void encode(WireWriter writer) {
        writer.string(name).optionalBuffer(id);
    }

    /** The protocol, whichever of its channels. */
    Protocol withoutId() {
        return id == null ? this : of(name);
    }
}
