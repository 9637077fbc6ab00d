package dev.keyhole.dht.connect;

import dev.keyhole.dht.connect.RelayDecision.Serve;
import dev.keyhole.dht.holepunch.HolepunchPayload;
import dev.keyhole.dht.holepunch.HolepunchTokens;
import dev.keyhole.dht.holepunch.NatType;
import dev.keyhole.dht.holepunch.PeerError;
import dev.keyhole.dht.holepunch.Puncher;
import dev.keyhole.dht.holepunch.SecurePayload;
import dev.keyhole.dht.node.IncomingRequest;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.noise.Session;
import dev.keyhole.transport.wire.Bytes;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The server's side of punching, for one handshake ({@code docs/protocol.md}, "Punching, the
 * server").
 *
 * <p>The client asks, the server answers through the relay, from the socket it punches with. Tokens
 * are given, and believed, only through relays of the server's own choice.
 */
final class ServerPunch implements Puncher.Owner {

    private final Surroundings around;
    private final Announcer announcer;
    private final Owner owner;
    private final PublicKey client;
    private final SecurePayload secure;
    private final HolepunchTokens tokens;
    private final Puncher puncher;
    private long round;

    /** The handshake it belongs to. */
    interface Owner {

        /** The socket to answer the handshake from is there, or null if it cannot be had. */
        void punchSocket(@Nullable LocalSocket socket, long nowNanos);

        /** The client is punching: from here on the strategy sets the time. */
        void punching(long nowNanos);

        /** The client is told to come again when no other punch guesses ports. */
        default void toldToTryLater() {}

        /** It will not come to a connection this way. */
        void punchFailed(long nowNanos);
    }

    ServerPunch(
            Surroundings around,
            Announcer announcer,
            Session session,
            NatType clientType,
            Owner owner) {
        this.around = around;
        this.announcer = announcer;
        this.owner = owner;
        this.client = session.remotePublicKey();
        this.secure = SecurePayload.of(session);
        this.tokens =
                new HolepunchTokens(Bytes.random(around.entropy(), HolepunchTokens.SECRET_BYTES));
        this.puncher =
                new Puncher(
                        around.rpc(),
                        around.timers(),
                        around.punchSockets(),
                        around.randomPunches(),
                        around.entropy(),
                        false,
                        false,
                        clientType,
                        this);
    }

    void open(long nowNanos) {
        puncher.open(nowNanos);
    }

    void destroy(long nowNanos) {
        puncher.destroy(nowNanos);
    }

    /** Takes in a message of the client's, and answers when the own NAT is known. */
    void take(Serve serve, IncomingRequest request, long nowNanos) {
        HolepunchPayload payload = secure.open(serve.message());
        if (payload == null || puncher.isOver()) {
            return;
        }
        if (payload.error() != PeerError.NONE) {
            round = Math.max(round, payload.round());
            abort(serve, request, PeerError.ABORTED, nowNanos);
            return;
        }
        boolean ownRelay = announcer.isRelay(request.from());
        Bytes token = tokens.tokenFor(serve.client());
        Bytes echo = payload.remoteToken();
        boolean echoed = ownRelay && echo != null && token.equalsInConstantTime(echo);
        if (request.socket().equals(puncher.socket())) {
            puncher.sample(request.to(), request.from(), nowNanos);
        }
        if (payload.round() >= round) {
            round = payload.round();
            puncher.remote(
                    payload.punching(),
                    payload.firewall(),
                    payload.addresses(),
                    serve.client(),
                    echoed);
        }
        Exchange exchange = new Exchange(serve, request, payload, ownRelay ? token : null);
        puncher.analyze(false, exchange::looked, nowNanos);
    }

    /** One message on its way to its answer. */
    private final class Exchange {

        private final Serve serve;
        private final IncomingRequest request;
        private final HolepunchPayload payload;
        private final @Nullable Bytes token;

        private Exchange(
                Serve serve,
                IncomingRequest request,
                HolepunchPayload payload,
                @Nullable Bytes token) {
            this.serve = serve;
            this.request = request;
            this.payload = payload;
            this.token = token;
        }

        private void looked(boolean stable, long nowNanos) {
            if (puncher.isRemotePunching() || stable) {
                goOn(nowNanos);
            } else {
                puncher.analyze(true, this::lookedAgain, nowNanos);
            }
        }

        private void lookedAgain(boolean stable, long nowNanos) {
            if (stable) {
                goOn(nowNanos);
            } else {
                abort(serve, request, PeerError.ABORTED, nowNanos);
            }
        }

        private void goOn(long nowNanos) {
            if (puncher.isOver()) {
                return;
            }
            if (clientHasSpokenToUs()) {
                puncher.probe(serve.client());
            }
            if (puncher.isRemotePunching() && !punch(nowNanos)) {
                return;
            }
            NatType own = puncher.nat().type();
            if (own != NatType.UNKNOWN) {
                puncher.nat().freeze();
            }
            LocalSocket socket = puncher.socket();
            answer(
                    serve,
                    request,
                    new HolepunchPayload(
                            PeerError.NONE,
                            own,
                            round,
                            false,
                            puncher.isPunching(),
                            puncher.nat().addresses(),
                            null,
                            token,
                            payload.token()),
                    socket == null ? around.rpc().mainSocket() : socket,
                    nowNanos);
        }

        /** Whether the client sent a probe to where we are, so that its NAT lets ours in. */
        private boolean clientHasSpokenToUs() {
            Address spokenTo = payload.remoteAddress();
            List<Address> ours = puncher.nat().addresses();
            return spokenTo != null && ours != null && ours.contains(spokenTo);
        }

        private boolean punch(long nowNanos) {
            if (puncher.isPunching()) {
                return true;
            }
            if (puncher.needsGuessing() && around.randomPunches().mustWait(client, nowNanos)) {
                owner.toldToTryLater();
                abort(serve, request, PeerError.TRY_LATER, nowNanos);
                return false;
            }
            if (!puncher.punch(nowNanos)) {
                abort(serve, request, PeerError.ABORTED, nowNanos);
                return false;
            }
            owner.punching(nowNanos);
            return true;
        }
    }

    private void abort(Serve serve, IncomingRequest request, long error, long nowNanos) {
        if (puncher.isOver()) {
            return;
        }
        answer(
                serve,
                request,
                HolepunchPayload.ofError(error, round),
                around.rpc().mainSocket(),
                nowNanos);
        puncher.destroy(nowNanos);
        owner.punchFailed(nowNanos);
    }

    private void answer(
            Serve serve,
            IncomingRequest request,
            HolepunchPayload payload,
            LocalSocket socket,
            long nowNanos) {
        serve.answerHolepunch(secure.seal(payload, around.entropy()))
                .carryOut(new Carrier(request, socket, nowNanos));
    }

    @Override
    public void opened(LocalSocket socket, long nowNanos) {
        owner.punchSocket(socket, nowNanos);
    }

    @Override
    public void punched(LocalSocket socket, Address peer, long nowNanos) {
        throw new IllegalStateException("a server waits for the stream, not for a probe");
    }

    @Override
    public void exhausted(long nowNanos) {
        owner.punchSocket(null, nowNanos);
        owner.punchFailed(nowNanos);
    }
}
