package dev.keyhole.transport.net;

/**
 * A UDP socket of this node, as machines know it.
 *
 * @param id distinct for every socket a loop ever opens
 * @param local the address it is bound to; the host is 0.0.0.0 when it is bound to all
 * @param mtu the largest IP packet, in bytes, that may be worth sending over it in one piece; 0 if it
 *     cannot promise to send them so ({@link Effects.Packet#isWhole})
 */
public record LocalSocket(int id, Address local, int mtu) {

    /** A socket whose large packets may be cut on the way. */
    public LocalSocket(int id, Address local) {
        this(id, local, 0);
    }

    @Override
    public String toString() {
        return "socket " + id + " at " + local;
    }
}
