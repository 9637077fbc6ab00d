package dev.keyhole.transport.udx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SendBudgetTest {

    private static final int MESSAGE_BYTES = 16_384;

    private final StreamMultiplexer multiplexer = new StreamMultiplexer(new Random(1));
    private final Bytes message = Bytes.random(new Random(2), MESSAGE_BYTES);

    @Test
    void manyWritersTogetherHoldWhatTheBudgetAndTheirWindowsAllow() {
        List<UdxStream> streams = open(2000);

        int written = 0;
        for (UdxStream stream : streams) {
            written += write(stream);
        }

        long windows = 2000L * (Bbr.INITIAL_PACKETS * 1152 + MESSAGE_BYTES);
        assertThat((long) written * MESSAGE_BYTES)
                .isEqualTo(multiplexer.budget().pendingBytes())
                .isLessThan(SendBudget.BYTES + windows);
    }

    @Test
    void aFewWritersHoldAsMuchAsTheyLike() {
        List<UdxStream> streams = open(10);

        for (UdxStream stream : streams) {
            assertThat(write(stream) * MESSAGE_BYTES).isGreaterThan(Sender.HIGH_WATER_BYTES);
        }
    }

    @Test
    void whatWasWrittenToAStreamThatIsGoneDoesNotCount() {
        List<UdxStream> streams = open(100);
        streams.forEach(this::write);

        streams.forEach(stream -> stream.destroy(0));

        assertThat(multiplexer.budget().pendingBytes()).isZero();
    }

    private List<UdxStream> open(int count) {
        List<UdxStream> streams = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            UdxStream stream = multiplexer.open(new Inbox());
            stream.connect(LoneStream.SOCKET, LoneStream.PEER, i, 0);
            streams.add(stream);
        }
        return streams;
    }

    /** How many messages are taken before the writer is told to wait. */
    private int write(UdxStream stream) {
        int written = 1;
        while (stream.write(message, 0)) {
            written++;
        }
        return written;
    }
}
