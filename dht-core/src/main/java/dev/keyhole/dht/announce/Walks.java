package dev.keyhole.dht.announce;

import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.message.LookupValue;
import dev.keyhole.dht.message.MutablePut;
import dev.keyhole.dht.message.MutableValue;
import dev.keyhole.dht.message.PeerRecord;
import dev.keyhole.dht.message.PluginRequest;
import dev.keyhole.dht.query.QuerySpec;
import dev.keyhole.dht.request.Answer;
import dev.keyhole.dht.request.RequestSpec;
import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.transport.crypto.Blake2b;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The walks by which peers say where they are, look for each other, and leave values ({@code
 * docs/protocol.md}, "Announces", "Lookups", "Stored values"), and how to read their answers.
 *
 * <p>What a storing node answers is a hint. Values prove themselves and are checked here; that a
 * peer is who a record says shows in the handshake.
 */
public final class Walks {

    private Walks() {}

    /** Walks to those who know the way to a server. */
    public static QuerySpec findPeer(PublicKey publicKey) {
        return QuerySpec.of(publicKey.target(), Command.FIND_PEER);
    }

    /** Walks to those who know who announced a topic. */
    public static QuerySpec lookup(Bytes topic) {
        return QuerySpec.of(topic, Command.LOOKUP);
    }

    /**
     * Announces a topic at the nodes nearest to it, each with a signature of its own.
     *
     * @param relays nodes that know the way to us; three of them are stored
     * @param bump our clock in milliseconds, 0 for none
     */
    public static QuerySpec announce(
            Bytes topic, KeyPair keyPair, List<Address> relays, long bump) {
        return lookup(topic)
                .withCommit(
                        answer ->
                                signed(
                                        answer,
                                        topic,
                                        Command.ANNOUNCE,
                                        signature ->
                                                signature.announce(keyPair, relays, null, bump)));
    }

    /** The same, but removes what the key announced before wherever it finds it. */
    public static QuerySpec announceAfresh(
            Bytes topic, KeyPair keyPair, List<Address> relays, long bump) {
        return announce(topic, keyPair, relays, bump)
                .withFollowUp(answer -> removal(answer, topic, keyPair));
    }

    /** Removes what the key announced, wherever it is found. */
    public static QuerySpec unannounce(Bytes topic, KeyPair keyPair) {
        return lookup(topic).withFollowUp(answer -> removal(answer, topic, keyPair));
    }

    /** The announce of a server itself at one node that answered {@link #findPeer}. */
    public static @Nullable RequestSpec selfAnnounce(Answer answer, KeyPair keyPair) {
        Bytes target = keyPair.publicKey().target();
        return signed(
                answer,
                target,
                Command.ANNOUNCE,
                signature -> signature.announce(keyPair, List.of(), null, 0));
    }

    /** The end of a server's announce at one node that answered {@link #findPeer}. */
    public static @Nullable RequestSpec selfUnannounce(Answer answer, KeyPair keyPair) {
        Bytes target = keyPair.publicKey().target();
        return signed(
                answer, target, Command.UNANNOUNCE, signature -> signature.unannounce(keyPair));
    }

    /** Stores a value that only its key can replace, by one with a higher sequence number. */
    public static QuerySpec putMutable(PublicKey publicKey, MutableValue value) {
        Bytes put = new MutablePut(publicKey, value).toBytes();
        return getMutable(publicKey, 0)
                .withCommit(answer -> put(answer, publicKey.target(), Command.MUTABLE_PUT, put));
    }

    /** Walks to the value of a key, unless it is older than the given sequence number. */
    public static QuerySpec getMutable(PublicKey publicKey, long minSeq) {
        return QuerySpec.of(publicKey.target(), Command.MUTABLE_GET)
                .withValue(new WireWriter(9).uint(minSeq).toBytes());
    }

    /** Stores a value under its hash. */
    public static QuerySpec putImmutable(Bytes value) {
        Bytes target = Blake2b.hash256(value);
        return getImmutable(target)
                .withCommit(answer -> put(answer, target, Command.IMMUTABLE_PUT, value));
    }

    /** Walks to the value with a hash. */
    public static QuerySpec getImmutable(Bytes target) {
        return QuerySpec.of(target, Command.IMMUTABLE_GET);
    }

    /** The server's record in an answer to {@link #findPeer}, if the node knows the way. */
    public static Optional<PeerRecord> peer(Answer answer, PublicKey publicKey) {
        return read(answer, PeerRecord::decode)
                .filter(record -> record.publicKey().equals(publicKey));
    }

    /** What an answer to {@link #lookup} lists, if anything. */
    public static Optional<LookupValue> peers(Answer answer) {
        return read(answer, LookupValue::decode);
    }

    /** The value in an answer to {@link #getMutable}, if it is the key's and not too old. */
    public static Optional<MutableValue> mutable(Answer answer, PublicKey publicKey, long minSeq) {
        return read(answer, MutableValue::decode)
                .filter(value -> value.seq() >= minSeq && value.verify(publicKey));
    }

    /** The value in an answer to {@link #getImmutable}, if it is the one with that hash. */
    public static Optional<Bytes> immutable(Answer answer, Bytes target) {
        return Optional.ofNullable(answer.value())
                .filter(value -> Blake2b.hash256(value).equals(target));
    }

    /** Asks an extension of the network at the nodes nearest to a target, and on the way there. */
    public static QuerySpec plugin(Bytes target, PluginRequest request) {
        return QuerySpec.of(target, Command.PLUGIN).withValue(request.toBytes());
    }

    private static <T> Optional<T> read(Answer answer, WireReader.Decoder<T> decoder) {
        Bytes value = answer.value();
        if (value == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(decoder.decode(new WireReader(value)));
        } catch (MalformedException e) {
            return Optional.empty();
        }
    }

    private static @Nullable RequestSpec removal(Answer answer, Bytes topic, KeyPair keyPair) {
        boolean mayHold = peers(answer).filter(found -> mayHold(found, keyPair)).isPresent();
        return mayHold
                ? signed(
                        answer,
                        topic,
                        Command.UNANNOUNCE,
                        signature -> signature.unannounce(keyPair))
                : null;
    }

    /** Whether a node holds a key's record, or so many that this one may be among the others. */
    private static boolean mayHold(LookupValue found, KeyPair keyPair) {
        return found.peers().size() >= LookupValue.MAX_PEERS
                || found.peers().stream()
                        .anyMatch(peer -> peer.publicKey().equals(keyPair.publicKey()));
    }

    /** A body that depends on who is to store it. */
    private interface Body {
        Bytes signedBy(AnnounceSignature signature);
    }

    private static @Nullable RequestSpec signed(
            Answer answer, Bytes target, Command command, Body body) {
        NodeId node = answer.id();
        Bytes token = answer.token();
        return node == null || token == null
                ? null
                : put(
                        answer,
                        target,
                        command,
                        body.signedBy(new AnnounceSignature(target, node, token)));
    }

    private static @Nullable RequestSpec put(
            Answer answer, Bytes target, Command command, Bytes value) {
        Bytes token = answer.token();
        return token == null
                ? null
                : RequestSpec.of(answer.from(), command)
                        .withTarget(target)
                        .withToken(token)
                        .withValue(value);
    }
}
