package dev.keyhole.cli;

/** The user asked for something that cannot be meant; ends with status 2. */
final class UsageException extends RuntimeException {

    private static final long serialVersionUID = 1;

    UsageException(String message) {
        super(message);
    }
}
