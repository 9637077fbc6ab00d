package dev.keyhole.examples.interop;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Networks on loopback that the tests of a class share; each starts when it is first needed. */
final class Networks implements AutoCloseable {

    private final Map<Kind, String> bootstraps = new EnumMap<>(Kind.class);
    private final List<Peer> peers = new ArrayList<>();

    /** Whose nodes a network is made of. */
    enum Kind {
        ORIGINAL,
        KEYHOLE
    }

    /** The address to begin with. */
    String bootstrap(Kind kind) {
        return bootstraps.computeIfAbsent(kind, this::start);
    }

    private String start(Kind kind) {
        Peer network =
                kind == Kind.ORIGINAL
                        ? Peer.original("testnet.mjs", "--nodes", 6)
                        : Peer.keyhole("testnet", "--nodes", 6);
        peers.add(network);
        return network.await("BOOTSTRAP");
    }

    @Override
    public void close() {
        peers.forEach(Peer::close);
    }
}
