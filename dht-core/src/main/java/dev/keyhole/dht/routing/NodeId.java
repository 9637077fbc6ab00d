package dev.keyhole.dht.routing;

import dev.keyhole.transport.crypto.Blake2b;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.util.Random;

/** Where a node stands: the hash of its address, so that nobody can choose one. */
public record NodeId(Bytes bytes) {

    public static final int LENGTH = 32;

    public NodeId {
        if (bytes.length() != LENGTH) {
            throw new IllegalArgumentException("an id has 32 bytes, not " + bytes.length());
        }
    }

    /** The id every node at this address has. */
    public static NodeId of(Address address) {
        WireWriter writer = new WireWriter(6);
        address.encode(writer);
        return new NodeId(Blake2b.hash256(writer.toBytes()));
    }

    /** An id nobody has, for the table of a node that is not in anybody's. */
    public static NodeId random(Random entropy) {
        return new NodeId(Bytes.random(entropy, LENGTH));
    }

    public static NodeId decode(WireReader reader) throws MalformedException {
        return new NodeId(reader.bytes(LENGTH));
    }

    public void encode(WireWriter writer) {
        writer.bytes(bytes);
    }

    /** How many leading bits two runs of 32 bytes share, 256 if they are equal. */
    public int sharedBits(Bytes other) {
        for (int i = 0; i < LENGTH; i++) {
            int difference = bytes.unsignedAt(i) ^ other.unsignedAt(i);
            if (difference != 0) {
                return 8 * i + Integer.numberOfLeadingZeros(difference) - 24;
            }
        }
        return 8 * LENGTH;
    }

    /** Below zero if this id is nearer to the target than the other, by exclusive or. */
    public int compareDistance(NodeId other, Bytes target) {
        for (int i = 0; i < LENGTH; i++) {
            int at = target.unsignedAt(i);
            int mine = bytes.unsignedAt(i) ^ at;
            int theirs = other.bytes.unsignedAt(i) ^ at;
            if (mine != theirs) {
                return mine - theirs;
            }
        }
        return 0;
    }

    @Override
    public String toString() {
        return bytes.toHex();
    }
}
