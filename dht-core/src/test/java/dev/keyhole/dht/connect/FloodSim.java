package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.connect.SimDht.Dialled;
import dev.keyhole.dht.connect.SimDht.Node;
import dev.keyhole.dht.connect.SimDht.Served;
import dev.keyhole.dht.node.RpcStatistics;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A storing node that serves a key, and a thousand strangers who mean it no good. */
class FloodSim {

    private static final int SOURCES = 1000;
    private static final int PER_MILLISECOND = 20;

    private long in;
    private long out;

    @Test
    void aFloodFromAThousandSourcesKeepsWithinEveryBoundAndLetsAnHonestPeerIn() {
        flood(20_000);
    }

    @Test
    @Tag("soak")
    void aFloodOfTwoHundredThousandDatagramsDoesToo() {
        flood(200_000);
    }

    private void flood(int datagrams) {
        SimDht dht = SimDht.of(21, 8);
        Node victim = dht.storing.get(3);
        Served server = victim.serve(key -> false);
        Flood flood = new Flood(7, victim.address, server.key());
        int honest = victim.dht.rpc().tableSize();
        dht.net.tap(
                (from, to, payload) -> {
                    if (from.equals(victim.address) && isSource(to)) {
                        out += payload.length();
                        flood.learn(to, payload);
                    }
                });

        List<Dialled> dialled = new ArrayList<>();
        for (int sent = 0; sent < datagrams; sent += PER_MILLISECOND) {
            for (int i = 0; i < PER_MILLISECOND; i++) {
                deliver(victim, flood, source((sent + i) * 7 % SOURCES));
            }
            dht.net.run(MILLISECONDS.toNanos(1));
            if (sent % 4_000 == 2_000 && dialled.size() < 4) {
                dialled.add(dht.firewalled().dial(server.key()));
            }
            if (sent % 1000 == 0) {
                checkBounds(victim, server);
            }
        }

        assertThat(dialled).hasSize(4).allSatisfy(d -> assertThat(d.await().stream).isNotNull());
        assertThat(dialled).allSatisfy(d -> assertThat(d.seconds()).isLessThan(1));
        assertThat(dialled.get(3).echoes("through the flood")).isTrue();
        RpcStatistics seen = victim.dht.rpc().statistics();
        assertThat(flood.announces()).isGreaterThan(datagrams / 150);
        assertThat(seen.stored()).isGreaterThan(datagrams / 100);
        assertThat(seen.refused().malformed()).isGreaterThan(datagrams / 100);
        assertThat(seen.refused().strayReplies()).isGreaterThan(datagrams / 20);
        assertThat(seen.refused().newcomers()).as("a bound that was met").isPositive();
        assertThat(seen.refused().delayedPings()).as("a bound that was met").isPositive();
        assertThat(out).as("no amplifier").isLessThan(4 * in);

        dht.net.run(SECONDS.toNanos(90));
        assertThat(victim.dht.rpc().tableSize()).as("nobody forged is in").isEqualTo(honest);
        assertThat(server.acceptor.slots()).as("forgotten").isLessThanOrEqualTo(4);
        assertThat(victim.dht.openStreams()).as("the honest ones").isEqualTo(4);
    }

    private void deliver(Node victim, Flood flood, Address source) {
        Bytes payload = flood.next(source);
        in += payload.length();
        Datagram datagram = new Datagram(victim.dht.rpc().serverSocket(), source, payload);
        victim.host.command(now -> victim.dht.receive(datagram, now));
    }

    private static void checkBounds(Node victim, Served server) {
        assertThat(server.acceptor.slots()).isLessThanOrEqualTo(ServerSlots.MAX_SLOTS);
        // Those that wait for their client, those that wait for its proof, and the honest ones.
        assertThat(victim.dht.openStreams())
                .isLessThanOrEqualTo(ServerSlots.MAX_PENDING + Acceptor.MAX_UNPROVED + 4);
        // Newcomers, checks, swaps, and what an announcer asks.
        assertThat(victim.dht.rpc().requestsInFlight()).isLessThan(100);
    }

    private static Address source(int number) {
        return Address.of("77." + number / 250 + "." + number % 250 + ".9", 1024 + number);
    }

    private static boolean isSource(Address address) {
        return address.host() >>> 24 == 77;
    }
}
