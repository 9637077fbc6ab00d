package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.connect.ConnectFailure.Cause;
import dev.keyhole.dht.connect.SimDht.Dialled;
import dev.keyhole.dht.connect.SimDht.Node;
import dev.keyhole.dht.connect.SimDht.Served;
import dev.keyhole.transport.Seeds;
import dev.keyhole.transport.sim.Link;
import org.junit.jupiter.api.Test;

class ConnectSim {

    @Seeds(10)
    void peersMeetThroughRelaysWhateverTheNetworkDoes(long seed) {
        SimDht dht = SimDht.of(seed, 6);
        Served server = (seed % 2 == 0 ? dht.firewalled() : dht.open()).serve(key -> false);
        Node client = seed % 3 == 0 ? dht.open() : dht.firewalled();
        dht.net.link(
                Link.of(MILLISECONDS.toNanos(20))
                        .withJitter(MILLISECONDS.toNanos(10))
                        .withLoss(0.1)
                        .withDuplication(0.1));

        Dialled dialled = client.dial(server.key()).await();

        assertThat(dialled.failure).isNull();
        assertThat(dialled.echoes("over relays and through loss")).isTrue();
        assertThat(server.accepted).hasSize(1);
        assertThat(server.accepted.get(0).remotePublicKey()).isEqualTo(dialled.self);
    }

    @Test
    void whoeverIsDeniedHearsNothingAndFailsInEightSeconds() {
        SimDht dht = SimDht.of(1, 4);
        Served server = dht.firewalled().serve(key -> true);

        Dialled dialled = dht.firewalled().dial(server.key()).await();

        assertThat(dialled.failure.cause()).isEqualTo(Cause.PEER_CONNECTION_FAILED);
        assertThat(dialled.failure.text()).contains("firewall");
        assertThat(dialled.seconds()).isBetween(7.5, 8.5);
        assertThat(server.accepted).isEmpty();
        assertThat(server.acceptor.counters().denied()).isEqualTo(1);
        assertThat(server.acceptor.counters().repeated()).isPositive();
    }

    @Test
    void aKeyNobodyAnnouncedIsNotFoundAtOnce() {
        SimDht dht = SimDht.of(2, 4);
        Node client = dht.firewalled();

        Dialled dialled = client.dial(client.newKeyPair().publicKey()).await();

        assertThat(dialled.failure.cause()).isEqualTo(Cause.PEER_NOT_FOUND);
        assertThat(dialled.seconds()).isLessThan(1);
        assertThat(client.dht.openStreams()).isZero();
    }

    @Test
    void withoutANetworkTheFailureSaysSo() {
        SimDht dht = SimDht.of(3, 1);
        Node client = dht.firewalled();
        dht.storing.get(0).host.kill();

        Dialled dialled = client.dial(client.newKeyPair().publicKey()).await();

        assertThat(dialled.failure.cause()).isEqualTo(Cause.NETWORK_UNREACHABLE);
    }

    @Test
    void aDeadServerIsTriedThroughAllItsRelays() {
        SimDht dht = SimDht.of(4, 5);
        Served server = dht.firewalled().serve(key -> false);
        server.node.host.kill();

        Dialled dialled = dht.firewalled().dial(server.key()).await();

        assertThat(dialled.failure.cause()).isEqualTo(Cause.PEER_CONNECTION_FAILED);
        assertThat(dialled.seconds()).isLessThan(9);
    }

    @Test
    void aServerIsFoundAgainAfterItsRestart() {
        SimDht dht = SimDht.of(5, 5);
        Served before = dht.firewalled().serve(key -> false);
        Node client = dht.firewalled();
        assertThat(client.dial(before.key()).await().echoes("before")).isTrue();
        var keyPair = client.newKeyPair();
        Served first = dht.firewalled().serve(key -> false, true, keyPair);
        assertThat(client.dial(first.key()).await().echoes("first life")).isTrue();
        first.node.host.kill();

        Served second = dht.firewalled().serve(key -> false, true, keyPair);
        Dialled dialled = client.dial(second.key()).await();

        assertThat(dialled.echoes("second life")).isTrue();
        assertThat(dialled.seconds()).isLessThan(1);
    }

    @Test
    void aClosedServerIsWithdrawn() {
        SimDht dht = SimDht.of(6, 5);
        Served server = dht.firewalled().serve(key -> false);
        boolean[] done = new boolean[1];
        server.node.host.command(
                now -> server.node.dht.unlisten(server.acceptor, later -> done[0] = true, now));
        dht.net.runUntil(() -> done[0], SECONDS.toNanos(2));

        Dialled dialled = dht.firewalled().dial(server.key()).await();

        assertThat(dialled.failure.cause()).isEqualTo(Cause.PEER_NOT_FOUND);
    }

    @Test
    void warmConnectNeedsAtMostTwoRequests() {
        SimDht dht = SimDht.of(7, 12);
        Served server = dht.open().serve(key -> false);
        Node client = dht.open();
        client.dial(server.key()).await();
        dht.settle();
        long before = client.host.sent();

        Dialled again = client.dial(server.key()).await();

        assertThat(again.failure).isNull();
        // Requests and the first packets of the stream.
        assertThat(client.host.sent() - before).isLessThanOrEqualTo(4);
    }

    @Test
    void everyFirewallOpensForItsOwnSide() {
        for (SimNat.Kind clientNat : SimNat.Kind.values()) {
            for (SimNat.Kind serverNat : SimNat.Kind.values()) {
                SimDht dht = SimDht.of(8, 8);
                Served server = dht.behind(serverNat).serve(key -> false);
                Node client = dht.behind(clientNat);
                dht.settle();

                Dialled dialled = client.dial(server.key()).await();

                if (clientNat == SimNat.Kind.RANDOM && serverNat == SimNat.Kind.RANDOM) {
                    assertThat(dialled.failure.cause())
                            .isEqualTo(Cause.HOLEPUNCH_DOUBLE_RANDOMIZED_NATS);
                } else {
                    assertThat(dialled.failure).as(clientNat + " to " + serverNat).isNull();
                    assertThat(dialled.stream.path()).isEqualTo(Path.PUNCHED);
                    assertThat(dialled.echoes("through the walls")).isTrue();
                }
            }
        }
    }

    @Test
    void failedConsistentPunchIsRetriedAsRandom() {
        SimDht dht = SimDht.of(19, 8);
        Served server = dht.behind(SimNat.Kind.CONSISTENT).serve(key -> false);
        Node client = dht.behind(SimNat.Kind.CONSISTENT);
        dht.settle();
        dht.net.cut(client.host, server.node.host);
        dht.net.cut(server.node.host, client.host);

        // Both have told each other where they are when the client's NAT forgets.
        Dialled dialled = client.dial(server.key());
        dht.net.run(SECONDS.toNanos(2));
        client.nat.rebind();
        dht.net.run(SECONDS.toNanos(3));
        dht.net.heal(client.host, server.node.host);
        dht.net.heal(server.node.host, client.host);
        dialled.await();

        assertThat(dialled.failure).isNull();
        assertThat(dialled.stream.path()).isEqualTo(Path.PUNCHED);
        assertThat(dialled.seconds()).isBetween(10.0, 50.0);
        assertThat(dialled.echoes("after all")).isTrue();
    }
}
