package dev.keyhole.transport.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.keyhole.transport.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WireRoundTripTest {

    @Seeds(200)
    void whatIsWrittenIsReadInTheSameOrder(long seed) throws MalformedException {
        Random random = new Random(seed);
        WireWriter writer = new WireWriter(random.nextInt(40));
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            Step step = draw(random);
            step.write(writer);
            steps.add(step);
        }

        int length = writer.length();
        Bytes written = writer.toBytes();
        WireReader reader = new WireReader(written);
        for (Step step : steps) {
            step.check(reader);
        }

        assertThat(written.length()).isEqualTo(length);
        assertThat(reader.remaining()).isZero();
        assertThat(writer.length()).isZero();
    }

    @Seeds(100)
    void anIntegerIsWrittenInItsShortestForm(long seed) throws MalformedException {
        long value = integer(new Random(seed));
        int shortest = value <= 252 ? 1 : value <= 65535 ? 3 : value <= 0xffff_ffffL ? 5 : 9;

        Bytes written = new WireWriter().uint(value).toBytes();

        assertThat(written.length()).isEqualTo(shortest);
        assertThat(new WireReader(written).uint()).isEqualTo(value);
    }

    @Test
    void whatTheProtocolCannotHoldIsNotWritten() {
        WireWriter writer = new WireWriter();
        assertThatThrownBy(() -> writer.uint(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> writer.uint(WireReader.MAX_INTEGER + 1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anIntegerAboveItsLimitIsRefusedByName() {
        WireReader reader = new WireReader(new WireWriter().uint(11).toBytes());
        assertThatThrownBy(() -> reader.uint(10, "number of hops"))
                .isInstanceOf(MalformedException.class)
                .hasMessage("number of hops is 11, above 10");
    }

    /** One value that knows how to write itself and what to find again. */
    private interface Step {
        void write(WireWriter writer);

        void check(WireReader reader) throws MalformedException;
    }

    private record One<T>(
            T value, WireWriter.Encoder<T> encoder, WireReader.Decoder<? extends T> decoder)
            implements Step {

        @Override
        public void write(WireWriter writer) {
            encoder.encode(writer, value);
        }

        @Override
        public void check(WireReader reader) throws MalformedException {
            assertThat(decoder.decode(reader)).isEqualTo(value);
        }
    }

    private static Step draw(Random random) {
        return switch (random.nextInt(12)) {
            case 0 -> new One<>(integer(random), WireWriter::uint, WireReader::uint);
            case 1 -> new One<>(signed(random), WireWriter::sint, WireReader::sint);
            case 2 -> new One<>(random.nextInt(1 << 8), WireWriter::u8, WireReader::u8);
            case 3 -> new One<>(random.nextInt(1 << 16), WireWriter::u16, WireReader::u16);
            case 4 -> new One<>(random.nextInt(1 << 24), WireWriter::u24, WireReader::u24);
            case 5 -> new One<>(random.nextLong() >>> 32, WireWriter::u32, WireReader::u32);
            case 6 -> new One<>(integer(random), WireWriter::u64, WireReader::u64);
            case 7 -> new One<>(random.nextBoolean(), WireWriter::bool, WireReader::bool);
            case 8 -> new One<>(bytes(random), WireWriter::buffer, WireReader::buffer);
            case 9 -> new One<>(text(random), WireWriter::string, WireReader::string);
            case 10 -> new One<>(Bytes.random(random, 32), WireWriter::bytes, in -> in.bytes(32));
            default ->
                    new One<>(
                            List.of(bytes(random), bytes(random)),
                            (out, list) -> out.list(list, WireWriter::buffer),
                            in -> in.list(WireReader::buffer));
        };
    }

    /** Of all lengths in bits alike. */
    private static long integer(Random random) {
        return random.nextLong() >>> (11 + random.nextInt(53));
    }

    private static long signed(Random random) {
        long value = integer(random) / 2;
        return random.nextBoolean() ? value : -value;
    }

    private static Bytes bytes(Random random) {
        return Bytes.random(random, random.nextInt(random.nextInt(20) == 0 ? 70_000 : 300));
    }

    private static String text(Random random) {
        return random.ints(random.nextInt(50), 0x20, 0xd800)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }
}
