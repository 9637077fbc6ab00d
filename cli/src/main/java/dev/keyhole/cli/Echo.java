package dev.keyhole.cli;

import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.stream.Link;
import dev.keyhole.transport.wire.Bytes;
import java.util.function.Consumer;

/** Sends everything back, no faster than the peer takes it. Runs on the link's loop. */
final class Echo implements Link.Receiver {

    private final Link link;
    private final Consumer<CloseReason> onClosed;

    private Echo(Link link, Consumer<CloseReason> onClosed) {
        this.link = link;
        this.onClosed = onClosed;
    }

    static void over(Link link, Consumer<CloseReason> onClosed) {
        link.start(new Echo(link, onClosed));
    }

    @Override
    public void message(Bytes message) {
        if (!link.write(message)) {
            link.pause();
        }
    }

    @Override
    public void writable() {
        link.resume();
    }

    @Override
    public void ended() {
        link.end();
    }

    @Override
    public void closed(CloseReason reason) {
        onClosed.accept(reason);
    }
}
