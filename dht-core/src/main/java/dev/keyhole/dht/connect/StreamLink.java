package dev.keyhole.dht.connect;

import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.stream.Link;
import dev.keyhole.transport.wire.Bytes;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * A stream as a link, for users inside the node.
 *
 * @param now the time of the node, which is what its notices run at
 * @param notices where tasks go; unlike with a link of an application, only from the node's thread
 */
record StreamLink(PeerStream stream, LongSupplier now, Consumer<Runnable> notices) implements Link {

    @Override
    public PublicKey localPublicKey() {
        return stream.localPublicKey();
    }

    @Override
    public PublicKey remotePublicKey() {
        return stream.remotePublicKey();
    }

    @Override
    public Executor loop() {
        return notices::accept;
    }

    @Override
    public void start(Receiver receiver) {
        stream.start(receiver, now.getAsLong());
    }

    @Override
    public boolean write(Bytes message) {
        return stream.write(message, now.getAsLong());
    }

    @Override
    public void pause() {
        stream.pause(now.getAsLong());
    }

    @Override
    public void resume() {
        stream.resume(now.getAsLong());
    }

    @Override
    public void end() {
        stream.end(now.getAsLong());
    }

    @Override
    public void destroy(CloseReason reason) {
        stream.destroy(reason, now.getAsLong());
    }
}
