package dev.keyhole.dht.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class MessageVectorsTest {

    @TestFactory
    Stream<DynamicTest> pairMessagesAreThoseOfTheOriginal() {
        return Vectors.each(
                Vectors.load("dht-blind-relay", "pair"),
                vector -> {
                    Bytes wire = Vectors.hex(vector, "hex");
                    PairMessage message =
                            new PairMessage(
                                    vector.get("isInitiator").asBoolean(),
                                    Vectors.hex(vector, "token"),
                                    (int) vector.get("id").asLong(),
                                    vector.get("seq").asLong());

                    assertThat(message.encode()).isEqualTo(wire);
                    assertThat(PairMessage.decode(wire)).isEqualTo(message);
                    for (int cut = 0; cut < wire.length(); cut++) {
                        Bytes part = wire.slice(0, cut);
                        assertThatThrownBy(() -> PairMessage.decode(part))
                                .isInstanceOf(MalformedException.class);
                    }
                });
    }

    @TestFactory
    Stream<DynamicTest> unpairMessagesAreThoseOfTheOriginal() {
        return Vectors.each(
                Vectors.load("dht-blind-relay", "unpair"),
                vector -> {
                    Bytes wire = Vectors.hex(vector, "hex");
                    UnpairMessage message = new UnpairMessage(Vectors.hex(vector, "token"));

                    assertThat(message.encode()).isEqualTo(wire);
                    assertThat(UnpairMessage.decode(wire)).isEqualTo(message);
                });
    }
}
