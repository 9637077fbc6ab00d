package dev.keyhole.model;

/** Nobody here knows a model of that name, or it was unloaded. */
public final class ModelNotFoundException extends DelegationException {

    private static final long serialVersionUID = 1L;

    public ModelNotFoundException(String message) {
        super(message);
    }

    @Override
    public boolean retryable() {
        return false;
    }
}
