package dev.keyhole.transport.net;

/**
 * A UDP socket of this node, as machines know it.
 *
 * @param id distinct for every socket a loop ever opens
 * @param local the address it is bound to; the host is 0.0.0.0 when it is bound to all
 */
public record LocalSocket(int id, Address local) {

    @Override
    public String toString() {
        return "socket " + id + " at " + local;
    }
}
