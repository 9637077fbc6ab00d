package dev.keyhole.dht.message;

import org.jspecify.annotations.Nullable;

/** Why a node refused a request ({@code docs/protocol.md}, "Error codes"). */
public enum ErrorCode {
    OK(0),
    UNKNOWN_COMMAND(1),
    INVALID_TOKEN(2),
    SEQ_REUSED(16),
    SEQ_TOO_LOW(17);

    private final int number;

    ErrorCode(int number) {
        this.number = number;
    }

    /** The code with this number, or null if it has no name. */
    public static @Nullable ErrorCode of(long number) {
        for (ErrorCode code : values()) {
            if (code.number == number) {
                return code;
            }
        }
        return null;
    }

    public int number() {
        return number;
    }
}
