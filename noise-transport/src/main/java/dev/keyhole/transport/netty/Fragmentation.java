package dev.keyhole.transport.netty;

import dev.keyhole.transport.net.Address;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.unix.IntegerUnixChannelOption;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketOption;
import java.nio.channels.DatagramChannel;
import org.jspecify.annotations.Nullable;

/**
 * Whether the datagrams of a socket may be cut on the way.
 *
 * <p>The native sockets of Linux can be told at any time. Those of Java can since version 19, by an
 * option that is looked for by its name; older ones, and Android's, cannot.
 */
final class Fragmentation {

    /** What no link is asked to exceed, whatever it could carry. */
    static final int MAX_MTU = 1500;

    private static final int IPPROTO_IP = 0;
    private static final int IP_MTU_DISCOVER = 10;

    private static final int IP_PMTUDISC_DONT = 0;

    /** Must not be cut, whatever the system may have heard about the path. */
    private static final int IP_PMTUDISC_PROBE = 3;

    static final ChannelOption<Integer> LINUX =
            new IntegerUnixChannelOption("IP_MTU_DISCOVER", IPPROTO_IP, IP_MTU_DISCOVER);

    private static final String PORTABLE = "IP_DONTFRAGMENT";

    private Fragmentation() {}

    /** Says whether what is sent from now on may be cut. */
    static void allow(EpollDatagramChannel channel, boolean mayBeCut) {
        if (channel.isOpen()) {
            channel.config().setOption(LINUX, mayBeCut ? IP_PMTUDISC_DONT : IP_PMTUDISC_PROBE);
        }
    }

    /** Whether that can be said here; nothing changes. */
    static boolean canForbid(EpollDatagramChannel channel) {
        try {
            Integer before = channel.config().getOption(LINUX);
            allow(channel, false);
            return before != null && channel.config().setOption(LINUX, before);
        } catch (ChannelException e) {
            return false;
        }
    }

    /** The option of a channel that forbids cutting; null if there is none. */
    @SuppressWarnings("unchecked") // Whoever calls an option by this name gives it this type.
    static @Nullable SocketOption<Boolean> portableOption(DatagramChannel channel) {
        for (SocketOption<?> option : channel.supportedOptions()) {
            if (option.name().equals(PORTABLE) && option.type() == Boolean.class) {
                return (SocketOption<Boolean>) option;
            }
        }
        return null;
    }

    /**
     * The largest IP packet worth sending from an address: what its interface takes, and {@link
     * #MAX_MTU} if that is more or unknown, as it is for a socket bound to all interfaces. Where the
     * interface in use takes less, the system refuses what is larger, and it is lost as it would be
     * further along the path.
     */
    static int mtu(Address local) {
        if (local.host() == 0) {
            return MAX_MTU;
        }
        try {
            InetAddress host = local.toSocketAddress().getAddress();
            NetworkInterface nic = NetworkInterface.getByInetAddress(host);
            int mtu = nic == null ? 0 : nic.getMTU();
            return mtu <= 0 ? MAX_MTU : Math.min(mtu, MAX_MTU);
        } catch (IOException e) {
            return MAX_MTU;
        }
    }
}
