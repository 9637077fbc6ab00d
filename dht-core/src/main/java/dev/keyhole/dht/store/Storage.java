package dev.keyhole.dht.store;

import static java.util.concurrent.TimeUnit.MINUTES;

import dev.keyhole.dht.announce.AnnounceSignature;
import dev.keyhole.dht.message.AnnounceValue;
import dev.keyhole.dht.message.ErrorCode;
import dev.keyhole.dht.message.LookupValue;
import dev.keyhole.dht.message.MutablePut;
import dev.keyhole.dht.message.MutableValue;
import dev.keyhole.dht.message.PeerRecord;
import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.transport.crypto.Blake2b;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * What a persistent node keeps for others, and the rules by which it takes in and hands out
 * ({@code docs/protocol.md}, "Announces", "Lookups", "Stored values").
 */
public final class Storage {

    /** How far ahead of our clock an announcer's may be. */
    static final long MAX_CLOCK_DRIFT_MILLIS = MINUTES.toMillis(1);

    private final Random entropy;
    private final ForwardTable forwards;
    private final TopicRecords topics;
    private final GenerationCache<Bytes, Renewal> renewals;
    private final GenerationCache<Bytes, Long> bumps;
    private final GenerationCache<Bytes, MutableValue> mutables;
    private final GenerationCache<Bytes, Bytes> immutables;
    private long refused;

    /** What a secret brings back whose hash was deposited with an announce. */
    private record Renewal(Bytes target, PeerRecord peer) {}

    public Storage(StoreLimits limits, Random entropy) {
        this.entropy = entropy;
        forwards = new ForwardTable(limits);
        topics = new TopicRecords(limits);
        renewals = new GenerationCache<>(limits.forwards(), limits.recordAgeNanos());
        bumps = new GenerationCache<>(limits.forwards(), limits.recordAgeNanos());
        mutables = new GenerationCache<>(limits.values(), limits.valueAgeNanos());
        immutables = new GenerationCache<>(limits.values(), limits.valueAgeNanos());
    }

    public ForwardTable forwards() {
        return forwards;
    }

    /**
     * Does what is asked and says what to answer.
     *
     * @param self the id of this node, which announces are signed for
     */
    public StoreAnswer handle(
            StoreRequest request, NodeId self, long nowNanos, long wallClockMillis) {
        Bytes target = request.target();
        if (target == null) {
            return StoreAnswer.SILENT;
        }
        try {
            return switch (request.command()) {
                case FIND_PEER -> findPeer(target, nowNanos);
                case LOOKUP -> lookup(target, nowNanos);
                case ANNOUNCE -> announce(request, target, self, nowNanos, wallClockMillis);
                case UNANNOUNCE -> unannounce(request, target, self);
                case MUTABLE_PUT -> mutablePut(request, target, nowNanos);
                case MUTABLE_GET -> mutableGet(request, target, nowNanos);
                case IMMUTABLE_PUT -> immutablePut(request, target, nowNanos);
                case IMMUTABLE_GET -> StoreAnswer.full(immutables.find(target, nowNanos));
                case PEER_HANDSHAKE, PEER_HOLEPUNCH, PLUGIN -> StoreAnswer.SILENT;
            };
        } catch (MalformedException e) {
            return StoreAnswer.SILENT;
        }
    }

    /** Forgets our own announce of a topic. */
    public void forget(Bytes topic, PublicKey publicKey) {
        topics.remove(topic, publicKey);
    }

    /** How many entries of every kind there are. */
    public int size() {
        return forwards.size()
                + topics.size()
                + renewals.size()
                + bumps.size()
                + mutables.size()
                + immutables.size();
    }

    /** Valid wishes to store that were not granted, since a limit would have been exceeded. */
    public long refused() {
        return refused;
    }

    /** Forgets everything. */
    public void clear() {
        forwards.clear();
        topics.clear();
        renewals.clear();
        bumps.clear();
        mutables.clear();
        immutables.clear();
    }

    private StoreAnswer findPeer(Bytes target, long nowNanos) {
        ForwardEntry entry = forwards.find(target, nowNanos).orElse(null);
        return StoreAnswer.full(entry == null ? null : entry.record());
    }

    private StoreAnswer lookup(Bytes target, long nowNanos) {
        List<Bytes> records =
                new ArrayList<>(topics.sample(target, LookupValue.MAX_PEERS, entropy, nowNanos));
        if (records.size() < LookupValue.MAX_PEERS) {
            forwards.find(target, nowNanos).ifPresent(entry -> records.add(entry.record()));
        }
        if (records.isEmpty()) {
            return StoreAnswer.full(null);
        }
        Long bump = bumps.find(target, nowNanos);
        WireWriter writer = new WireWriter(64 * records.size());
        writer.list(records, (w, record) -> w.bytes(record)).uint(bump == null ? 0 : bump);
        return StoreAnswer.full(writer.toBytes());
    }

    private StoreAnswer announce(
            StoreRequest request, Bytes target, NodeId self, long nowNanos, long wallClockMillis)
            throws MalformedException {
        Bytes token = request.token();
        Bytes body = request.value();
        if (token == null || body == null) {
            return StoreAnswer.SILENT;
        }
        AnnounceValue value = AnnounceValue.decode(new WireReader(body));
        PeerRecord peer = value.peer();
        if (peer == null) {
            return renew(value.refresh(), request.from(), nowNanos);
        }
        if (!new AnnounceSignature(target, self, token).verifyAnnounce(value)
                || !keep(target, peer.kept(), request.from(), nowNanos)) {
            return StoreAnswer.SILENT;
        }
        int host = request.from().host();
        if (!isSelfAnnounce(target, peer)) {
            Long before = bumps.find(target, nowNanos);
            if (value.bump() > (before == null ? 0 : before)
                    && value.bump() <= wallClockMillis + MAX_CLOCK_DRIFT_MILLIS) {
                bumps.put(target.compact(), value.bump(), host, nowNanos);
            }
        }
        Bytes refresh = value.refresh();
        if (refresh != null) {
            Renewal renewal = new Renewal(target.compact(), peer.kept());
            renewals.put(refresh.compact(), renewal, host, nowNanos);
        }
        return StoreAnswer.BARE;
    }

    private StoreAnswer renew(@Nullable Bytes secret, Address from, long nowNanos) {
        if (secret == null) {
            return StoreAnswer.SILENT;
        }
        Bytes hash = Blake2b.hash256(secret);
        Renewal renewal = renewals.find(hash, nowNanos);
        if (renewal == null || !keep(renewal.target(), renewal.peer(), from, nowNanos)) {
            return StoreAnswer.SILENT;
        }
        renewals.remove(hash);
        renewals.put(secret.compact(), renewal, from.host(), nowNanos);
        return StoreAnswer.BARE;
    }

    private boolean keep(Bytes target, PeerRecord peer, Address from, long nowNanos) {
        Bytes record = peer.toBytes();
        if (isSelfAnnounce(target, peer)) {
            topics.remove(target, peer.publicKey());
            return granted(forwards.announce(target.compact(), from, record, nowNanos));
        }
        return granted(
                topics.put(target.compact(), peer.publicKey(), record, from.host(), nowNanos));
    }

    private boolean granted(boolean stored) {
        refused += stored ? 0 : 1;
        return stored;
    }

    private StoreAnswer unannounce(StoreRequest request, Bytes target, NodeId self)
            throws MalformedException {
        Bytes token = request.token();
        Bytes body = request.value();
        if (token == null || body == null) {
            return StoreAnswer.SILENT;
        }
        AnnounceValue value = AnnounceValue.decode(new WireReader(body));
        PeerRecord peer = value.peer();
        if (peer == null || !new AnnounceSignature(target, self, token).verifyUnannounce(value)) {
            return StoreAnswer.SILENT;
        }
        topics.remove(target, peer.publicKey());
        if (isSelfAnnounce(target, peer)) {
            forwards.unannounce(target);
        }
        return StoreAnswer.BARE;
    }

    private StoreAnswer mutablePut(StoreRequest request, Bytes target, long nowNanos)
            throws MalformedException {
        Bytes body = request.value();
        if (request.token() == null || body == null) {
            return StoreAnswer.SILENT;
        }
        MutablePut put = MutablePut.decode(new WireReader(body));
        MutableValue wanted = put.stored();
        if (!put.publicKey().target().equals(target) || !wanted.verify(put.publicKey())) {
            return StoreAnswer.SILENT;
        }
        MutableValue before = mutables.find(target, nowNanos);
        if (before != null
                && wanted.seq() == before.seq()
                && !wanted.value().equals(before.value())) {
            return StoreAnswer.error(ErrorCode.SEQ_REUSED);
        }
        if (before != null && wanted.seq() < before.seq()) {
            return StoreAnswer.error(ErrorCode.SEQ_TOO_LOW);
        }
        return granted(
                        mutables.put(
                                target.compact(),
                                wanted.compact(),
                                request.from().host(),
                                nowNanos))
                ? StoreAnswer.full(null)
                : StoreAnswer.SILENT;
    }

    private StoreAnswer mutableGet(StoreRequest request, Bytes target, long nowNanos)
            throws MalformedException {
        Bytes body = request.value();
        if (body == null) {
            return StoreAnswer.SILENT;
        }
        long wanted = new WireReader(body).uint();
        MutableValue stored = mutables.find(target, nowNanos);
        return StoreAnswer.full(stored == null || stored.seq() < wanted ? null : stored.toBytes());
    }

    private StoreAnswer immutablePut(StoreRequest request, Bytes target, long nowNanos) {
        Bytes value = request.value();
        if (request.token() == null || value == null || !Blake2b.hash256(value).equals(target)) {
            return StoreAnswer.SILENT;
        }
        return granted(
                        immutables.put(
                                target.compact(), value.compact(), request.from().host(), nowNanos))
                ? StoreAnswer.full(null)
                : StoreAnswer.SILENT;
    }

    private static boolean isSelfAnnounce(Bytes target, PeerRecord peer) {
        return peer.publicKey().target().equals(target);
    }
}
