package dev.keyhole.transport.stream;

/** Sizes of what a secret stream puts around a message. */
public final class Frames {

    /** Bytes of the length in front of each frame. */
    public static final int LENGTH_BYTES = 3;

    /** The largest frame body that the length can say. */
    public static final int MAX_BODY = (1 << 24) - 1;

    /** What encryption adds to a message: a tag byte and a MAC. */
    public static final int OVERHEAD = 17;

    /** The largest message one frame can carry. */
    public static final int MAX_MESSAGE = MAX_BODY - OVERHEAD;

    private Frames() {}
}
