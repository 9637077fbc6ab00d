package dev.keyhole.transport.noise;

import static dev.keyhole.transport.Vectors.hex;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.transport.wire.Bytes;

/** Compares a symmetric state with the original's, step by step. */
final class Trace {

    private final SymmetricState state;
    private final JsonNode steps;
    private int step;

    Trace(SymmetricState state, JsonNode steps) {
        this.state = state;
        this.steps = steps;
    }

    void next(String operation) {
        JsonNode expected = steps.get(step++);
        assertThat(expected.get("after").asText().strip()).isEqualTo(operation);
        assertThat(state.hash()).as(operation).isEqualTo(hex(expected, "h"));
        assertThat(state.chainingKey()).as(operation).isEqualTo(hex(expected, "ck"));
        assertThat(state.cipherKey())
                .as(operation)
                .isEqualTo(expected.get("k").isNull() ? Bytes.EMPTY : hex(expected, "k"));
        assertThat(state.counter()).as(operation).isEqualTo(expected.get("n").asInt());
    }

    void end() {
        assertThat(step).isEqualTo(steps.size());
    }
}
