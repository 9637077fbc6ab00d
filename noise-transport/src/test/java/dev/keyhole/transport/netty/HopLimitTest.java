package dev.keyhole.transport.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.net.Address;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HopLimitTest {

    private static final int USUAL_HOPS = 64;

    private final EventLoopThread thread = EventLoopThread.start("hop-limit-test");
    private final UdpSocket socket = thread.bind(Address.loopback(0), new SilentListener()).join();

    @AfterEach
    void close() {
        socket.close();
        thread.release();
    }

    @Test
    void openingProbesHaveALowHopLimit() {
        boolean limited = socket.limitHops(5);

        // Without native sockets there is no limit: such probes then go all the way.
        assertThat(limited).isEqualTo(socket instanceof EpollSocket);
        if (socket instanceof EpollSocket epoll) {
            assertThat(epoll.channel().config().getOption(HopLimit.OPTION)).isEqualTo(5);
        }
    }

    @Test
    void whatFollowsAnOpeningProbeGoesAllTheWayAgain() {
        socket.limitHops(5);

        socket.liftHops();

        if (socket instanceof EpollSocket epoll) {
            assertThat(epoll.channel().config().getOption(HopLimit.OPTION)).isEqualTo(USUAL_HOPS);
        }
    }
}
