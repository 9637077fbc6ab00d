package dev.keyhole.dht.connect;

import dev.keyhole.transport.identity.PublicKey;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The streams of one server that are open: those whose peers have proved their keys, by key, and
 * those whose peers have yet to. Every handshake asks how many there are, so they stay counted.
 */
final class ServerStreams {

    private final Set<PeerStream> all = new LinkedHashSet<>();
    private final Map<PublicKey, Set<PeerStream>> byKey = new HashMap<>();
    private int proved;

    /** Takes in a stream whose peer has not proved its key. */
    void add(PeerStream stream) {
        all.add(stream);
    }

    /** Takes in that the peer of a stream has proved its key. */
    void proved(PeerStream stream) {
        assert all.contains(stream);
        Set<PeerStream> ofKey =
                byKey.computeIfAbsent(stream.remotePublicKey(), key -> new LinkedHashSet<>(1));
        if (ofKey.add(stream)) {
            proved++;
        }
    }

    /** Takes in that a stream is over; harmless when repeated. */
    void remove(PeerStream stream) {
        all.remove(stream);
        Set<PeerStream> ofKey = byKey.get(stream.remotePublicKey());
        if (ofKey != null && ofKey.remove(stream)) {
            proved--;
            if (ofKey.isEmpty()) {
                byKey.remove(stream.remotePublicKey());
            }
        }
    }

    int size() {
        return all.size();
    }

    /** How many peers have proved their keys, once for each stream. */
    int proved() {
        return proved;
    }

    /** How many streams are open to peers that have yet to prove their keys. */
    int unproved() {
        return all.size() - proved;
    }

    /** The streams of a peer that has proved its key in each. */
    Set<PeerStream> of(PublicKey remote) {
        return byKey.getOrDefault(remote, Set.of());
    }

    /** All streams of the moment, in the order of their beginnings. */
    List<PeerStream> all() {
        return List.copyOf(all);
    }
}
