package dev.keyhole.transport.net;

import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An IPv4 address and a UDP port.
 *
 * @param host the four octets, the first in the highest byte
 * @param port 0 to 65535
 */
public record Address(int host, int port) {

    public static final int LOOPBACK = 0x7f000001;

    private static final Pattern DOTTED =
            Pattern.compile("(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})");

    public Address {
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("port " + port + " is outside 0..65535");
        }
    }

    /** An address from dotted decimal text, which is never looked up as a name. */
    public static Address of(String host, int port) {
        return new Address(parseHost(host), port);
    }

    /** The address of an IPv4 socket. */
    public static Address of(InetSocketAddress address) {
        byte[] octets = address.getAddress().getAddress();
        if (octets.length != 4) {
            throw new IllegalArgumentException("not an IPv4 address: " + address);
        }
        int host = 0;
        for (byte octet : octets) {
            host = host << 8 | octet & 0xff;
        }
        return new Address(host, address.getPort());
    }

    /** An address from {@code host:port}, the host in dotted decimal. */
    public static Address parse(String text) {
        int colon = text.lastIndexOf(':');
        if (colon < 0) {
            throw new IllegalArgumentException("not an address of the form host:port: " + text);
        }
        int port;
        try {
            port = Integer.parseInt(text.substring(colon + 1));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("the port is not a number: " + text, e);
        }
        return of(text.substring(0, colon), port);
    }

    public static Address loopback(int port) {
        return new Address(LOOPBACK, port);
    }

    public static Address decode(WireReader reader) throws MalformedException {
        int host = Integer.reverseBytes(reader.int32());
        return new Address(host, reader.u16());
    }

    /** Four octets in network order, then the port, little-endian. */
    public void encode(WireWriter writer) {
        writer.u32(Integer.reverseBytes(host)).u16(port);
    }

    public Address withPort(int otherPort) {
        return new Address(host, otherPort);
    }

    /** Dotted decimal without leading zeros, as the tokens of the network hash it. */
    public String hostText() {
        return octet(24) + "." + octet(16) + "." + octet(8) + "." + octet(0);
    }

    public InetSocketAddress toSocketAddress() {
        byte[] octets = {(byte) octet(24), (byte) octet(16), (byte) octet(8), (byte) octet(0)};
        try {
            return new InetSocketAddress(InetAddress.getByAddress(octets), port);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("four octets are always an address", e);
        }
    }

    /** Whether the host belongs to a private, shared, loopback or link-local network. */
    public boolean isPrivate() {
        return in(10, 0, 0, 8)
                || in(100, 64, 0, 10)
                || isLoopback()
                || in(169, 254, 0, 16)
                || in(172, 16, 0, 12)
                || in(192, 168, 0, 16);
    }

    /** Whether the host belongs to a block that is never a unicast peer. */
    public boolean isReserved() {
        return in(0, 0, 0, 8)
                || in(192, 0, 0, 24)
                || in(192, 0, 2, 24)
                || in(198, 18, 0, 15)
                || in(198, 51, 100, 24)
                || in(203, 0, 113, 24)
                || in(224, 0, 0, 4)
                || in(240, 0, 0, 4);
    }

    /** Whether the host cannot be a peer on the public network. */
    public boolean isBogon() {
        return isPrivate() || isReserved();
    }

    public boolean isLoopback() {
        return in(127, 0, 0, 8);
    }

    @Override
    public String toString() {
        return hostText() + ":" + port;
    }

    private int octet(int shift) {
        return host >>> shift & 0xff;
    }

    /** Whether the host lies in the network a.b.c.0 with a prefix of so many bits. */
    private boolean in(int a, int b, int c, int prefix) {
        int network = a << 24 | b << 16 | c << 8;
        return (host ^ network) >>> (32 - prefix) == 0;
    }

    private static int parseHost(String text) {
        Matcher dotted = DOTTED.matcher(text);
        if (!dotted.matches()) {
            throw new IllegalArgumentException("not a dotted IPv4 address: " + text);
        }
        int host = 0;
        for (int i = 1; i <= 4; i++) {
            int octet = Integer.parseInt(dotted.group(i));
            if (octet > 255) {
                throw new IllegalArgumentException("octet above 255 in " + text);
            }
            host = host << 8 | octet;
        }
        return host;
    }
}
