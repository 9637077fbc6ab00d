package dev.keyhole.model.text;

/** A chat template that cannot be read, or that refuses a conversation. */
public final class TemplateException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public TemplateException(String message) {
        super(message);
    }
}
