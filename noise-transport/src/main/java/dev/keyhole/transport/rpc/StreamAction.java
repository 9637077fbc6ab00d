package dev.keyhole.transport.rpc;

import org.jspecify.annotations.Nullable;

/**
 * The one thing that a stream frame does.
 *
 * <p>In the order in which the original looks for them, should a frame have several bits.
 */
public enum StreamAction {
    /** The receiver made its end of the stream. */
    OPEN(0x01),
    /** The sender let go, because of an error if there is one. */
    CLOSE(0x02),
    /** The receiver wants no more data for now. */
    PAUSE(0x04),
    /** The receiver wants more data. */
    RESUME(0x08),
    DATA(0x10),
    /** The sender has no more data. */
    END(0x20),
    /** The receiver let go, because of an error if there is one. */
    DESTROY(0x40);

    static final int ERROR_BIT = 0x80;

    final int bit;

    StreamAction(int bit) {
        this.bit = bit;
    }

    static @Nullable StreamAction of(long bits) {
        for (StreamAction action : values()) {
            if ((bits & action.bit) != 0) {
                return action;
            }
        }
        return null;
    }
}
