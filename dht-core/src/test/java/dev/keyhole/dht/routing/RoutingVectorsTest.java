package dev.keyhole.dht.routing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.net.Address;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class RoutingVectorsTest {

    private static final JsonNode VECTORS = Vectors.load("dht-node-ids");

    @TestFactory
    Stream<DynamicTest> idIsTheHashOfTheAddress() {
        return Vectors.each(
                VECTORS.get("ids"),
                vector -> {
                    Address address =
                            Address.of(Vectors.text(vector, "host"), vector.get("port").asInt());

                    assertThat(NodeId.of(address).bytes()).isEqualTo(Vectors.hex(vector, "id"));
                });
    }

    @TestFactory
    Stream<DynamicTest> rowIsTheNumberOfSharedBits() {
        return Vectors.each(
                VECTORS.get("rowIndex"),
                vector -> {
                    RoutingTable table = new RoutingTable(new NodeId(Vectors.hex(vector, "self")));

                    assertThat(table.rowOf(Vectors.hex(vector, "id")))
                            .isEqualTo(vector.get("row").asInt());
                });
    }

    @Test
    void tableFillsAsTheOriginals() {
        RoutingTable table = new RoutingTable(self());

        for (JsonNode insert : VECTORS.get("table").get("inserts")) {
            Address address = Address.of(Vectors.text(insert, "host"), insert.get("port").asInt());
            assertThat(table.add(neighbour(address)))
                    .as(address.toString())
                    .isEqualTo(insert.get("accepted").asBoolean());
        }

        for (JsonNode row : VECTORS.get("table").get("rows")) {
            List<String> expected = new ArrayList<>();
            row.get("nodes").forEach(node -> expected.add(node.asText()));
            NodeId first = NodeId.of(Address.parse(expected.get(0)));
            assertThat(table.rowWith(first)).extracting(Neighbour::toString).isEqualTo(expected);
        }
    }

    @TestFactory
    Stream<DynamicTest> closestNodesAreTheTrulyNearest() {
        RoutingTable table = new RoutingTable(self());
        for (JsonNode insert : VECTORS.get("table").get("inserts")) {
            table.add(
                    neighbour(
                            Address.of(Vectors.text(insert, "host"), insert.get("port").asInt())));
        }

        return Vectors.each(
                VECTORS.get("closest"),
                vector -> {
                    List<String> expected = new ArrayList<>();
                    vector.get("trulyClosest").forEach(node -> expected.add(node.asText()));

                    assertThat(
                                    table.closest(
                                            Vectors.hex(vector, "target"), vector.get("k").asInt()))
                            .extracting(Neighbour::toString)
                            .isEqualTo(expected);
                });
    }

    @TestFactory
    Stream<DynamicTest> distanceIsExclusiveOr() {
        return Vectors.each(
                VECTORS.get("compare"),
                vector -> {
                    NodeId a = new NodeId(Vectors.hex(vector, "a"));
                    NodeId b = new NodeId(Vectors.hex(vector, "b"));

                    int order = a.compareDistance(b, Vectors.hex(vector, "target"));

                    assertThat(Integer.signum(order)).isEqualTo(vector.get("sign").asInt());
                });
    }

    private static NodeId self() {
        return new NodeId(Vectors.hex(VECTORS.get("table"), "self"));
    }

    private static Neighbour neighbour(Address address) {
        return new Neighbour(NodeId.of(address), address, 1);
    }
}
