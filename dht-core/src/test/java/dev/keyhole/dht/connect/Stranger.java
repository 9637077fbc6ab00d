package dev.keyhole.dht.connect;

import dev.keyhole.dht.SeededEntropy;
import dev.keyhole.dht.holepunch.HolepunchPayload;
import dev.keyhole.dht.holepunch.NatType;
import dev.keyhole.dht.holepunch.SecurePayload;
import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.message.Reply;
import dev.keyhole.dht.message.Request;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.Namespace;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.identity.Seed;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.noise.Finished;
import dev.keyhole.transport.noise.HandshakeException;
import dev.keyhole.transport.noise.IkInitiator;
import dev.keyhole.transport.sim.PassiveMachine;
import dev.keyhole.transport.sim.SimHost;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Somebody who sends what it likes, as client or as relay, and collects what comes back. */
final class Stranger extends PassiveMachine {

    static final NoisePayload.Udx STREAM = NoisePayload.Udx.of(77);

    final SimDht dht;
    final Address address;
    final List<Received> replies = new ArrayList<>();
    final List<Received> requests = new ArrayList<>();
    final List<Address> probes = new ArrayList<>();
    final List<Address> streamPackets = new ArrayList<>();

    private final SimHost host;
    private final LocalSocket socket;
    private int tid;

    /** A message and where it came from. */
    record Received(Address from, Bytes datagram) {

        int tid() {
            return datagram.unsignedAt(2) | datagram.unsignedAt(3) << 8;
        }

        @Nullable Bytes value() {
            try {
                WireReader reader = new WireReader(datagram);
                return datagram.unsignedAt(0) == Reply.TYPE
                        ? Reply.decode(reader).value()
                        : Request.decode(reader).value();
            } catch (MalformedException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    Stranger(SimDht dht) {
        this(dht, dht.nextHost());
    }

    Stranger(SimDht dht, String host) {
        this.dht = dht;
        this.host = dht.net.host(host);
        this.socket = this.host.bind(1234);
        this.address = socket.local();
        this.host.run(this);
    }

    static NoisePayload asking() {
        return asking(NatType.UNKNOWN, List.of());
    }

    static NoisePayload asking(NatType firewall, List<Address> addresses) {
        return NoisePayload.ofClient(firewall, addresses, STREAM, null);
    }

    void handshake(Address to, PublicKey server, Bytes noise) {
        send(to, Command.PEER_HANDSHAKE, server, HandshakeValue.fromClient(noise).encode());
        dht.net.run(1_000_000L);
    }

    void send(Address to, Command command, PublicKey server, Bytes value) {
        Request request =
                new Request(++tid & 0xffff, to, null, null, command, server.target(), value);
        send(socket, to, request.toBytes());
        host.command(now -> {});
    }

    int lastTid() {
        return tid & 0xffff;
    }

    /** One byte, as those send who punch. */
    void probe(Address to) {
        send(socket, to, Bytes.of(0));
        host.command(now -> {});
    }

    /** A handshake of somebody new. */
    Call call(PublicKey server, int seed) {
        return call(server, seed, asking());
    }

    Call call(PublicKey server, int seed, NoisePayload payload) {
        KeyPair self = KeyPair.fromSeed(Seed.of(Bytes.random(new Random(seed), 32)));
        try {
            IkInitiator initiator =
                    IkInitiator.write(
                            self,
                            server,
                            Namespace.PEER_HANDSHAKE,
                            payload.encode(),
                            new SeededEntropy(seed));
            return new Call(server, self.publicKey(), initiator);
        } catch (HandshakeException e) {
            throw new IllegalStateException(e);
        }
    }

    /** One handshake and what follows from it. */
    final class Call {

        final PublicKey server;
        final PublicKey self;
        final Bytes noise;
        private final IkInitiator initiator;
        private @Nullable Finished finished;

        private Call(PublicKey server, PublicKey self, IkInitiator initiator) {
            this.server = server;
            this.self = self;
            this.initiator = initiator;
            this.noise = initiator.message();
        }

        /** Sends it as a client does, to a relay or to the server itself, and waits a second. */
        Call ask(Address node) {
            send(node, Command.PEER_HANDSHAKE, server, HandshakeValue.fromClient(noise).encode());
            dht.net.run(1_000_000_000L);
            return this;
        }

        /** Sends it as a relay does on behalf of a client. */
        Call askFor(Address client, Address node) {
            Bytes value = new HandshakeValue(Mode.FROM_RELAY, noise, client, null).encode();
            send(node, Command.PEER_HANDSHAKE, server, value);
            return this;
        }

        /** The answer that came last. */
        HandshakeValue reply() {
            return handshake(replies);
        }

        /** The server's request to us as its relay that came last. */
        HandshakeValue answerToRelay() {
            return handshake(requests);
        }

        private HandshakeValue handshake(List<Received> messages) {
            try {
                return HandshakeValue.decode(messages.get(messages.size() - 1).value());
            } catch (MalformedException e) {
                throw new IllegalStateException(e);
            }
        }

        Finished finished(HandshakeValue answer) {
            try {
                finished = finished == null ? initiator.read(answer.noise()) : finished;
                return finished;
            } catch (HandshakeException e) {
                throw new IllegalStateException(e);
            }
        }

        NoisePayload payload(HandshakeValue answer) {
            try {
                return NoisePayload.decode(finished(answer).payload());
            } catch (MalformedException e) {
                throw new IllegalStateException(e);
            }
        }

        /** Says something about punching through a node, and waits for the server's word on it. */
        @Nullable HolepunchPayload punch(
                Address node,
                @Nullable Address serverAddress,
                HandshakeValue answer,
                HolepunchPayload said) {
            return punch(node, serverAddress, answer, payload(answer).holepunch().id(), said);
        }

        @Nullable HolepunchPayload punch(
                Address node,
                @Nullable Address serverAddress,
                HandshakeValue answer,
                long id,
                HolepunchPayload said) {
            SecurePayload secure = SecurePayload.of(finished(answer).session());
            Bytes sealed = secure.seal(said, new Random(id));
            int before = replies.size();
            Bytes value = new HolepunchValue(Mode.FROM_CLIENT, id, sealed, serverAddress).encode();
            send(node, Command.PEER_HOLEPUNCH, server, value);
            for (int i = 0; i < 30 && replies.size() == before; i++) {
                dht.net.run(100_000_000L);
            }
            if (replies.size() == before) {
                return null;
            }
            try {
                Bytes answered = replies.get(replies.size() - 1).value();
                return secure.open(HolepunchValue.decode(answered).payload());
            } catch (MalformedException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    @Override
    public void receive(Datagram datagram, long nowNanos) {
        Received received = new Received(datagram.source(), datagram.payload().copy());
        switch (datagram.payload().unsignedAt(0)) {
            case 0 -> probes.add(datagram.source());
            case Reply.TYPE -> replies.add(received);
            case Request.TYPE -> requests.add(received);
            default -> streamPackets.add(datagram.source());
        }
    }
}
