package dev.keyhole.dht.store;

import dev.keyhole.dht.message.Command;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * Somebody's wish to store or read.
 *
 * @param from who sent it; with a token, who provably did
 * @param token a valid one, or null
 */
public record StoreRequest(
        Command.External command,
        Address from,
        @Nullable Bytes target,
        @Nullable Bytes token,
        @Nullable Bytes value) {}
