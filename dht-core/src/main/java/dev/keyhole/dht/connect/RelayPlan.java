package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.dht.holepunch.Timers;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.wire.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * What one connection makes of a blind relay: when it is asked, and when it is let go ({@code
 * docs/protocol.md}, "Connecting through a relay").
 *
 * <p>It is asked when no way to the peer has proved to work within a second, or when there is none.
 * It is let go when the stream goes on without it and nothing comes through it any more.
 */
final class RelayPlan implements Relays.User {

    /** How much time a way without the relay has first. */
    static final long PATIENCE_NANOS = SECONDS.toNanos(1);

    /** How long nothing has come through the relay before it is let go. */
    static final long QUIET_NANOS = SECONDS.toNanos(5);

    /** How long a stream that ended may still have to answer for its end. */
    static final long LAST_WORD_NANOS = SECONDS.toNanos(15);

    private final Surroundings around;
    private final Choice choice;
    private final int streamId;
    private final Owner owner;
    private Timers.@Nullable Timer timer;
    private Relays.@Nullable Use use;
    private State state = State.PLANNED;

    /**
     * A relay that both sides know of.
     *
     * @param initiator whether we are the one who named it
     * @param limitNanos how long it has, once it is asked, to bring the other side
     */
    record Choice(PublicKey relay, boolean initiator, Bytes token, long limitNanos) {}

    private enum State {
        PLANNED,
        ASKED,
        PAIRED,
        OVER
    }

    /** The connection it belongs to. */
    interface Owner {

        /** The other side is there too. */
        void relayPaired(LocalSocket socket, Address relay, int relayStreamId, long nowNanos);

        /** It will not be there, or is no longer. */
        void relayLost(String why, long nowNanos);
    }

    /**
     * A plan that nothing is done about yet.
     *
     * @param streamId the id of our stream
     */
    RelayPlan(Surroundings around, Choice choice, int streamId, Owner owner) {
        this.around = around;
        this.choice = choice;
        this.streamId = streamId;
        this.owner = owner;
    }

    /** The relay to use if the peer has named one, or we have; the server's word counts first. */
    static @Nullable Choice choose(
            NoisePayload.@Nullable RelayThrough own,
            boolean haveOthers,
            NoisePayload.@Nullable RelayThrough servers) {
        if (servers != null) {
            return new Choice(servers.publicKey(), false, servers.token(), Relays.PAIRING_NANOS);
        }
        long limit = haveOthers ? Relays.PAIRING_WITH_OTHERS_NANOS : Relays.PAIRING_NANOS;
        return own == null ? null : new Choice(own.publicKey(), true, own.token(), limit);
    }

    /** Asks the relay in a second, unless that has proved unnecessary. */
    void askLater(long nowNanos) {
        if (state == State.PLANNED && timer == null) {
            timer = around.timers().at(nowNanos + PATIENCE_NANOS, this::ask);
        }
    }

    /** Asks the relay, unless that has been done. */
    void ask(long nowNanos) {
        if (state != State.PLANNED) {
            return;
        }
        cancelTimer();
        state = State.ASKED;
        use = around.relays().use(choice, streamId, this, nowNanos);
    }

    /** Whether it may yet come to a way through the relay. */
    boolean isPending() {
        return state == State.PLANNED || state == State.ASKED;
    }

    boolean isPaired() {
        return state == State.PAIRED;
    }

    /** Whether something came from the relay, which may be before its word that it forwards. */
    boolean isFrom(Address source) {
        return use != null && use.isFrom(source);
    }

    /** Has the stream go on without the relay, once nothing comes through it any more. */
    void outgrown(PeerStream stream, long nowNanos) {
        if (state != State.PAIRED) {
            end(nowNanos);
            return;
        }
        cancelTimer();
        timer = around.timers().at(nowNanos + PATIENCE_NANOS, now -> leave(stream, now));
    }

    /** Ends the use of the relay if it is quiet. */
    private void leave(PeerStream stream, long nowNanos) {
        timer = null;
        if (stream.path() == Path.RELAYED) {
            return;
        }
        long quietNanos = nowNanos - stream.relayHeardNanos();
        if (quietNanos >= QUIET_NANOS) {
            end(nowNanos);
        } else {
            timer = around.timers().at(nowNanos + PATIENCE_NANOS, now -> leave(stream, now));
        }
    }

    /** The stream has ended; its last word may be asked for again. */
    void endLater(long nowNanos) {
        if (state != State.PAIRED) {
            end(nowNanos);
            return;
        }
        cancelTimer();
        timer = around.timers().at(nowNanos + LAST_WORD_NANOS, this::end);
    }

    /** Lets the relay go; the owner hears nothing. */
    void end(long nowNanos) {
        cancelTimer();
        state = State.OVER;
        Relays.Use ended = use;
        if (ended != null) {
            use = null;
            ended.end(nowNanos);
        }
    }

    private void cancelTimer() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }

    @Override
    public void paired(LocalSocket socket, Address address, int relayStreamId, long nowNanos) {
        state = State.PAIRED;
        owner.relayPaired(socket, address, relayStreamId, nowNanos);
    }

    @Override
    public void lost(String why, long nowNanos) {
        cancelTimer();
        use = null;
        state = State.OVER;
        owner.relayLost(why, nowNanos);
    }
}
