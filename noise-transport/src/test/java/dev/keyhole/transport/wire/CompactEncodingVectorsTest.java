package dev.keyhole.transport.wire;

import static dev.keyhole.transport.Vectors.each;
import static dev.keyhole.transport.Vectors.hex;
import static dev.keyhole.transport.Vectors.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.identity.DhtAddress;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class CompactEncodingVectorsTest {

    private static final JsonNode VECTORS = Vectors.load("dht-compact-encoding");

    private static final Map<String, Codec<?>> CODECS = codecs();

    @TestFactory
    Stream<DynamicTest> aValueIsEncodedAndDecodedAsInTheOriginal() {
        return each(
                VECTORS.get("samples"),
                sample -> CODECS.get(text(sample, "codec")).checkBothWays(sample));
    }

    @TestFactory
    Stream<DynamicTest> aLongerFormThanNeededIsRead() {
        return each(
                VECTORS.get("nonMinimal"),
                sample -> CODECS.get(text(sample, "codec")).checkDecode(sample, 0));
    }

    @TestFactory
    Stream<DynamicTest> whatIsLeftBehindAValueIsNobodysFault() {
        return each(
                VECTORS.get("trailing"),
                sample -> {
                    int left = hex(sample, "hex").length() - sample.get("consumed").asInt();
                    CODECS.get(text(sample, "codec")).checkDecode(sample, left);
                });
    }

    @TestFactory
    Stream<DynamicTest> whatTheOriginalRefusesWeRefuse() {
        return each(
                VECTORS.get("refused"),
                sample -> {
                    Codec<?> codec = CODECS.get(text(sample, "codec"));
                    WireReader reader = new WireReader(hex(sample, "hex"));
                    assertThatThrownBy(() -> codec.decoder().decode(reader))
                            .isInstanceOf(MalformedException.class);
                });
    }

    @Test
    void booleanIsTrueOnlyForOneAndArrayCountsAreBounded() throws MalformedException {
        for (int octet = 0; octet < 256; octet++) {
            assertThat(new WireReader(Bytes.of(octet)).bool()).isEqualTo(octet == 1);
        }
        int limit = VECTORS.get("arrayLimit").get("maxElements").asInt();
        Bytes atLimit = new WireWriter().uint(limit).bytes(Bytes.wrap(new byte[limit])).toBytes();
        Bytes above = new WireWriter().uint(limit + 1L).toBytes();

        assertThat(new WireReader(atLimit).list(WireReader::u8)).hasSize(limit);
        assertThatThrownBy(() -> new WireReader(above).list(WireReader::u8))
                .isInstanceOf(MalformedException.class)
                .hasMessageContaining(String.valueOf(limit));
    }

    @TestFactory
    Stream<DynamicTest> aShareableAddressIsTheOriginals() {
        return each(
                VECTORS.get("addresses"),
                vector -> {
                    Bytes encoded = hex(vector, "hex");
                    JsonNode nodes = vector.get("nodes");
                    DhtAddress expected =
                            new DhtAddress(
                                    new PublicKey(hex(vector, "key")),
                                    nodes.isNull() ? List.of() : addresses(nodes));

                    assertThat(DhtAddress.decode(encoded)).isEqualTo(expected);
                    boolean ourForm =
                            encoded.length() > PublicKey.LENGTH
                                    && (nodes.isNull() || !nodes.isEmpty());
                    if (ourForm) {
                        assertThat(expected.encode()).isEqualTo(encoded);
                    }
                });
    }

    @TestFactory
    Stream<DynamicTest> aHostBelongsToTheClassesTheOriginalPutsItIn() {
        return each(
                VECTORS.get("hostClasses"),
                vector -> {
                    Address address = Address.of(text(vector, "host"), 1);
                    assertThat(address.isPrivate()).isEqualTo(vector.get("private").asBoolean());
                    assertThat(address.isReserved()).isEqualTo(vector.get("reserved").asBoolean());
                    assertThat(address.isBogon()).isEqualTo(vector.get("bogon").asBoolean());
                });
    }

    /** How we write and read what the original calls by a name. */
    private record Codec<T>(
            WireWriter.Encoder<T> encoder,
            WireReader.Decoder<T> decoder,
            Function<JsonNode, T> value) {

        void checkBothWays(JsonNode sample) throws MalformedException {
            WireWriter writer = new WireWriter(0);
            encoder.encode(writer, value.apply(sample.get("value")));
            assertThat(writer.toBytes()).isEqualTo(hex(sample, "hex"));
            checkDecode(sample, 0);
        }

        void checkDecode(JsonNode sample, int left) throws MalformedException {
            WireReader reader = new WireReader(hex(sample, "hex"));
            assertThat(decoder.decode(reader)).isEqualTo(value.apply(sample.get("value")));
            assertThat(reader.remaining()).isEqualTo(left);
        }
    }

    private static Map<String, Codec<?>> codecs() {
        Function<JsonNode, Bytes> bytes = CompactEncodingVectorsTest::bytes;
        Function<JsonNode, Address> address = CompactEncodingVectorsTest::address;
        WireWriter.Encoder<Address> encodeAddress = (writer, value) -> value.encode(writer);
        Map<String, Codec<?>> codecs = new HashMap<>();
        codecs.put("uint", new Codec<>(WireWriter::uint, WireReader::uint, JsonNode::asLong));
        codecs.put("uint8", new Codec<>(WireWriter::u8, WireReader::u8, JsonNode::asInt));
        codecs.put("uint16", new Codec<>(WireWriter::u16, WireReader::u16, JsonNode::asInt));
        codecs.put("uint24", new Codec<>(WireWriter::u24, WireReader::u24, JsonNode::asInt));
        codecs.put("uint32", new Codec<>(WireWriter::u32, WireReader::u32, JsonNode::asLong));
        codecs.put("uint64", new Codec<>(WireWriter::u64, WireReader::u64, JsonNode::asLong));
        codecs.put("int", new Codec<>(WireWriter::sint, WireReader::sint, JsonNode::asLong));
        codecs.put("bool", new Codec<>(WireWriter::bool, WireReader::bool, JsonNode::asBoolean));
        codecs.put("buffer", new Codec<>(WireWriter::buffer, WireReader::buffer, bytes));
        codecs.put(
                "optionalBuffer",
                new Codec<>(
                        WireWriter::optionalBuffer,
                        WireReader::optionalBuffer,
                        node -> node.isNull() ? null : bytes(node)));
        codecs.put("string", new Codec<>(WireWriter::string, WireReader::string, JsonNode::asText));
        codecs.put("raw", new Codec<>(WireWriter::bytes, WireReader::rest, bytes));
        codecs.put("fixed32", new Codec<>(WireWriter::bytes, reader -> reader.bytes(32), bytes));
        codecs.put("fixed64", new Codec<>(WireWriter::bytes, reader -> reader.bytes(64), bytes));
        codecs.put("ipv4Address", new Codec<>(encodeAddress, Address::decode, address));
        codecs.put(
                "ipv6Address",
                new Codec<>(
                        WireWriter::bytes, r -> r.bytes(18), node -> sixteenOctetsAndPort(node)));
        codecs.put(
                "array(uint)",
                new Codec<>(
                        (writer, list) -> writer.list(list, WireWriter::uint),
                        reader -> reader.list(WireReader::uint),
                        node -> all(node, JsonNode::asLong)));
        codecs.put(
                "array(buffer)",
                new Codec<>(
                        (writer, list) -> writer.list(list, WireWriter::buffer),
                        reader -> reader.list(WireReader::buffer),
                        node -> all(node, bytes)));
        codecs.put(
                "array(ipv4Address)",
                new Codec<>(
                        (writer, list) -> writer.list(list, encodeAddress),
                        reader -> reader.list(Address::decode),
                        node -> all(node, address)));
        return codecs;
    }

    private static Bytes bytes(JsonNode node) {
        if (node.isTextual()) {
            return hex(node);
        }
        byte[] pattern = new byte[node.get("length").asInt()];
        for (int i = 0; i < pattern.length; i++) {
            pattern[i] = (byte) (node.get("pattern").asInt() + 7 * i + (i >> 8));
        }
        return Bytes.wrap(pattern);
    }

    private static Address address(JsonNode node) {
        return Address.of(text(node, "host"), node.get("port").asInt());
    }

    private static List<Address> addresses(JsonNode array) {
        return all(array, CompactEncodingVectorsTest::address);
    }

    private static Bytes sixteenOctetsAndPort(JsonNode node) {
        try {
            Bytes octets = Bytes.wrap(InetAddress.getByName(text(node, "host")).getAddress());
            return new WireWriter().bytes(octets).u16(node.get("port").asInt()).toBytes();
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static <T> List<T> all(JsonNode array, Function<JsonNode, T> value) {
        List<T> all = new ArrayList<>();
        array.forEach(node -> all.add(value.apply(node)));
        return all;
    }
}
