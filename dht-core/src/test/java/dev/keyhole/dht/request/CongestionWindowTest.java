package dev.keyhole.dht.request;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.transport.Vectors;
import org.junit.jupiter.api.Test;

class CongestionWindowTest {

    @Test
    void countsAsTheOriginal() {
        JsonNode vectors = Vectors.load("dht-rpc-messages", "congestion");
        CongestionWindow window = new CongestionWindow(vectors.get("maxWindow").asInt());

        for (JsonNode step : vectors.get("trace")) {
            apply(window, Vectors.text(step, "op"));

            String op = step.toString();
            assertThat(window.total()).as(op).isEqualTo(step.get("total").asInt());
            assertThat(window.current()).as(op).isEqualTo(step.get("index").asInt());
            assertThat(window.isFull()).as(op).isEqualTo(step.get("full").asBoolean());
            for (int i = 0; i < 4; i++) {
                assertThat(window.slot(i)).as(op).isEqualTo(step.get("window").get(i).asInt());
            }
        }
    }

    private static void apply(CongestionWindow window, String op) {
        if (op.equals("send x80")) {
            for (int i = 0; i < 80; i++) {
                window.sent();
            }
        } else if (op.startsWith("send")) {
            window.sent();
        } else if (op.startsWith("recv")) {
            window.ended();
        } else if (op.equals("drain")) {
            window.advance();
        }
    }
}
