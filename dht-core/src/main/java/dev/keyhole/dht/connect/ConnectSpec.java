package dev.keyhole.dht.connect;

import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Whom to connect to, and how.
 *
 * @param relays nodes that may know the way
 * @param localConnection whether to tell, and to try, addresses on the own network
 * @param timeout when to give up; without it, the steps of the protocol have limits of their own
 * @param punching whether to open a way through NATs
 * @param punchPolicy has the last word before both sides punch
 * @param relayThrough blind relays to fall back on, best first
 * @param reusableSocket whether to offer that the socket and the route over it are used again
 */
public record ConnectSpec(
        KeyPair keyPair,
        PublicKey remote,
        List<Address> relays,
        boolean localConnection,
        Optional<Duration> timeout,
        boolean punching,
        PunchPolicy punchPolicy,
        List<PublicKey> relayThrough,
        boolean reusableSocket) {

    public ConnectSpec {
        relays = List.copyOf(relays);
        relayThrough = List.copyOf(relayThrough);
    }

    public ConnectSpec(
            KeyPair keyPair,
            PublicKey remote,
            List<Address> relays,
            boolean localConnection,
            Optional<Duration> timeout) {
        this(
                keyPair,
                remote,
                relays,
                localConnection,
                timeout,
                true,
                PunchPolicy.ALWAYS,
                List.of(),
                false);
    }

    public ConnectSpec withPunching(boolean punch) {
        return new ConnectSpec(
                keyPair,
                remote,
                relays,
                localConnection,
                timeout,
                punch,
                punchPolicy,
                relayThrough,
                reusableSocket);
    }

    public ConnectSpec withPunchPolicy(PunchPolicy policy) {
        return new ConnectSpec(
                keyPair,
                remote,
                relays,
                localConnection,
                timeout,
                punching,
                policy,
                relayThrough,
                reusableSocket);
    }

    public ConnectSpec withRelayThrough(List<PublicKey> blindRelays) {
        return new ConnectSpec(
                keyPair,
                remote,
                relays,
                localConnection,
                timeout,
                punching,
                punchPolicy,
                blindRelays,
                reusableSocket);
    }

    public ConnectSpec withReusableSocket(boolean reusable) {
        return new ConnectSpec(
                keyPair,
                remote,
                relays,
                localConnection,
                timeout,
                punching,
                punchPolicy,
                relayThrough,
                reusable);
    }
}
