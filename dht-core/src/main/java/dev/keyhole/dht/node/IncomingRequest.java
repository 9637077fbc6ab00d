package dev.keyhole.dht.node;

import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.message.ErrorCode;
import dev.keyhole.dht.message.Request;
import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.wire.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * A request that somebody sent us, and the ways to answer it.
 *
 * <p>Answers leave through the socket the request came in on unless another one is named. Whoever
 * handles it keeps it for as long as it likes; answering twice is sending twice.
 */
public final class IncomingRequest {

    private final RpcNode node;
    private final LocalSocket socket;
    private final Address from;
    private final @Nullable NodeId id;
    private final Request request;

    IncomingRequest(
            RpcNode node, LocalSocket socket, Address from, @Nullable NodeId id, Request request) {
        this.node = node;
        this.socket = socket;
        this.from = from;
        this.id = id;
        this.request = request;
    }

    public LocalSocket socket() {
        return socket;
    }

    /** Who sent it, as far as the network says. */
    public Address from() {
        return from;
    }

    /** The sender's id, null if it has none or one that does not fit its address. */
    public @Nullable NodeId id() {
        return id;
    }

    public int tid() {
        return request.tid();
    }

    /** Our address as the sender knows it. */
    public Address to() {
        return request.to();
    }

    public Command command() {
        return request.command();
    }

    public @Nullable Bytes target() {
        return request.target();
    }

    public @Nullable Bytes value() {
        return request.value();
    }

    /** The token it carries, if any; an invalid one never gets this far. */
    public @Nullable Bytes token() {
        return request.token();
    }

    /** Answers with a token and with closer nodes. */
    public void reply(@Nullable Bytes value, long nowNanos) {
        node.reply(this, from, socket, true, true, 0, value, nowNanos);
    }

    /** Answers with neither token nor closer nodes. */
    public void replyBare(@Nullable Bytes value, long nowNanos) {
        node.reply(this, from, socket, false, false, 0, value, nowNanos);
    }

    /** Answers with closer nodes alone. */
    public void replyCloserNodes(long nowNanos) {
        node.reply(this, from, socket, false, true, 0, null, nowNanos);
    }

    /** Answers with an error, and with closer nodes. */
    public void replyError(ErrorCode error, long nowNanos) {
        boolean token = error == ErrorCode.INVALID_TOKEN;
        node.reply(this, from, socket, token, true, error.number(), null, nowNanos);
    }

    /** Sends a bare answer to somebody who is not the sender, but whose request this once was. */
    public void replyTo(Address asker, @Nullable Bytes value, LocalSocket through, long nowNanos) {
        node.reply(this, asker, through, false, false, 0, value, nowNanos);
    }

    /**
     * Passes this request on with another value. The transaction id stays, so that the answer finds
     * back to the one who asked first.
     */
    public void relay(@Nullable Bytes value, Address destination, LocalSocket through) {
        node.relay(request, value, destination, through);
    }
}
