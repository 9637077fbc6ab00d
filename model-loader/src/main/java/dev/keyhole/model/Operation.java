package dev.keyhole.model;

import java.util.Optional;

/** What a model can be asked, with the name that the operation has on the wire. */
public enum Operation {
    COMPLETION("completionStream"),
    EMBED("embed"),
    TRANSCRIBE("transcribe"),
    TRANSLATE("translate");

    private final String wireName;

    Operation(String wireName) {
        this.wireName = wireName;
    }

    public String wireName() {
        return wireName;
    }

    /** The operation of that name; empty for one that a newer or different peer offers. */
    public static Optional<Operation> ofWireName(String name) {
        for (Operation operation : values()) {
            if (operation.wireName.equals(name)) {
                return Optional.of(operation);
            }
        }
        return Optional.empty();
    }
}
