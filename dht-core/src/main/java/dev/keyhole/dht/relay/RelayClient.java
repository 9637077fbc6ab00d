package dev.keyhole.dht.relay;

import dev.keyhole.dht.mux.Channel;
import dev.keyhole.dht.mux.ChannelMux;
import dev.keyhole.transport.stream.Link;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The asking side of a blind relay, for any number of streams over one connection with it ({@code
 * docs/protocol.md}, "Blind relay").
 */
public final class RelayClient {

    private final ChannelMux mux;
    private final Runnable onClosed;
    private final Map<Bytes, Request> requests = new HashMap<>();
    private @Nullable Channel channel;
    private boolean closed;

    /** Who wants a stream relayed. */
    public interface Asker {

        /** The relay has both halves. Packets for the other side carry this id. */
        void paired(int relayStreamId);

        /** The relay is gone, or wants no more of it. */
        void lost();
    }

    /** One stream that is, or is to be, relayed. */
    private static final class Request {

        private final boolean initiator;
        private final Asker asker;
        private boolean answered;

        private Request(boolean initiator, Asker asker) {
            this.initiator = initiator;
            this.asker = asker;
        }
    }

    /**
     * Opens the channel with a relay.
     *
     * @param onClosed runs once when it is over, after everybody who asked was told
     */
    public RelayClient(Link link, Runnable onClosed) {
        this.mux = new ChannelMux(link);
        this.onClosed = onClosed;
    }

    /** Begins to speak. */
    public void start() {
        channel =
                mux.open(BlindRelay.channelOf(mux.link().localPublicKey()), Bytes.EMPTY, events());
        mux.start();
    }

    /**
     * Asks for a stream to be joined with that of whoever names the same token.
     *
     * @param initiator whether we are the one who chose the relay
     * @param streamId the id of our stream
     */
    public void pair(boolean initiator, Bytes token, int streamId, Asker asker) {
        if (requests.containsKey(token)) {
            throw new IllegalArgumentException("a token is used once");
        }
        if (closed || channel == null) {
            asker.lost();
            return;
        }
        requests.put(token, new Request(initiator, asker));
        channel.send(PairMessage.TYPE, new PairMessage(initiator, token, streamId, 0).encode());
    }

    /** Takes back a request, or ends what came of it; the asker hears no more. */
    public void unpair(Bytes token) {
        if (requests.remove(token) != null && channel != null) {
            channel.send(UnpairMessage.TYPE, new UnpairMessage(token).encode());
        }
    }

    /** Streams that are relayed or are to be. */
    public int requests() {
        return requests.size();
    }

    public boolean isClosed() {
        return closed;
    }

    /** Ends the channel and the connection with the relay, in good order. */
    public void close() {
        if (channel != null) {
            channel.close();
        }
    }

    private Channel.Listener events() {
        return new Channel.Listener() {
            @Override
            public void opened(Channel opened, Bytes handshake) {}

            @Override
            public void message(int type, Bytes message) throws MalformedException {
                if (type == PairMessage.TYPE) {
                    answered(PairMessage.decode(message));
                } else if (type == UnpairMessage.TYPE) {
                    // Whoever relays may stop to; it need not tell, and cannot take back.
                    UnpairMessage.decode(message);
                }
            }

            @Override
            public void closed(boolean byPeer) {
                end();
            }
        };
    }

    private void answered(PairMessage message) {
        Request request = requests.get(message.token());
        if (request != null && request.initiator == message.initiator() && !request.answered) {
            request.answered = true;
            request.asker.paired(message.streamId());
        }
    }

    private void end() {
        closed = true;
        List<Request> open = List.copyOf(requests.values());
        requests.clear();
        open.forEach(request -> request.asker.lost());
        mux.link().end();
        onClosed.run();
    }
}
