package dev.keyhole.dht.node;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.announce.Walks;
import dev.keyhole.dht.message.LookupValue;
import dev.keyhole.dht.message.MutableValue;
import dev.keyhole.dht.message.PeerRecord;
import dev.keyhole.dht.query.QueryResult.QueryFailure;
import dev.keyhole.dht.query.QuerySpec;
import dev.keyhole.transport.Seeds;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.identity.Seed;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** Whole networks, over lossy paths. */
class NetworkSim {

    private static final Address RELAY = Address.parse("10.9.9.9:9999");

    @Seeds(20)
    void announcedPeersAreFoundUntilTheyUnannounce(long seed) {
        Swarm swarm = new Swarm(seed, 25);
        swarm.net.loss = 0.05;
        RpcNode announcer = swarm.bystander(100);
        RpcNode seeker = swarm.bystander(101);
        Bytes topic = Bytes.random(new Random(seed), 32);
        Set<PublicKey> announced = new HashSet<>();

        for (int i = 0; i < 3; i++) {
            KeyPair keyPair = keyPair(seed + i);
            announced.add(keyPair.publicKey());
            Swarm.Walk walk =
                    swarm.walk(announcer, Walks.announce(topic, keyPair, List.of(RELAY), 0));
            assertThat(walk.result.failure()).isEmpty();
            assertThat(walk.result.commits().stream().filter(c -> c.accepted()).count())
                    .isGreaterThanOrEqualTo(15);
        }

        assertThat(found(swarm.walk(seeker, Walks.lookup(topic)))).isEqualTo(announced);

        KeyPair leaver = keyPair(seed);
        swarm.walk(announcer, Walks.unannounce(topic, leaver));
        announced.remove(leaver.publicKey());
        swarm.net.run(SECONDS.toNanos(10));

        assertThat(found(swarm.walk(seeker, Walks.lookup(topic)))).isEqualTo(announced);
    }

    @Seeds(3)
    void listeningServerIsFoundUnderTheHashOfItsKey(long seed) {
        Swarm swarm = new Swarm(seed, 20);
        RpcNode server = swarm.bystander(100);
        RpcNode client = swarm.bystander(101);
        KeyPair keyPair = keyPair(seed);
        QuerySpec announce =
                Walks.findPeer(keyPair.publicKey())
                        .withCommit(answer -> Walks.selfAnnounce(answer, keyPair));

        swarm.walk(server, announce);
        Swarm.Walk walk = swarm.walk(client, Walks.findPeer(keyPair.publicKey()));

        List<PeerRecord> records =
                walk.answers.stream()
                        .flatMap(a -> Walks.peer(a, keyPair.publicKey()).stream())
                        .toList();
        assertThat(records).hasSizeGreaterThan(10);
        assertThat(records).allSatisfy(r -> assertThat(r.relayAddresses()).isEmpty());
        RpcNode relay = nodeAt(swarm, walk.result.closest().get(0).from());
        assertThat(
                        relay.forward(keyPair.publicKey().target(), swarm.net.now())
                                .orElseThrow()
                                .relayAddress())
                .contains(server.mainSocket().local());
    }

    @Seeds(3)
    void valuesAreStoredAndReplaced(long seed) {
        Swarm swarm = new Swarm(seed, 20);
        swarm.net.loss = 0.03;
        RpcNode writer = swarm.bystander(100);
        RpcNode reader = swarm.bystander(101);
        KeyPair keyPair = keyPair(seed);
        Bytes value = Bytes.utf8("a value");

        swarm.walk(writer, Walks.putImmutable(value));
        for (int seq = 1; seq <= 2; seq++) {
            MutableValue mutable = MutableValue.sign(keyPair, seq, Bytes.utf8("number " + seq));
            assertThat(
                            swarm.walk(writer, Walks.putMutable(keyPair.publicKey(), mutable))
                                    .result
                                    .failure())
                    .isEmpty();
        }

        Bytes hash = dev.keyhole.transport.crypto.Blake2b.hash256(value);
        assertThat(swarm.walk(reader, Walks.getImmutable(hash)).answers)
                .anyMatch(answer -> Walks.immutable(answer, hash).isPresent());
        assertThat(
                        swarm
                                .walk(reader, Walks.getMutable(keyPair.publicKey(), 0))
                                .answers
                                .stream()
                                .flatMap(a -> Walks.mutable(a, keyPair.publicKey(), 0).stream())
                                .mapToLong(MutableValue::seq)
                                .max())
                .hasValue(2);
    }

    @Seeds(3)
    void oldSequenceNumberFailsThePut(long seed) {
        Swarm swarm = new Swarm(seed, 8);
        RpcNode writer = swarm.bystander(100);
        KeyPair keyPair = keyPair(seed);
        PublicKey key = keyPair.publicKey();
        swarm.walk(writer, Walks.putMutable(key, MutableValue.sign(keyPair, 5, Bytes.utf8("new"))));

        Swarm.Walk walk =
                swarm.walk(
                        writer,
                        Walks.putMutable(key, MutableValue.sign(keyPair, 4, Bytes.utf8("old"))));

        assertThat(walk.result.failure()).contains(QueryFailure.REFUSED);
        assertThat(walk.result.commits()).extracting(c -> c.error()).containsOnly(17L);
    }

    @Seeds(3)
    void closestNodesOfAWalkAreTheTrulyClosest(long seed) {
        Swarm swarm = new Swarm(seed, 50);
        RpcNode seeker = swarm.bystander(100);
        Bytes target = Bytes.random(new Random(seed), 32);

        Swarm.Walk walk = swarm.walk(seeker, Walks.lookup(target));

        List<Address> truly =
                swarm.nodes.stream()
                        .sorted(
                                (a, b) ->
                                        a.id().orElseThrow()
                                                .compareDistance(b.id().orElseThrow(), target))
                        .limit(20)
                        .map(node -> node.serverSocket().local())
                        .toList();
        assertThat(walk.result.closestNodes()).isEqualTo(truly);
    }

    @Seeds(3)
    void deadNodesAreForgottenByTheOthers(long seed) {
        Swarm swarm = new Swarm(seed, 15);
        swarm.net.run(MINUTES.toNanos(2));
        List<RpcNode> dead = List.copyOf(swarm.nodes.subList(10, 15));
        List<Address> gone = dead.stream().map(node -> node.serverSocket().local()).toList();
        dead.forEach(swarm.net::kill);

        swarm.net.run(MINUTES.toNanos(10));

        for (RpcNode node : swarm.nodes.subList(0, 10)) {
            assertThat(node.latestNodes(100)).doesNotContainAnyElementsOf(gone).hasSize(9);
        }
    }

    @Seeds(2)
    void sameSeedTellsTheSameStory(long seed) {
        assertThat(story(seed)).isEqualTo(story(seed));
        assertThat(story(seed)).isNotEqualTo(story(seed + 1));
    }

    private static long story(long seed) {
        Swarm swarm = new Swarm(seed, 12);
        swarm.net.loss = 0.1;
        swarm.walk(
                swarm.nodes.get(3),
                Walks.announce(Bytes.random(new Random(seed), 32), keyPair(seed), List.of(), 0));
        swarm.net.run(SECONDS.toNanos(100));
        return swarm.net.digest();
    }

    private static Set<PublicKey> found(Swarm.Walk walk) {
        Set<PublicKey> found = new HashSet<>();
        walk.answers.forEach(
                answer ->
                        Walks.peers(answer).map(LookupValue::peers).orElse(List.of()).stream()
                                .map(PeerRecord::publicKey)
                                .forEach(found::add));
        return found;
    }

    private static RpcNode nodeAt(Swarm swarm, Address address) {
        return swarm.nodes.stream()
                .filter(node -> node.serverSocket().local().equals(address))
                .findFirst()
                .orElseThrow();
    }

    private static KeyPair keyPair(long seed) {
        return KeyPair.fromSeed(Seed.of(Bytes.random(new Random(seed), 32)));
    }
}
