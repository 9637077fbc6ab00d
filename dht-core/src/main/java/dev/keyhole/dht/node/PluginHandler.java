package dev.keyhole.dht.node;

import dev.keyhole.dht.message.PluginRequest;

/** What a storing node does for an extension of the network. */
@FunctionalInterface
public interface PluginHandler {

    /**
     * Takes a request that names the extension and its version. What to answer is the extension's
     * business, and so is whether; a token that comes along has been checked.
     *
     * @param message what is asked of the extension
     * @param request how to answer, and who asked
     */
    void handle(PluginRequest message, IncomingRequest request, long nowNanos);
}
