package dev.keyhole.transport.udx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.wire.Bytes;
import org.junit.jupiter.api.Test;

class TimeWaitTest {

    private final TimeWait ended = new TimeWait();

    @Test
    void theOldestIsForgottenWhenThereAreTooMany() {
        for (int id = 0; id < TimeWait.MAX_STREAMS; id++) {
            assertThat(add(id, 0)).isFalse();
        }

        assertThat(add(TimeWait.MAX_STREAMS, 0)).isTrue();

        assertThat(ended.find(0, 0)).isNull();
        assertThat(ended.find(1, 0)).isNotNull();
    }

    @Test
    void eachIsForgottenInTime() {
        add(1, 0);
        add(2, 1000);

        assertThat(ended.find(1, TimeWait.LASTS_NANOS)).isNotNull();
        assertThat(ended.find(1, TimeWait.LASTS_NANOS + 1)).isNull();
        assertThat(ended.find(2, TimeWait.LASTS_NANOS + 1)).isNotNull();
    }

    private boolean add(int id, long now) {
        return ended.add(id, LoneStream.SOCKET, LoneStream.PEER, Bytes.EMPTY, now);
    }
}
