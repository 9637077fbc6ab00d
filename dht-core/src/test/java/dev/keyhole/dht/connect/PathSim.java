package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.connect.SimDht.Dialled;
import dev.keyhole.dht.connect.SimDht.Node;
import dev.keyhole.dht.connect.SimDht.Served;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.sim.Link;
import dev.keyhole.transport.sim.SimHost;
import dev.keyhole.transport.wire.Bytes;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Which path a connection takes, and which it moves to. */
class PathSim {

    private static final Link LINK = Link.of(MILLISECONDS.toNanos(20));

    @Test
    void rebindingInMidStreamIsSurvived() {
        SimDht dht = SimDht.of(21, 6);
        Served server = dht.open().serve(key -> false);
        Node client = dht.behind(SimNat.Kind.CONSISTENT);
        dht.net.link(LINK);
        Dialled dialled = client.dial(server.key()).await();
        assertThat(dialled.echoes("before")).isTrue();
        Address before = server.accepted.get(0).remoteAddress();

        client.nat.rebind();
        long started = dht.net.now();
        assertThat(dialled.echoes("after")).isTrue();

        assertThat(server.accepted.get(0).remoteAddress()).isNotEqualTo(before);
        assertThat(dht.net.now() - started).isLessThan(SECONDS.toNanos(2));
        assertThat(dialled.echoes("and on")).isTrue();
        assertThat(dialled.reason).isNull();
    }

    @Test
    void rebindingInMidFrameIsSurvived() {
        SimDht dht = SimDht.of(25, 6);
        Served server = dht.open().serve(key -> false);
        Node client = dht.behind(SimNat.Kind.CONSISTENT);
        dht.net.link(LINK);
        Dialled dialled = client.dial(server.key()).await();
        assertThat(dialled.echoes("before")).isTrue();
        Bytes message = Bytes.random(new Random(25), 1 << 20);
        client.host.command(now -> dialled.stream.write(message, now));
        dht.net.run(MILLISECONDS.toNanos(50));

        client.nat.rebind();
        long started = dht.net.now();
        dht.net.runUntil(() -> dialled.received.contains(message), SECONDS.toNanos(20));

        assertThat(dht.net.now() - started).isLessThan(SECONDS.toNanos(5));
        assertThat(dialled.reason).isNull();
    }

    @Test
    void aServerWhoseNatForgetsIsFollowedToo() {
        SimDht dht = SimDht.of(22, 6);
        Served server = dht.behind(SimNat.Kind.CONSISTENT).serve(key -> false);
        Node client = dht.open();
        dht.net.link(LINK);
        Dialled dialled = client.dial(server.key()).await();
        assertThat(dialled.echoes("before")).isTrue();
        Address before = dialled.stream.remoteAddress();
        PeerStream accepted = server.accepted.get(0);

        server.node.nat.rebind();
        server.node.host.command(now -> accepted.write(Bytes.utf8("from the server"), now));
        dht.net.runUntil(() -> dialled.received.size() == 2, SECONDS.toNanos(10));
        dht.net.runUntil(() -> !dialled.stream.remoteAddress().equals(before), SECONDS.toNanos(5));

        assertThat(dialled.moves).hasSize(1);
        assertThat(dialled.echoes("after")).isTrue();
        assertThat(dialled.reason).isNull();
    }

    @Test
    void aSpyWhoRepeatsPacketsFromElsewhereDivertsNothing() {
        SimDht dht = SimDht.of(23, 6);
        Served server = dht.open().serve(key -> false);
        Node client = dht.open();
        dht.net.link(LINK);
        Dialled dialled = client.dial(server.key()).await();
        assertThat(dialled.echoes("before")).isTrue();
        Address remote = server.accepted.get(0).remoteAddress();
        Spy spy = new Spy(dht, client, server.node);

        for (int i = 0; i < 10; i++) {
            assertThat(dialled.echoes("message " + i)).isTrue();
        }
        dht.net.run(SECONDS.toNanos(12));

        assertThat(spy.repeated).isPositive();
        assertThat(server.accepted.get(0).remoteAddress()).isEqualTo(remote);
    }

    @Test
    void firstPacketIsACandidateUntilItsFrameDecrypts() {
        SimDht dht = SimDht.of(24, 6);
        Served server = dht.firewalled().serve(key -> false);
        Node client = dht.firewalled();
        dht.net.link(LINK);
        SimHost forger = dht.net.host(dht.nextHost());
        LocalSocket socket = forger.bind(1);
        int[] forged = new int[1];
        dht.net.tap(
                (from, to, packet) -> {
                    boolean first = forged[0] == 0 && from.host() == client.host.address();
                    if (first && isUdx(packet) && to.host() == server.node.host.address()) {
                        forged[0]++;
                        // All of a packet that can be made without the key: an ack of nothing.
                        byte[] ack = packet.slice(0, 20).toArray();
                        ack[2] = 0;
                        forger.send(socket, to, Bytes.wrap(ack));
                    }
                });

        Dialled dialled = client.dial(server.key()).await();

        assertThat(forged[0]).isEqualTo(1);
        assertThat(dialled.echoes("genuine")).isTrue();
        assertThat(server.accepted.get(0).remoteAddress().host()).isEqualTo(client.host.address());
    }

    private static boolean isUdx(Bytes packet) {
        return packet.length() >= 20 && packet.unsignedAt(0) == 0xff && packet.unsignedAt(1) == 1;
    }

    /** Sends a copy of every packet between two hosts, faster than the original. */
    private static final class Spy {

        private int repeated;

        private Spy(SimDht dht, Node from, Node to) {
            SimHost host = dht.net.host(dht.nextHost());
            LocalSocket socket = host.bind(1);
            dht.net.tap(
                    (source, destination, packet) -> {
                        boolean interesting =
                                source.host() == from.host.address()
                                        && destination.host() == to.host.address();
                        if (interesting && isUdx(packet)) {
                            repeated++;
                            host.send(socket, destination, packet);
                        }
                    });
        }
    }
}
