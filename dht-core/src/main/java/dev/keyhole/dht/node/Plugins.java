package dev.keyhole.dht.node;

import dev.keyhole.dht.message.PluginRequest;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import java.util.HashMap;
import java.util.Map;

/** The extensions of the network that a node serves. */
final class Plugins {

    private final Map<Name, PluginHandler> handlers = new HashMap<>();

    private record Name(String plugin, long version) {}

    void add(String plugin, long version, PluginHandler handler) {
        if (handlers.putIfAbsent(new Name(plugin, version), handler) != null) {
            throw new IllegalStateException(
                    "plugin " + plugin + " is served in version " + version + " already");
        }
    }

    void remove(String plugin, long version) {
        handlers.remove(new Name(plugin, version));
    }

    /** Hands a request to its extension; for one that is not served here there is silence. */
    void handle(IncomingRequest request, long nowNanos) throws MalformedException {
        Bytes value = request.value();
        if (value == null) {
            return;
        }
        PluginRequest message = PluginRequest.decode(new WireReader(value));
        PluginHandler handler = handlers.get(new Name(message.plugin(), message.version()));
        if (handler != null) {
            handler.handle(message, request, nowNanos);
        }
    }
}
