package dev.keyhole.dht.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.net.Address;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class NatSamplerTest {

    @TestFactory
    Stream<DynamicTest> verdictsAreTheOriginals() {
        return Vectors.each(
                Vectors.load("dht-node-ids", "natSampler"),
                vector -> {
                    NatSampler sampler = new NatSampler();
                    for (JsonNode step : vector.get("steps")) {
                        sampler.add(Address.parse(Vectors.text(step, "add")));

                        JsonNode host = step.get("host");
                        Address expected =
                                host.isNull()
                                        ? null
                                        : Address.of(host.asText(), step.get("port").asInt());
                        assertThat(sampler.verdict()).as(step.toString()).isEqualTo(expected);
                        assertThat(sampler.size()).isEqualTo(step.get("size").asInt());
                    }
                });
    }

    @Test
    void nodeSamplerForgetsOldAddresses() {
        NatSampler sampler = new NatSampler();
        Address before = Address.parse("1.1.1.1:10");
        Address after = Address.parse("2.2.2.2:20");
        for (int i = 0; i < 100; i++) {
            sampler.add(before);
        }

        for (int i = 0; i < 16; i++) {
            sampler.add(after);
        }

        assertThat(sampler.verdict()).isEqualTo(after);
    }

    @Test
    void portZeroAndUnknownHostAreRealVerdicts() {
        NatSampler changing = new NatSampler();
        NatSampler contradicting = new NatSampler();
        for (int i = 1; i <= 8; i++) {
            changing.add(Address.of("1.1.1.1", 100 + i));
            contradicting.add(Address.of("1.1.1." + i, 100));
        }

        assertThat(changing.verdict()).isEqualTo(Address.parse("1.1.1.1:0"));
        assertThat(contradicting.verdict()).isNull();
    }
}
