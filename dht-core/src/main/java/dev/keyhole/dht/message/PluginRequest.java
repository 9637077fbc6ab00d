package dev.keyhole.dht.message;

import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import org.jspecify.annotations.Nullable;

/**
 * The body of a request to an extension of the network.
 *
 * @param plugin the name of the extension
 * @param version its version, which has to be the same on both sides
 * @param command what the extension is asked for, a number of its own
 */
public record PluginRequest(String plugin, long version, long command, @Nullable Bytes value) {

    private static final int VALUE = 1;

    public static PluginRequest decode(WireReader reader) throws MalformedException {
        String plugin = reader.string();
        long version = reader.uint();
        long command = reader.uint();
        long flags = reader.uint();
        Bytes value = (flags & VALUE) == 0 ? null : reader.buffer();
        return new PluginRequest(plugin, version, command, value);
    }

    public void encode(WireWriter writer) {
        writer.string(plugin).uint(version).uint(command).uint(value == null ? 0 : VALUE);
        if (value != null) {
            writer.buffer(value);
        }
    }

    public Bytes toBytes() {
        WireWriter writer = new WireWriter(64);
        encode(writer);
        return writer.toBytes();
    }
}
