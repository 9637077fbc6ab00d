package dev.keyhole.transport.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.keyhole.transport.Seeds;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RpcCodecTest {

    private static final List<Bytes> FRAMES =
            Vectors.allHex(Vectors.load("delegation-frames", "exchanges")).stream()
                    .filter(bytes -> bytes.length() > 7)
                    .toList();

    @Seeds(50)
    void framesAreTheSameHoweverTheyAreCut(long seed) throws Exception {
        Random random = new Random(seed);
        Bytes all = Bytes.concat(FRAMES.toArray(Bytes[]::new));
        List<RpcMessage> whole = read(new RpcCodec(1 << 20), all);
        int longest = 1 + random.nextInt(seed % 2 == 0 ? 4 : 400);
        RpcCodec codec = new RpcCodec(1 << 20);
        List<RpcMessage> pieced = new ArrayList<>();

        for (int at = 0; at < all.length(); ) {
            int end = Math.min(all.length(), at + 1 + random.nextInt(longest));
            pieced.addAll(read(codec, all.slice(at, end)));
            at = end;
        }

        assertThat(pieced).isEqualTo(whole);
        assertThat(whole).hasSize(FRAMES.size());
        assertThat(codec.bufferedBytes()).isZero();
    }

    @Test
    void aFrameAboveTheLimitIsRefusedByItsLengthAlone() {
        for (long length : new long[] {1001, 1 << 20, 0x7fff_ffffL, 0x8000_0000L, 0xffff_ffffL}) {
            RpcCodec codec = new RpcCodec(1000);

            assertThatThrownBy(() -> read(codec, new WireWriter().u32(length).toBytes()))
                    .isInstanceOf(MalformedException.class)
                    .hasMessage("RPC frame of " + length + " bytes, above 1000");
        }
    }

    @Test
    void theLimitIsRefusedInAFrameThatComesByteByByte() throws Exception {
        RpcCodec codec = new RpcCodec(1000);
        read(codec, Bytes.of(0xe9));
        read(codec, Bytes.of(0x03));
        read(codec, Bytes.of(0x00));

        assertThatThrownBy(() -> read(codec, Bytes.of(0x00)))
                .isInstanceOf(MalformedException.class);
    }

    @Test
    void aLongFrameTakesNoMoreMemoryThanHasArrived() throws Exception {
        RpcCodec codec = new RpcCodec(Integer.MAX_VALUE);

        List<RpcMessage> messages = read(codec, Bytes.ofHex("ffffff7f01010100"));

        assertThat(messages).isEmpty();
        assertThat(codec.bufferedBytes()).isEqualTo(8);
    }

    @Test
    void whatFollowsTheLastFieldIsIgnored() throws Exception {
        RpcCodec codec = new RpcCodec(1000);

        List<RpcMessage> messages =
                read(codec, Bytes.ofHex("0800000001010700 0161ffff".replace(" ", "")));

        assertThat(messages).containsExactly(new RpcMessage.Request(1, 7, Bytes.utf8("a")));
    }

    @Test
    void ofSeveralActionsTheFirstCounts() throws Exception {
        RpcCodec codec = new RpcCodec(1000);

        List<RpcMessage> messages = read(codec, Bytes.ofHex("050000000301fd6302"));

        assertThat(messages)
                .containsExactly(RpcMessage.Stream.of(1, StreamSide.RESPONSE, StreamAction.OPEN));
    }

    @Test
    void aStreamFrameWithoutAStreamDoesNothing() throws Exception {
        RpcCodec codec = new RpcCodec(1000);

        List<RpcMessage> messages =
                read(codec, Bytes.ofHex("03000000030101" + "050000000301fd0004"));

        assertThat(messages)
                .containsExactly(new RpcMessage.Nothing(1, 1), new RpcMessage.Nothing(1, 0x400));
    }

    @Test
    void anErrorNumberThatFitsNoIntIsTheNearestThatDoes() throws Exception {
        RpcError error =
                RpcError.decode(
                        new WireReader(
                                new WireWriter()
                                        .string("m")
                                        .string("c")
                                        .sint(-(1L << 40))
                                        .toBytes()));

        assertThat(error).isEqualTo(new RpcError("m", "c", Integer.MIN_VALUE));
    }

    @Seeds(300)
    void damagedFramesAreMalformedOrSomethingElse(long seed) {
        Random random = new Random(seed);
        Bytes frame = FRAMES.get(random.nextInt(FRAMES.size()));
        byte[] damaged = frame.toArray();
        switch (random.nextInt(3)) {
            case 0 -> damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
            case 1 -> damaged = frame.slice(0, random.nextInt(frame.length())).toArray();
            default -> random.nextBytes(damaged);
        }
        RpcChannel channel = new RpcChannel(RpcLimits.defaults(), new Silent());

        try {
            channel.receive(Bytes.wrap(damaged));
        } catch (MalformedException expected) {
            assertThat(expected).hasMessageNotContaining("null");
        }
    }

    @Test
    void everyTruncatedBodyIsMalformed() {
        for (Bytes frame : FRAMES) {
            for (int end = RpcCodec.LENGTH_BYTES; end < frame.length(); end++) {
                Bytes body = frame.slice(RpcCodec.LENGTH_BYTES, end);
                Bytes reframed = new WireWriter().u32(body.length()).bytes(body).toBytes();

                assertThatThrownBy(() -> read(new RpcCodec(1 << 20), reframed))
                        .isInstanceOf(MalformedException.class);
            }
        }
    }

    private static List<RpcMessage> read(RpcCodec codec, Bytes bytes) throws MalformedException {
        List<RpcMessage> messages = new ArrayList<>();
        codec.feed(bytes);
        for (RpcMessage message = codec.next(); message != null; message = codec.next()) {
            messages.add(message);
        }
        return messages;
    }

    private static final class Silent implements RpcChannel.Listener {
        @Override
        public void send(RpcMessage message) {}

        @Override
        public void request(IncomingCall call) {}
    }
}
