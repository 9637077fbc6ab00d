package dev.keyhole.dht;

import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.wire.Bytes;

/** A value in the network that belongs to a key, with the key's signature, which was checked. */
public record StoredValue(PublicKey publicKey, long seq, Bytes value, Bytes signature) {}
