package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.connect.RelayMemory.Route;
import dev.keyhole.dht.connect.SimDht.Dialled;
import dev.keyhole.dht.connect.SimDht.Node;
import dev.keyhole.dht.connect.SimDht.Served;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.sim.Link;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;

/** What a node gains from what it knew before a restart, and what that cannot do to it. */
class StateSim {

    private static final long DELAY = MILLISECONDS.toNanos(50);
    private static final double ROUND_TRIP = 0.1;

    @Test
    void aFreshProcessConnectsAsFastAsAWarmOne() throws Exception {
        SimDht dht = SimDht.of(61, 12);
        Served server = dht.open().serve(key -> false);
        Node before = dht.firewalled();
        dht.settle();
        dht.net.link(Link.of(DELAY));
        assertThat(before.dial(server.key()).await().failure).isNull();
        Dialled warm = before.dial(server.key()).await();
        Bytes saved = before.dht.saveState();

        Node fresh = dht.asleep();
        fresh.dht.restoreState(saved);
        fresh.begin();
        Dialled cold = fresh.dial(server.key()).await();

        // To the server and back through a relay, and once directly.
        assertThat(warm.seconds()).isLessThan(3.1 * ROUND_TRIP);
        assertThat(cold.failure).isNull();
        assertThat(cold.seconds()).isLessThanOrEqualTo(warm.seconds() + ROUND_TRIP);
        assertThat(cold.echoes("as if nothing had happened")).isTrue();
    }

    @Test
    void aNodeWhoseBootstrapNodesAreGoneFindsTheNetworkThroughThoseItKnew() throws Exception {
        SimDht dht = SimDht.of(62, 8);
        Served server = dht.open().serve(key -> false);
        Node before = dht.firewalled();
        dht.settle();
        Bytes saved = before.dht.saveState();
        dht.storing.get(0).host.kill();

        Node fresh = dht.asleep();
        fresh.dht.restoreState(saved);
        fresh.begin();
        Dialled dialled = fresh.dial(server.key()).await();

        assertThat(dialled.failure).isNull();
        Node lost = dht.asleep();
        lost.begin();
        assertThat(lost.dial(server.key()).await().failure.cause())
                .isEqualTo(ConnectFailure.Cause.NETWORK_UNREACHABLE);
    }

    @Test
    void aStateFullOfTheDeadOnlyCostsAMoment() throws Exception {
        SimDht dht = SimDht.of(63, 8);
        Served server = dht.open().serve(key -> false);
        dht.settle();
        List<Address> dead = new ArrayList<>();
        for (int i = 0; i < SavedState.MAX_NODES; i++) {
            dead.add(Address.parse("77.0.0." + (i + 1) + ":1000"));
        }
        Map<PublicKey, Route> routes =
                Map.of(server.key(), new Route(dead.subList(0, 8), SECONDS.toNanos(1)));

        Node fresh = dht.asleep();
        fresh.dht.restoreState(new SavedState(dead, routes).encode());
        fresh.begin();
        Dialled dialled = fresh.dial(server.key()).await();

        assertThat(dialled.failure).isNull();
        assertThat(dialled.seconds()).isLessThan(3);
    }

    @Test
    void whatIsSavedIsReadBackAndBounded() throws Exception {
        Random random = new Random(1);
        SimDht dht = SimDht.of(64, 1);
        RelayMemory memory = new RelayMemory();
        List<Address> many = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            many.add(new Address(random.nextInt(), 1 + random.nextInt(65535)));
        }
        for (int i = 0; i < RelayMemory.MAX_KEYS + 50; i++) {
            memory.remember(
                    dht.storing.get(0).newKeyPair().publicKey(), new Route(many, 12_000_000));
        }

        Bytes saved = new SavedState(many, memory.all()).encode();
        SavedState back = SavedState.decode(saved);

        assertThat(saved.length()).isLessThan(1 << 17);
        assertThat(back.nodes()).isEqualTo(many.subList(0, SavedState.MAX_NODES));
        assertThat(back.routes()).isEqualTo(memory.all()).hasSize(RelayMemory.MAX_KEYS);
        assertThat(back.routes().values())
                .allMatch(route -> route.relays().size() == RelayMemory.MAX_RELAYS);
    }

    @Test
    void damagedStatesAreRefusedAsSuch() {
        SimDht dht = SimDht.of(65, 1);
        Map<PublicKey, Route> routes = new LinkedHashMap<>();
        List<Address> nodes = List.of(Address.parse("1.2.3.4:5"), Address.parse("1.2.3.5:6"));
        for (int i = 0; i < 5; i++) {
            routes.put(dht.storing.get(0).newKeyPair().publicKey(), new Route(nodes, 30_000_000));
        }
        byte[] sound = new SavedState(nodes, routes).encode().toArray();
        Random random = new Random(2);
        int refused = 0;

        for (int i = 0; i < 5_000; i++) {
            byte[] damaged = sound.clone();
            for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
            }
            Bytes bytes = Bytes.wrap(damaged).slice(0, random.nextInt(damaged.length + 1));
            try {
                SavedState.decode(bytes);
            } catch (MalformedException e) {
                refused++;
            }
        }

        assertThat(refused).isGreaterThan(4_000);
        Assertions.assertThatThrownBy(() -> SavedState.decode(Bytes.of(2)))
                .isInstanceOf(MalformedException.class)
                .hasMessage("version 2, not 1");
    }
}
