package dev.keyhole.dht.message;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.WireReader;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class MessageVectorsTest {

    @TestFactory
    Stream<DynamicTest> requestsAreTheOriginalsByteForByte() {
        return Vectors.each(
                Vectors.load("dht-rpc-messages", "requests"),
                vector -> {
                    Request request =
                            new Request(
                                    vector.get("tid").asInt(),
                                    address(vector.get("to")),
                                    id(vector.get("id")),
                                    bytes(vector.get("token")),
                                    new Command(
                                            vector.get("internal").asBoolean(),
                                            vector.get("command").asLong()),
                                    bytes(vector.get("target")),
                                    bytes(vector.get("value")));

                    assertThat(request.toBytes()).isEqualTo(Vectors.hex(vector, "hex"));
                    assertThat(Request.decode(new WireReader(request.toBytes())))
                            .isEqualTo(request);
                });
    }

    @TestFactory
    Stream<DynamicTest> repliesAreTheOriginalsByteForByte() {
        return Vectors.each(
                Vectors.load("dht-rpc-messages", "responses"),
                vector -> {
                    List<Address> closer = new ArrayList<>();
                    vector.get("closerNodes").forEach(node -> closer.add(address(node)));
                    Reply reply =
                            new Reply(
                                    vector.get("tid").asInt(),
                                    address(vector.get("to")),
                                    id(vector.get("id")),
                                    bytes(vector.get("token")),
                                    closer,
                                    vector.get("error").asLong(),
                                    bytes(vector.get("value")));

                    assertThat(reply.toBytes()).isEqualTo(Vectors.hex(vector, "hex"));
                    assertThat(Reply.decode(new WireReader(reply.toBytes()))).isEqualTo(reply);
                });
    }

    @TestFactory
    Stream<DynamicTest> pluginRequestsAreTheOriginals() {
        return Vectors.each(
                Vectors.load("dht-storage", "plugins"),
                vector -> {
                    Bytes value =
                            vector.get("value").isNull() ? null : Vectors.hex(vector, "value");
                    PluginRequest request =
                            new PluginRequest(
                                    Vectors.text(vector, "plugin"),
                                    vector.get("version").asLong(),
                                    vector.get("command").asLong(),
                                    value);
                    Bytes encoded = Vectors.hex(vector, "hex");

                    assertThat(request.toBytes()).isEqualTo(encoded);
                    assertThat(PluginRequest.decode(new WireReader(encoded))).isEqualTo(request);
                });
    }

    @Test
    void absentErrorFieldMeansSuccess() throws Exception {
        Reply reply = Reply.decode(new WireReader(Bytes.ofHex("130009007f00000149c2")));

        assertThat(reply.error()).isZero();
    }

    @Test
    void everyNamedCommandKeepsTheOriginalsNumber() {
        JsonNode commands = Vectors.load("dht-namespaces", "commands");

        for (Command.External command : Command.External.values()) {
            assertThat(Command.of(command).number())
                    .as(command.name())
                    .isEqualTo(commands.get(command.name()).asLong());
        }
        assertThat(commands).hasSize(Command.External.values().length);
    }

    @Test
    void unknownCommandIsCarriedOn() throws Exception {
        Request request = Request.decode(new WireReader(Bytes.ofHex("030006020a010203419cfd2c01")));

        assertThat(request.command()).isEqualTo(new Command(false, 300));
        assertThat(request.command().asExternal()).isNull();
        assertThat(request.command()).hasToString("command 300");
    }

    @Test
    void errorCodesKeepTheOriginalsNumbers() {
        JsonNode errors = Vectors.load("dht-namespaces", "errors");

        for (ErrorCode code : List.of(ErrorCode.SEQ_REUSED, ErrorCode.SEQ_TOO_LOW)) {
            assertThat(code.number()).isEqualTo(errors.get(code.name()).asInt());
        }
        assertThat(ErrorCode.of(1)).isEqualTo(ErrorCode.UNKNOWN_COMMAND);
        assertThat(ErrorCode.of(2)).isEqualTo(ErrorCode.INVALID_TOKEN);
        assertThat(ErrorCode.of(99)).isNull();
    }

    @Test
    void lookupValueWithoutBumpIsReadAsZero() throws Exception {
        for (JsonNode vector : Vectors.load("dht-announce", "lookups")) {
            if (vector.path("name").asText().contains("without the trailing bump")) {
                LookupValue value =
                        LookupValue.decode(new WireReader(Vectors.hex(vector, "value")));

                assertThat(value.bump()).isZero();
                assertThat(value.peers()).hasSize(1);
                return;
            }
        }
        throw new AssertionError("no such vector");
    }

    private static Address address(JsonNode node) {
        return Address.of(node.get("host").asText(), node.get("port").asInt());
    }

    private static NodeId id(JsonNode node) {
        return node.isNull() ? null : new NodeId(Vectors.hex(node));
    }

    private static Bytes bytes(JsonNode node) {
        return node.isNull() ? null : Vectors.hex(node);
    }
}
