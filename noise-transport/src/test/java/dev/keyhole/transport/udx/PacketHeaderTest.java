package dev.keyhole.transport.udx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class PacketHeaderTest {

    @TestFactory
    Stream<DynamicTest> headersOfTheOriginalAreReadAndWritten() {
        return Vectors.each(
                Vectors.load("transport-udx-packets", "packets"),
                vector -> {
                    Bytes bytes = Vectors.hex(vector, "bytes");
                    JsonNode decoded = Vectors.field(vector, "decoded");

                    PacketHeader header = PacketHeader.decode(new WireReader(bytes));

                    assertThat(header)
                            .isEqualTo(
                                    new PacketHeader(
                                            decoded.get("type").asInt(),
                                            decoded.get("dataOffset").asInt(),
                                            (int) decoded.get("streamId").asLong(),
                                            decoded.get("receiveWindow").asLong(),
                                            (int) decoded.get("seq").asLong(),
                                            (int) decoded.get("ack").asLong()));
                    assertThat(header).isEqualTo(PacketHeader.of(bytes));
                    WireWriter writer = new WireWriter();
                    header.encode(writer);
                    assertThat(writer.toBytes()).isEqualTo(bytes.slice(0, PacketHeader.LENGTH));
                });
    }

    @Test
    void anotherMagicOrVersionOrLengthIsNoPacket() {
        Bytes short19 = Bytes.ofHex("ff010000040302010000400001000000000000");
        assertThat(PacketHeader.leads(short19)).isFalse();
        assertThatThrownBy(() -> PacketHeader.decode(new WireReader(short19)))
                .isInstanceOf(MalformedException.class);

        Bytes version2 = Bytes.ofHex("ff02000004030201000040000100000000000000");
        assertThat(PacketHeader.leads(version2)).isFalse();
        assertThatThrownBy(() -> PacketHeader.decode(new WireReader(version2)))
                .isInstanceOf(MalformedException.class);
    }

    @Test
    void aRefreshedPacketDiffersInIdAndWindowAndAckAlone() {
        Bytes packet = Bytes.ofHex("ff0101000403020100004000000000000000000068656c6c6f");

        Bytes refreshed = PacketHeader.refreshed(packet, 5, 7, 9);

        assertThat(refreshed)
                .isEqualTo(Bytes.ofHex("ff0101000500000007000000000000000900000068656c6c6f"));
        assertThat(packet.at(8)).isZero();
    }
}
