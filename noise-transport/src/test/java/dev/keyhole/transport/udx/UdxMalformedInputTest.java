package dev.keyhole.transport.udx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.Seeds;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.udx.UdxCounters.Event;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Damaged packets: nothing is thrown, and no bound is passed. */
class UdxMalformedInputTest {

    private static final List<Bytes> PACKETS =
            Vectors.allHex(Vectors.load("transport-udx-packets")).stream()
                    .filter(PacketHeader::leads)
                    .toList();

    @Test
    void aShortPacketIsSomebodyElses() {
        LoneStream lone = LoneStream.connected();

        for (Bytes packet : PACKETS) {
            for (int length = 0; length < PacketHeader.LENGTH; length++) {
                assertThat(lone.receive(packet.slice(0, length))).isFalse();
            }
        }

        assertThat(lone.sent()).isEmpty();
    }

    @Test
    void aDataOffsetBeyondTheEndIsCountedAndNothingElse() {
        LoneStream lone = LoneStream.connected();
        byte[] packet = LoneStream.packet(0xdf, 0, 0, 0, Bytes.utf8("abc")).toArray();
        packet[3] = 4;

        lone.receive(Bytes.wrap(packet));

        assertThat(lone.count(Event.MALFORMED)).isEqualTo(1);
        assertThat(lone.sent()).isEmpty();
        assertThat(lone.inbox.closed).isNull();
    }

    @Seeds(100)
    void damagedPacketsDoNoHarm(long seed) throws MalformedException {
        Random random = new Random(seed);
        LoneStream lone = open(random);

        for (int i = 0; i < 200; i++) {
            Bytes packet = damage(PACKETS.get(random.nextInt(PACKETS.size())), random);
            if (lone.stream.isClosed()) {
                lone = open(random);
            }
            lone.receive(packet);
            if (random.nextInt(4) == 0) {
                lone.stream.write(Bytes.random(random, random.nextInt(3000)), lone.now);
            }
            lone.until(lone.now / 1_000_000 + random.nextInt(50));
            lone.recorder.take();

            assertThat(lone.stream.stats().keptBytes()).isLessThan(2 * 4_194_304);
            if (PacketHeader.leads(packet)) {
                assertThat(PacketHeader.decode(new WireReader(packet)))
                        .isEqualTo(PacketHeader.of(packet));
            }
        }
    }

    private static LoneStream open(Random random) {
        Inbox inbox =
                new Inbox() {
                    @Override
                    public boolean firewall(LocalSocket socket, Address source, long now) {
                        return random.nextBoolean();
                    }
                };
        LoneStream lone =
                new LoneStream(inbox, LoneStream.LOCAL_ID, UdxStream.DEFAULT_WINDOW_BYTES);
        if (random.nextInt(4) > 0) {
            lone.connect(LoneStream.REMOTE_ID);
        }
        return lone;
    }

    private static Bytes damage(Bytes packet, Random random) {
        byte[] bytes = packet.toArray();
        PacketHeader.putInt32(bytes, 4, LoneStream.LOCAL_ID);
        bytes[2] &= (byte) (random.nextInt(20) == 0 ? 0xff : ~PacketHeader.DESTROY);
        int flips = random.nextInt(4);
        for (int i = 0; i < flips; i++) {
            int bit = 8 * 2 + random.nextInt(8 * (bytes.length - 2));
            bytes[bit / 8] ^= (byte) (1 << bit % 8);
        }
        if (random.nextInt(3) == 0) {
            bytes[2] = (byte) random.nextInt(256);
            PacketHeader.putInt32(bytes, 12, random.nextInt(random.nextBoolean() ? 20 : 10_000));
            PacketHeader.putInt32(bytes, 16, random.nextInt(20));
        }
        Bytes damaged = Bytes.wrap(bytes);
        return random.nextInt(4) == 0
                ? damaged.slice(0, random.nextInt(bytes.length + 1))
                : damaged;
    }
}
