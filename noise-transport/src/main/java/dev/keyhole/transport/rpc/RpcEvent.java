package dev.keyhole.transport.rpc;

import dev.keyhole.transport.wire.Bytes;

/** A piece of the answer to a request. */
public sealed interface RpcEvent {

    Bytes data();

    /** The whole answer. */
    record Reply(Bytes data) implements RpcEvent {}

    /** The next chunk of an answer that is a stream. */
    record Data(Bytes data) implements RpcEvent {}
}
