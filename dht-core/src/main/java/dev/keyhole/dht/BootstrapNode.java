package dev.keyhole.dht;

import dev.keyhole.transport.net.Address;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A node to begin with: {@code host:port}, or {@code ip@host:port} where the address is likely and
 * the name is what counts.
 *
 * @param ip the address to use without asking anybody, null if there is only a name
 */
record BootstrapNode(String host, int port, @Nullable Address ip) {

    private static final Pattern DOTTED = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");

    /**
     * Reads either form.
     *
     * @throws IllegalArgumentException if the text is neither; the message repeats it
     */
    static BootstrapNode parse(String text) {
        String node = text.strip();
        int at = node.indexOf('@');
        int colon = node.lastIndexOf(':');
        if (colon <= at + 1) {
            throw new IllegalArgumentException(
                    "not a bootstrap node of the form host:port or ip@host:port: " + text);
        }
        String host = node.substring(at + 1, colon);
        int port = port(node.substring(colon + 1), text);
        Matcher dotted = DOTTED.matcher(host);
        if (at >= 0) {
            return new BootstrapNode(host, port, Address.of(node.substring(0, at), port));
        }
        return new BootstrapNode(host, port, dotted.matches() ? Address.of(host, port) : null);
    }

    /** Whether there is a name to fall back on when the address does not answer. */
    boolean hasNameToo() {
        return !DOTTED.matcher(host).matches();
    }

    Optional<Address> address() {
        return Optional.ofNullable(ip);
    }

    private static int port(String digits, String text) {
        try {
            int port = Integer.parseInt(digits);
            if (port > 0 && port < 65536) {
                return port;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("the port is not a number: " + text, e);
        }
        throw new IllegalArgumentException("the port is outside 1..65535: " + text);
    }

    @Override
    public String toString() {
        return host + ":" + port;
    }
}
