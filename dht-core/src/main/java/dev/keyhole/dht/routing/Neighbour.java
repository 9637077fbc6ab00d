package dev.keyhole.dht.routing;

import dev.keyhole.transport.net.Address;

/** A node in the routing table and when we last had to do with it, in ticks. */
public final class Neighbour {

    private final NodeId id;
    private final Address address;
    long addedTick;
    long pingedTick;
    long seenTick;
    private long sampledTick;
    private int downHints;

    public Neighbour(NodeId id, Address address, long tick) {
        this.id = id;
        this.address = address;
        this.addedTick = tick;
        this.pingedTick = tick;
        this.seenTick = tick;
    }

    public NodeId id() {
        return id;
    }

    public Address address() {
        return address;
    }

    public long addedTick() {
        return addedTick;
    }

    public long pingedTick() {
        return pingedTick;
    }

    public long seenTick() {
        return seenTick;
    }

    /** When it last told us our address, 0 if never. */
    public long sampledTick() {
        return sampledTick;
    }

    public int downHints() {
        return downHints;
    }

    public void pinged(long tick) {
        pingedTick = tick;
    }

    public void sampled(long tick) {
        sampledTick = tick;
    }

    public void downHinted() {
        downHints++;
    }

    @Override
    public String toString() {
        return address.toString();
    }
}
