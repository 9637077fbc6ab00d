package dev.keyhole.dht.connect;

import dev.keyhole.dht.holepunch.NatType;
import dev.keyhole.transport.net.Address;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What an attempt to connect has seen on its way.
 *
 * @param step how far it came
 * @param elapsed how long it took
 * @param nodesAnswered how many nodes of the DHT answered where the peer is
 * @param nodesClosest how many of them are those closest to the peer's key; all of these were asked
 * @param nodesKnowing how many of them had a record of the peer
 * @param relaysAsked nodes through which the handshake was sent, in that order
 * @param ways what was tried to reach the peer directly
 * @param ownNat what the NAT on our side is like, as far as that was looked at
 * @param remoteNat what the peer said of its own
 */
public record Evidence(
        Step step,
        Duration elapsed,
        int nodesAnswered,
        int nodesClosest,
        int nodesKnowing,
        List<Address> relaysAsked,
        List<Way> ways,
        NatType ownNat,
        NatType remoteNat) {

    private static final Evidence NONE =
            new Evidence(
                    Step.LOOKUP,
                    Duration.ZERO,
                    0,
                    0,
                    0,
                    List.of(),
                    List.of(),
                    NatType.UNKNOWN,
                    NatType.UNKNOWN);

    public Evidence {
        relaysAsked = List.copyOf(relaysAsked);
        ways = List.copyOf(ways);
    }

    /** The steps of an attempt. */
    public enum Step {
        /** Looking for nodes that know the peer. */
        LOOKUP,
        /** Waiting for the peer's answer through such nodes. */
        HANDSHAKE,
        /** Looking for a way for packets, with the peer's answer in hand. */
        PATH,
        /** Waiting for the peer's packets over the ways that may work. */
        PROOF
    }

    /** An address that the peer may be reached at. */
    public record Way(Path path, Address address) {
        @Override
        public String toString() {
            return address + " (" + path + ")";
        }
    }

    /** Of an attempt that did not begin. */
    static Evidence none() {
        return NONE;
    }

    /** The ways in words. */
    String waysText() {
        return ways.stream().map(Way::toString).collect(Collectors.joining(", "));
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        text.append(elapsed.toMillis()).append(" ms, came to ").append(step);
        text.append(", nodes that answered: ").append(nodesAnswered);
        text.append(", that knew the peer: ").append(nodesKnowing);
        text.append(", relays asked: ").append(relaysAsked);
        text.append(", ways tried: ").append(ways);
        text.append(", NATs: ours ").append(ownNat).append(", theirs ").append(remoteNat);
        return text.toString();
    }
}
