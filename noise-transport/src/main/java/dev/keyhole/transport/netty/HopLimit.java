package dev.keyhole.transport.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.unix.IntegerUnixChannelOption;

/**
 * How many routers the datagrams of a socket may pass.
 *
 * <p>Java knows such a limit for multicast alone. The native sockets of Linux do take it; elsewhere,
 * and on Linux without the native library, there is none, and every datagram goes all the way.
 */
final class HopLimit {

    private static final int IPPROTO_IP = 0;
    private static final int IP_TTL = 2;
    private static final int DEFAULT_OF_THE_SYSTEM = -1;

    static final ChannelOption<Integer> OPTION =
            new IntegerUnixChannelOption("IP_TTL", IPPROTO_IP, IP_TTL);

    private HopLimit() {}

    /** Limits what is sent from now on; says whether that can be done here. */
    static boolean set(Channel channel, int hops) {
        return channel instanceof EpollDatagramChannel && channel.config().setOption(OPTION, hops);
    }

    /** Lets everything go as far as the system thinks right. */
    static void lift(Channel channel) {
        set(channel, DEFAULT_OF_THE_SYSTEM);
    }
}
