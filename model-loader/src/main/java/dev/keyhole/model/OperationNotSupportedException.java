package dev.keyhole.model;

import java.util.Set;
import java.util.stream.Collectors;

/** The model does not offer what it was asked. */
public final class OperationNotSupportedException extends DelegationException {

    private static final long serialVersionUID = 1L;

    public OperationNotSupportedException(String message) {
        super(message);
    }

    public OperationNotSupportedException(
            String modelId, Operation operation, Set<Operation> offered) {
        super(
                "model \""
                        + modelId
                        + "\" does not offer "
                        + operation.wireName()
                        + "; it offers "
                        + offered.stream()
                                .sorted()
                                .map(Operation::wireName)
                                .collect(Collectors.joining(", ", "[", "]")));
    }

    @Override
    public boolean retryable() {
        return false;
    }
}
