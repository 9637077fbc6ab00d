package dev.keyhole.dht.connect;

import dev.keyhole.dht.SeededEntropy;
import dev.keyhole.dht.announce.AnnounceSignature;
import dev.keyhole.dht.holepunch.NatType;
import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.message.Reply;
import dev.keyhole.dht.message.Request;
import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.transport.crypto.Blake2b;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.Namespace;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.identity.Seed;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.noise.HandshakeException;
import dev.keyhole.transport.noise.IkInitiator;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * What a thousand hostile sources would send to one node, all drawn from a seed: forged replies,
 * handshakes, announces with tokens that were really given out, questions, and noise.
 */
public final class Flood {

    private static final int GENUINE_HANDSHAKES = 320;
    private static final int MADE_UP_HANDSHAKES = 900;
    private static final int KEYS = 64;

    private static final List<Mode> MODES = List.of(Mode.values());
    private static final List<Command.Internal> INTERNAL = List.of(Command.Internal.values());
    private static final List<Command.External> EXTERNAL = List.of(Command.External.values());

    private final Random random;
    private final Address victim;
    private final NodeId victimId;
    private final PublicKey server;
    private final Bytes target;
    private final List<Bytes> handshakes = new ArrayList<>();
    private final List<KeyPair> keys = new ArrayList<>();
    private final Map<Integer, Bytes> tokens = new HashMap<>();
    private long announces;

    /**
     * A flood of one node.
     *
     * @param server the key that the node serves
     */
    public Flood(long seed, Address victim, PublicKey server) {
        this.random = new Random(seed);
        this.victim = victim;
        this.victimId = NodeId.of(victim);
        this.server = server;
        this.target = server.target();
        for (int i = 0; i < KEYS; i++) {
            keys.add(KeyPair.fromSeed(Seed.of(Bytes.random(random, 32))));
        }
        for (int i = 0; i < GENUINE_HANDSHAKES; i++) {
            handshakes.add(firstMessage(keys.get(i % KEYS), i));
        }
        for (int i = 0; i < MADE_UP_HANDSHAKES; i++) {
            handshakes.add(Bytes.random(random, 40 + random.nextInt(200)));
        }
    }

    /** Announces signed for a token of the victim. */
    public long announces() {
        return announces;
    }

    /** Takes in what the victim answered one of the sources. */
    public void learn(Address source, Bytes datagram) {
        try {
            Bytes token = Reply.decode(new WireReader(datagram)).token();
            if (token != null) {
                tokens.put(source.host(), token);
            }
        } catch (MalformedException e) {
            // A request of the victim's, or a stream's packet.
        }
    }

    /** The next datagram, for the source it is to come from. */
    public Bytes next(Address source) {
        int kind = random.nextInt(100);
        if (kind < 20) {
            return forgedReply();
        }
        if (kind < 45) {
            return request(source, Command.PEER_HANDSHAKE, target, handshake(), null);
        }
        if (kind < 55) {
            return request(source, Command.PEER_HOLEPUNCH, target, holepunch(), null);
        }
        if (kind < 56) {
            return announce(source);
        }
        if (kind < 62) {
            return immutablePut(source);
        }
        if (kind < 85) {
            return question(source);
        }
        return noise();
    }

    private Bytes forgedReply() {
        List<Address> closer = new ArrayList<>();
        for (int i = random.nextInt(100); i > 0; i--) {
            closer.add(anyAddress());
        }
        NodeId id = random.nextBoolean() ? NodeId.of(anyAddress()) : null;
        Bytes value = random.nextBoolean() ? Bytes.random(random, random.nextInt(100)) : null;
        return new Reply(random.nextInt(1 << 16), anyAddress(), id, null, closer, 0, value)
                .toBytes();
    }

    private Bytes handshake() {
        Mode mode = MODES.get(random.nextInt(MODES.size()));
        int choices = random.nextBoolean() ? GENUINE_HANDSHAKES : handshakes.size();
        Bytes noise = handshakes.get(random.nextInt(choices));
        return new HandshakeValue(mode, noise, maybeAddress(), maybeAddress()).encode();
    }

    private Bytes holepunch() {
        Mode mode = MODES.get(random.nextInt(MODES.size()));
        Bytes payload = Bytes.random(random, random.nextInt(200));
        return new HolepunchValue(mode, random.nextInt(500), payload, maybeAddress()).encode();
    }

    private Bytes announce(Address source) {
        Bytes token = tokens.getOrDefault(source.host(), Bytes.random(random, 32));
        KeyPair keyPair = keys.get(random.nextInt(KEYS));
        Bytes topic =
                random.nextBoolean() ? keyPair.publicKey().target() : Bytes.random(random, 32);
        announces++;
        AnnounceSignature signature = new AnnounceSignature(topic, victimId, token);
        Bytes value =
                signature.announce(
                        keyPair,
                        List.of(anyAddress()),
                        Bytes.random(random, 32),
                        1 + random.nextInt(1 << 20));
        return request(source, Command.ANNOUNCE, topic, value, token);
    }

    private Bytes immutablePut(Address source) {
        Bytes token = tokens.getOrDefault(source.host(), Bytes.random(random, 32));
        Bytes value = Bytes.random(random, 1000);
        return request(source, Command.IMMUTABLE_PUT, Blake2b.hash256(value), value, token);
    }

    private Bytes question(Address source) {
        Command command =
                switch (random.nextInt(4)) {
                    case 0 -> Command.LOOKUP;
                    case 1 -> Command.of(EXTERNAL.get(random.nextInt(EXTERNAL.size())));
                    default -> Command.of(INTERNAL.get(random.nextInt(INTERNAL.size())));
                };
        Bytes value =
                random.nextBoolean()
                        ? new WireWriter().u32(random.nextInt(12_000)).u16(9).toBytes()
                        : null;
        return request(source, command, Bytes.random(random, 32), value, null);
    }

    private Bytes noise() {
        Bytes any = Bytes.random(random, random.nextInt(200));
        return switch (random.nextInt(4)) {
            case 0 -> Bytes.of(random.nextInt(256));
            case 1 -> Bytes.concat(Bytes.of(0xff, 1, random.nextInt(32), 0), any);
            case 2 -> Bytes.concat(Bytes.of(Request.TYPE, random.nextInt(32)), any);
            default -> any;
        };
    }

    /** A request that shows the id its source has, as an honest node's would. */
    private Bytes request(
            Address source,
            Command command,
            Bytes target,
            @Nullable Bytes value,
            @Nullable Bytes token) {
        NodeId id = random.nextInt(4) == 0 ? NodeId.of(source) : null;
        int tid = random.nextInt(1 << 16);
        return new Request(tid, victim, id, token, command, target, value).toBytes();
    }

    private @Nullable Address maybeAddress() {
        return random.nextBoolean() ? anyAddress() : null;
    }

    private Address anyAddress() {
        return new Address(random.nextInt(), random.nextInt(1 << 16));
    }

    private Bytes firstMessage(KeyPair client, int streamId) {
        try {
            return IkInitiator.write(
                            client,
                            server,
                            Namespace.PEER_HANDSHAKE,
                            NoisePayload.ofClient(
                                            NatType.UNKNOWN,
                                            List.of(anyAddress()),
                                            NoisePayload.Udx.of(streamId),
                                            null)
                                    .encode(),
                            new SeededEntropy(random.nextLong()))
                    .message();
        } catch (HandshakeException e) {
            throw new AssertionError(e);
        }
    }
}
