package dev.keyhole.model.message;

/** Bytes from a peer that are not the message they should be; the text says where and why. */
public final class InvalidMessageException extends Exception {

    private static final long serialVersionUID = 1L;

    InvalidMessageException(String message) {
        super(message, null, false, false);
    }
}
