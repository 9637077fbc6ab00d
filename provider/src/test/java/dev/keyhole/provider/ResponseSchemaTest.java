package dev.keyhole.provider;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.Vectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

final class ResponseSchemaTest {

    @TestFactory
    Stream<DynamicTest> itsVerdictsAreThoseOfTheOriginal() {
        return Vectors.each(
                Vectors.load("delegation-schema", "responses"),
                vector ->
                        assertThat(ResponseSchema.accepts(vector.get("value")))
                                .as("%s", vector)
                                .isEqualTo(vector.get("accepted").asBoolean()));
    }
}
