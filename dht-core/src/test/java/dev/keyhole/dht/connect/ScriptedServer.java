package dev.keyhole.dht.connect;

import dev.keyhole.dht.SeededEntropy;
import dev.keyhole.dht.holepunch.NatType;
import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.message.Reply;
import dev.keyhole.dht.message.Request;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.Namespace;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.noise.Finished;
import dev.keyhole.transport.noise.HandshakeException;
import dev.keyhole.transport.noise.IkResponder;
import dev.keyhole.transport.sim.SimHost;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.stream.EncryptedStream;
import dev.keyhole.transport.udx.StreamMultiplexer;
import dev.keyhole.transport.udx.UdxStream;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A node that claims to know a server, and is the server too: it answers handshakes as the test
 * says, and speaks over streams from whatever address they reach it at.
 */
final class ScriptedServer implements Machine {

    final SimHost host;
    final LocalSocket socket;
    KeyPair keyPair;
    final List<Request> requests = new ArrayList<>();
    final List<NoisePayload> offers = new ArrayList<>();
    final List<Bytes> firstMessages = new ArrayList<>();
    private final StreamMultiplexer streams;
    private final Random random;
    private final Queue<Datagram> outgoing = new ArrayDeque<>();
    private final Map<Bytes, Finished> answered = new HashMap<>();

    NatType firewall = NatType.OPEN;
    List<Address> addresses = List.of();
    NoisePayload.@Nullable Holepunch holepunch;
    long version = 1;
    long error;
    boolean withUdx = true;
    boolean reusable;
    boolean silent;
    Mode mode = Mode.REPLY;

    /** Where it says that the server is; null if it answers as the server itself. */
    @Nullable Address peerAddress;

    /** What it answers instead of anything genuine. */
    @Nullable Bytes forged;

    /** Sends the first packets of the stream before the answer to the handshake. */
    boolean hurries;

    /** Sends each probe back. */
    boolean echoes;

    /** Answers from another socket than the one that was asked. */
    @Nullable LocalSocket answersFrom;

    ScriptedServer(SimDht dht) {
        this.host = dht.net.host(dht.nextHost());
        this.socket = host.bind(SimDht.PORT);
        this.random = new Random(dht.net.random().nextLong());
        this.keyPair = dht.storing.get(0).newKeyPair();
        this.streams = new StreamMultiplexer(random);
        host.run(this);
    }

    Address address() {
        return socket.local();
    }

    PublicKey key() {
        return keyPair.publicKey();
    }

    int handshakes() {
        return count(Command.PEER_HANDSHAKE);
    }

    int count(Command command) {
        return (int) requests.stream().filter(r -> r.command().equals(command)).count();
    }

    @Override
    public void receive(Datagram datagram, long nowNanos) {
        if (streams.receive(datagram, nowNanos)) {
            return;
        }
        if (datagram.payload().length() == 1) {
            if (echoes) {
                outgoing.add(datagram.copy());
            }
            return;
        }
        try {
            Request request = Request.decode(new WireReader(datagram.payload().copy()));
            requests.add(request);
            if (request.command().equals(Command.PEER_HANDSHAKE) && !silent) {
                answer(datagram, request, nowNanos);
            }
        } catch (MalformedException | HandshakeException e) {
            // Not for us.
        }
    }

    private void answer(Datagram datagram, Request request, long nowNanos)
            throws MalformedException, HandshakeException {
        Bytes noise = HandshakeValue.decode(request.value()).noise();
        Bytes reply = forged;
        if (reply == null) {
            Finished finished = answered.get(noise);
            if (finished == null) {
                finished = shake(noise, datagram, nowNanos);
                answered.put(noise, finished);
            }
            reply = finished.message();
        }
        Bytes value = new HandshakeValue(mode, reply, peerAddress, null).encode();
        Reply message =
                new Reply(request.tid(), datagram.source(), null, null, List.of(), 0, value);
        LocalSocket from = answersFrom == null ? datagram.socket() : answersFrom;
        outgoing.add(new Datagram(from, datagram.source(), message.toBytes()));
    }

    private Finished shake(Bytes noise, Datagram datagram, long nowNanos)
            throws MalformedException, HandshakeException {
        IkResponder responder = IkResponder.read(keyPair, Namespace.PEER_HANDSHAKE, noise);
        NoisePayload offer = NoisePayload.decode(responder.payload());
        offers.add(offer);
        firstMessages.add(noise);
        Ear ear = new Ear(offer.udx().id());
        UdxStream raw = streams.open(ear);
        ear.raw = raw;
        Finished finished =
                responder.reply(
                        new NoisePayload(
                                        version,
                                        error,
                                        firewall,
                                        holepunch,
                                        addresses,
                                        List.of(),
                                        withUdx
                                                ? NoisePayload.Udx.of(raw.localId(), reusable)
                                                : null,
                                        1,
                                        null,
                                        null)
                                .encode(),
                        new SeededEntropy(random.nextLong()));
        ear.encrypted =
                new EncryptedStream(finished.session(), raw, new Echo(ear), random, nowNanos);
        if (hurries) {
            raw.connect(datagram.socket(), datagram.source(), ear.remoteId, nowNanos);
        }
        return finished;
    }

    @Override
    public void opened(int request, LocalSocket opened, long nowNanos) {}

    @Override
    public void openFailed(int request, String why, long nowNanos) {}

    @Override
    public void expire(long nowNanos) {
        streams.expire(nowNanos);
    }

    @Override
    public void drain(Effects effects, long nowNanos) {
        streams.drain(effects, nowNanos);
        Datagram next;
        while ((next = outgoing.poll()) != null) {
            effects.send(next.socket(), next.source(), next.payload());
        }
    }

    @Override
    public long deadlineNanos() {
        return streams.deadlineNanos();
    }

    /** Goes to wherever the first packet comes from, as the original does. */
    private static final class Ear implements UdxStream.Listener {

        private final int remoteId;
        private UdxStream raw;
        private EncryptedStream encrypted;

        private Ear(int remoteId) {
            this.remoteId = remoteId;
        }

        @Override
        public boolean firewall(LocalSocket socket, Address source, long nowNanos) {
            if (!raw.isConnected()) {
                raw.connect(socket, source, remoteId, nowNanos);
            }
            return true;
        }

        @Override
        public void data(Bytes data, long nowNanos) {
            encrypted.data(data, nowNanos);
        }

        @Override
        public void ended(long nowNanos) {
            encrypted.ended(nowNanos);
        }

        @Override
        public void closed(CloseReason reason, long nowNanos) {
            if (encrypted != null) {
                encrypted.closed(reason, nowNanos);
            }
        }
    }

    private record Echo(Ear ear) implements EncryptedStream.Listener {

        @Override
        public void verified(long nowNanos) {}

        @Override
        public void message(Bytes message, long nowNanos) {
            ear.encrypted.write(message, nowNanos);
        }

        @Override
        public void ended(long nowNanos) {
            ear.encrypted.end(nowNanos);
        }

        @Override
        public void closed(CloseReason reason, long nowNanos) {}
    }
}
