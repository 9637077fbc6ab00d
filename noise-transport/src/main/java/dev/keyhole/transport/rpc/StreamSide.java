package dev.keyhole.transport.rpc;

/** Which of the two streams of a request: the one that asks or the one that answers. */
public enum StreamSide {
    /** Written by who made the request. */
    REQUEST(0x100),
    /** Written by who answers it. */
    RESPONSE(0x200);

    final int bit;

    StreamSide(int bit) {
        this.bit = bit;
    }
}
