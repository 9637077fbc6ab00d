package dev.keyhole.transport.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.keyhole.transport.Seeds;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FrameReaderTest {

    @Seeds(100)
    void framesAreTheSameHoweverTheyAreCut(long seed) throws MalformedException {
        Random random = new Random(seed);
        List<Bytes> bodies = new ArrayList<>();
        WireWriter wire = new WireWriter();
        for (int i = 0; i < 20; i++) {
            Bytes body = Bytes.random(random, random.nextInt(random.nextBoolean() ? 20 : 9000));
            bodies.add(body);
            wire.u24(body.length()).bytes(body);
        }
        Bytes all = wire.toBytes();
        int longest = 1 + random.nextInt(seed % 2 == 0 ? 3 : 3000);
        FrameReader reader = new FrameReader();
        List<Bytes> read = new ArrayList<>();

        for (int at = 0; at < all.length(); ) {
            int end = Math.min(all.length(), at + 1 + random.nextInt(longest));
            reader.feed(all.slice(at, end));
            at = end;
            readAll(reader, read);
        }

        assertThat(read).isEqualTo(bodies);
        assertThat(reader.isExhausted()).isTrue();
        assertThat(reader.isInsideFrame()).isFalse();
    }

    @Test
    void memoryFollowsWhatArrivesAndNotWhatIsAnnounced() throws MalformedException {
        FrameReader reader = new FrameReader();
        reader.feed(Bytes.ofHex("ffffff00"));

        assertThat(reader.next(0, Frames.MAX_BODY)).isNull();
        assertThat(reader.capacity()).isLessThanOrEqualTo(2048);

        reader.feed(Bytes.wrap(new byte[100_000]));
        assertThat(reader.next(0, Frames.MAX_BODY)).isNull();
        assertThat(reader.capacity()).isLessThanOrEqualTo(200_000);
    }

    @Test
    void aLongFrameLeavesNoLongBufferBehind() throws MalformedException {
        FrameReader reader = new FrameReader();
        reader.feed(new WireWriter().u24(1 << 20).bytes(Bytes.wrap(new byte[1000])).toBytes());
        assertThat(reader.next(0, Frames.MAX_BODY)).isNull();
        reader.feed(Bytes.wrap(new byte[(1 << 20) - 1000]));

        assertThat(reader.next(0, Frames.MAX_BODY).length()).isEqualTo(1 << 20);
        assertThat(reader.capacity()).isLessThanOrEqualTo(64 << 10);
    }

    @Test
    void aLengthOutOfBoundsIsRefusedBeforeItsBodyComes() {
        FrameReader tooLong = new FrameReader();
        tooLong.feed(Bytes.ofHex("e90300"));
        assertThatThrownBy(() -> tooLong.next(17, 1000))
                .isInstanceOf(MalformedException.class)
                .hasMessage("frame of 1001 bytes, outside of 17 to 1000");

        FrameReader tooShort = new FrameReader();
        tooShort.feed(Bytes.ofHex("100000"));
        assertThatThrownBy(() -> tooShort.next(17, 1000)).isInstanceOf(MalformedException.class);
    }

    private static void readAll(FrameReader reader, List<Bytes> into) throws MalformedException {
        Bytes body = reader.next(0, Frames.MAX_BODY);
        while (body != null) {
            into.add(Bytes.wrap(body.toArray()));
            body = reader.next(0, Frames.MAX_BODY);
        }
    }
}
