package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.MICROSECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import dev.keyhole.dht.connect.RelayMemory.Route;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a node knew that is worth knowing after a restart. All of it is hints: nodes that are gone
 * and ways that lead nowhere cost a moment, and nothing in here is believed.
 *
 * @param nodes nodes of the DHT that answered lately
 * @param routes through whom servers were reached, the least recently used first
 */
record SavedState(List<Address> nodes, Map<PublicKey, Route> routes) {

    /** Enough to begin a walk from; more would only be more to wait for, should all be gone. */
    static final int MAX_NODES = 20;

    private static final long VERSION = 1;
    private static final long MAX_ROUND_TRIP_MICROS = 60_000_000;

    SavedState {
        nodes = List.copyOf(nodes.subList(0, Math.min(nodes.size(), MAX_NODES)));
        routes = new LinkedHashMap<>(routes);
    }

    Bytes encode() {
        WireWriter writer = new WireWriter(4096);
        writer.uint(VERSION);
        writer.list(nodes, (w, node) -> node.encode(w));
        writer.uint(routes.size());
        routes.forEach(
                (server, route) -> {
                    server.encode(writer);
                    writer.uint(NANOSECONDS.toMicros(route.roundTripNanos()));
                    writer.list(route.relays(), (w, relay) -> relay.encode(w));
                });
        return writer.toBytes();
    }

    /**
     * Reads what {@link #encode} wrote.
     *
     * @throws MalformedException if it is damaged, longer than it may be, or of another version
     */
    static SavedState decode(Bytes bytes) throws MalformedException {
        WireReader reader = new WireReader(bytes);
        long version = reader.uint();
        if (version != VERSION) {
            throw new MalformedException("version " + version + ", not " + VERSION);
        }
        List<Address> nodes = reader.list(Address::decode);
        long count = reader.uint();
        if (nodes.size() > MAX_NODES || count > RelayMemory.MAX_KEYS) {
            throw new MalformedException(nodes.size() + " nodes and " + count + " routes");
        }
        Map<PublicKey, Route> routes = new LinkedHashMap<>();
        for (long i = 0; i < count; i++) {
            PublicKey server = PublicKey.decode(reader);
            long micros = Math.min(reader.uint(), MAX_ROUND_TRIP_MICROS);
            routes.put(
                    server, new Route(reader.list(Address::decode), MICROSECONDS.toNanos(micros)));
        }
        return new SavedState(nodes, routes);
    }
}
