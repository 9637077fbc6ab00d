package dev.keyhole.transport.net;

/**
 * A protocol participant with no socket, no thread and no clock.
 *
 * <p>Its owner feeds it one input, drains it, and sleeps until the deadline or the next input. Time
 * is nanoseconds since the owner started and never runs backwards. One thread owns a machine for
 * life.
 */
public interface Machine {

    /** The deadline of a machine that waits for nothing but input. */
    long NEVER = Long.MAX_VALUE;

    /**
     * Takes in a datagram, whose bytes are lent for as long as this takes. A malformed one is
     * counted and forgotten, never thrown.
     */
    void receive(Datagram datagram, long nowNanos);

    /** Takes in the answer to {@link Effects#open}: a socket is bound. */
    void opened(int request, LocalSocket socket, long nowNanos);

    /** Takes in the other answer to {@link Effects#open}: no socket could be bound. */
    void openFailed(int request, String why, long nowNanos);

    /** Acts on every deadline that has passed; harmless when none has. */
    void expire(long nowNanos);

    /** Hands out everything the inputs so far have caused. Must not be re-entered. */
    void drain(Effects effects, long nowNanos);

    /** When {@link #expire} is next worth calling, or {@link #NEVER}. */
    long deadlineNanos();
}
