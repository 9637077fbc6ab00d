package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.connect.SimDht.Dialled;
import dev.keyhole.dht.connect.SimDht.Node;
import dev.keyhole.dht.connect.SimDht.Served;
import dev.keyhole.dht.node.NodeConfig;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.sim.Link;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What becomes of a node, and of its connections, when it changes networks. */
class NetworkChangeSim {

    private static final Link LINK = Link.of(MILLISECONDS.toNanos(20));
    private static final List<Address> ELSEWHERE = List.of(Address.parse("192.168.44.7:49737"));

    @Test
    void networkChangeForgetsVerdictAddressAndLocalCache() {
        SimDht dht = SimDht.of(61, 8);
        NodeConfig config = NodeConfig.of(List.of(dht.storing.get(0).address));
        Node node = dht.start(dht.nextHost(), config);
        Served server = node.serve(key -> false);
        dht.net.runUntil(() -> node.dht.rpc().remoteAddress().isPresent(), SECONDS.toNanos(30));
        dht.settle();
        long rounds = server.announcer().rounds();

        node.host.command(now -> node.dht.networkChanged(ELSEWHERE, now));

        assertThat(node.dht.rpc().isFirewalled()).isTrue();
        assertThat(node.dht.rpc().remoteAddress()).isEmpty();
        assertThat(node.dht.rpc().observedAddress()).isEmpty();
        assertThat(node.dht.rpc().localAddresses()).isEqualTo(ELSEWHERE);
        dht.net.run(SECONDS.toNanos(2));
        assertThat(server.announcer().rounds()).isGreaterThan(rounds);

        dht.net.run(SECONDS.toNanos(8));
        assertThat(node.dht.rpc().remoteAddress()).as("checked anew").contains(node.address);
        assertThat(server.relayAddresses())
                .allMatch(relay -> dht.at(relay).wayTo(server.key()).equals(node.address));
    }

    @Test
    void networkSwitchIsNoticedWithinTwoSeconds() {
        SimDht dht = SimDht.of(63, 6);
        Served server = dht.open().serve(key -> false);
        Node client = dht.behind(SimNat.Kind.CONSISTENT);
        dht.net.link(LINK);
        Dialled dialled = client.dial(server.key()).await();
        assertThat(dialled.echoes("before")).isTrue();
        dht.net.run(SECONDS.toNanos(1));
        PeerStream accepted = server.accepted.get(0);
        Address before = accepted.remoteAddress();

        client.moveToAnotherNetwork(0);
        dht.net.run(SECONDS.toNanos(2));

        assertThat(accepted.remoteAddress().host())
                .as("the server has followed without a word of the application")
                .isNotEqualTo(before.host())
                .isEqualTo(client.host.address());
        assertThat(dialled.silences).isZero();
        long begun = dht.net.now();
        assertThat(dialled.echoes("after")).isTrue();
        assertThat(dht.net.now() - begun).isLessThan(MILLISECONDS.toNanos(100));
    }

    @Test
    void whoIsNotHeardAfterASwitchIsReportedWithinASecond() {
        SimDht dht = SimDht.of(64, 6);
        Served server = dht.open().serve(key -> false);
        Node client = dht.behind(SimNat.Kind.CONSISTENT);
        Dialled dialled = client.dial(server.key()).await();
        assertThat(dialled.echoes("before")).isTrue();
        server.node.host.kill();

        client.moveToAnotherNetwork(0);
        dht.net.run(SECONDS.toNanos(1));

        assertThat(dialled.silences).isEqualTo(1);
        dht.net.run(MINUTES.toNanos(1));
        assertThat(dialled.silences).isEqualTo(1);
        assertThat(dialled.reason).isNotNull();
    }

    @Test
    void configuredPublicAddressIsAdvertised() {
        SimDht dht = SimDht.of(65, 8);
        Node node = dht.behind(SimNat.Kind.RANDOM, 50_000, 50_000);
        Served server = node.serve(key -> false);
        Address forwarded = new Address(node.host.address(), 50_000);
        dht.net.runUntil(() -> node.dht.rpc().advertisedAddress().isPresent(), SECONDS.toNanos(20));

        assertThat(server.announcer().relayAddresses()).startsWith(forwarded);
        Dialled dialled = dht.behind(SimNat.Kind.RANDOM).dial(server.key()).await();
        assertThat(dialled.failure).isNull();
        assertThat(dialled.stream.remoteAddress()).isEqualTo(forwarded);
        assertThat(dialled.stream.path()).isEqualTo(Path.DIRECT);
        assertThat(dialled.echoes("through the forwarded port")).isTrue();
    }

    @Test
    void publicAddressThatNobodyReachesIsNotAdvertised() {
        SimDht dht = SimDht.of(66, 8);
        Node node = dht.behind(SimNat.Kind.CONSISTENT, 0, 50_000);
        Served server = node.serve(key -> false);

        dht.net.run(MINUTES.toNanos(3));

        assertThat(node.dht.rpc().advertisedAddress()).isEmpty();
        Dialled dialled = dht.behind(SimNat.Kind.CONSISTENT).dial(server.key()).await();
        assertThat(dialled.failure).isNull();
        assertThat(dialled.stream.path()).isEqualTo(Path.PUNCHED);
    }

    @Test
    void advertisedAddressIsConfirmedAgainAndForgottenWhenItNoLongerLeadsHere() {
        SimDht dht = SimDht.of(67, 8);
        Node node = dht.behind(SimNat.Kind.CONSISTENT, 50_000, 50_000);
        dht.net.runUntil(() -> node.dht.rpc().advertisedAddress().isPresent(), SECONDS.toNanos(20));
        node.nat.rebind();

        dht.net.run(MINUTES.toNanos(59));
        assertThat(node.dht.rpc().advertisedAddress()).isPresent();
        dht.net.run(MINUTES.toNanos(4));
        assertThat(node.dht.rpc().advertisedAddress()).isEmpty();
    }
}
