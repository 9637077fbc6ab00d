package dev.keyhole.model;

import java.util.Optional;

/** Why an answer ended, with its name on the wire. */
public enum StopReason {
    /** The model said that it was done. */
    EOS("eos"),
    /** The budget of tokens, or the context, was used up. */
    LENGTH("length"),
    /** One of the request's stop sequences came. */
    STOP_SEQUENCE("stopSequence"),
    CANCELLED("cancelled"),
    ERROR("error");

    private final String wireName;

    StopReason(String wireName) {
        this.wireName = wireName;
    }

    public String wireName() {
        return wireName;
    }

    public static Optional<StopReason> ofWireName(String name) {
        for (StopReason reason : values()) {
            if (reason.wireName.equals(name)) {
                return Optional.of(reason);
            }
        }
        return Optional.empty();
    }
}
