package dev.keyhole.transport.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.net.Address;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.epoll.Epoll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HopLimitTest {

    private static final int USUAL_HOPS = 64;

    private final EventLoopThread thread = EventLoopThread.start("hop-limit-test");
    private final Channel channel =
            thread.bootstrap(new ChannelInboundHandlerAdapter())
                    .bind(Address.loopback(0).toSocketAddress())
                    .syncUninterruptibly()
                    .channel();

    @AfterEach
    void close() {
        channel.close();
        thread.release();
    }

    @Test
    void openingProbesHaveALowHopLimit() {
        boolean limited = HopLimit.set(channel, 5);

        // Without native sockets there is no limit: such probes then go all the way.
        assertThat(limited).isEqualTo(Epoll.isAvailable());
        if (limited) {
            assertThat(channel.config().getOption(HopLimit.OPTION)).isEqualTo(5);
        }
    }

    @Test
    void whatFollowsAnOpeningProbeGoesAllTheWayAgain() {
        HopLimit.set(channel, 5);

        HopLimit.lift(channel);

        if (Epoll.isAvailable()) {
            assertThat(channel.config().getOption(HopLimit.OPTION)).isEqualTo(USUAL_HOPS);
        }
    }
}
