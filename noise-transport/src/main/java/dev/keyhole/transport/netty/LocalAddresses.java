package dev.keyhole.transport.netty;

import dev.keyhole.transport.net.Address;
import java.net.DatagramSocket;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The IPv4 addresses of this machine's interfaces, as a peer in the same network would use them. */
public final class LocalAddresses {

    private LocalAddresses() {}

    /**
     * The addresses at which a socket can be reached without leaving the local network.
     *
     * @param bound where the socket is bound; bound to one host, it is reached only there
     */
    public static List<Address> of(Address bound) {
        if (bound.host() != 0) {
            return List.of(bound);
        }
        List<Address> addresses = new ArrayList<>();
        try {
            for (NetworkInterface nic : Collections.list(NetworkInterface.getNetworkInterfaces())) {
                if (nic.isLoopback() || !nic.isUp()) {
                    continue;
                }
                for (InetAddress address : Collections.list(nic.getInetAddresses())) {
                    if (address instanceof Inet4Address && isUsable(address)) {
                        addresses.add(Address.of(new InetSocketAddress(address, bound.port())));
                    }
                }
            }
        } catch (SocketException e) {
            // No interface can be asked: loopback is all we know.
            return List.of(Address.loopback(bound.port()));
        }
        return addresses.isEmpty()
                ? List.of(Address.loopback(bound.port()))
                : List.copyOf(addresses);
    }

    /** Whether a socket can be bound there: some interfaces list what is not theirs to use. */
    private static boolean isUsable(InetAddress address) {
        try (DatagramSocket socket = new DatagramSocket(0, address)) {
            return socket.isBound();
        } catch (SocketException e) {
            return false;
        }
    }
}
