package dev.keyhole.dht.node;

import static dev.keyhole.transport.net.Machine.NEVER;
import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.announce.AnnounceSignature;
import dev.keyhole.dht.announce.Walks;
import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.message.ErrorCode;
import dev.keyhole.dht.message.LookupValue;
import dev.keyhole.dht.message.PeerRecord;
import dev.keyhole.dht.message.PluginRequest;
import dev.keyhole.dht.message.Reply;
import dev.keyhole.dht.message.Request;
import dev.keyhole.dht.query.QueryResult.QueryFailure;
import dev.keyhole.dht.request.Answer;
import dev.keyhole.dht.request.ReplyListener;
import dev.keyhole.dht.request.RequestFailure;
import dev.keyhole.dht.request.RequestSpec;
import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.Seed;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What one node answers others, in a small network. */
class RpcNodeTest {

    private static final Bytes TARGET = Bytes.random(new Random(1), 32);
    private static final Bytes STALE = Bytes.random(new Random(2), 32);
    private static final KeyPair KEY = KeyPair.fromSeed(Seed.of(Bytes.random(new Random(3), 32)));

    private final Swarm swarm = new Swarm(1, 6);
    private final RpcNode storing = swarm.nodes.get(0);
    private final Address at = storing.serverSocket().local();
    private final RpcNode asker = swarm.bystander(50);

    @Test
    void staleTokenIsAnsweredAtOnceWithAFreshOne() {
        Answer answer =
                swarm.ask(
                        asker,
                        RequestSpec.of(at, Command.ANNOUNCE)
                                .withTarget(TARGET)
                                .withToken(STALE)
                                .withRetries(0));

        assertThat(answer.error()).isEqualTo(ErrorCode.INVALID_TOKEN.number());
        assertThat(answer.token()).isNotNull().isNotEqualTo(STALE);
        assertThat(answer.closerNodes()).isNotEmpty();
        Answer retry =
                swarm.ask(
                        asker,
                        RequestSpec.of(at, Command.LOOKUP)
                                .withTarget(TARGET)
                                .withToken(answer.token()));
        assertThat(retry.isOk()).isTrue();
    }

    @Test
    void unknownCommandIsAnsweredWithErrorOneAndCloserNodes() {
        for (Command unknown : List.of(new Command(true, 9), new Command(false, 300))) {
            Answer answer = swarm.ask(asker, RequestSpec.of(at, unknown).withTarget(TARGET));

            assertThat(answer.error()).isEqualTo(1);
            assertThat(answer.token()).isNull();
            assertThat(answer.closerNodes()).isNotEmpty();
        }
    }

    @Test
    void nodeThatDoesNotStoreRefusesStoringCommands() {
        RpcNode ephemeral = swarm.bystander(51);
        Address there = ephemeral.clientSocket().local();
        List<Integer> handled = new ArrayList<>();
        ephemeral.handler((request, now) -> handled.add(request.tid()));

        for (Command.External command : Command.External.values()) {
            Answer answer =
                    swarm.ask(
                            asker,
                            RequestSpec.of(there, Command.of(command))
                                    .withTarget(TARGET)
                                    .withRetries(0));
            boolean connecting =
                    command == Command.External.PEER_HANDSHAKE
                            || command == Command.External.PEER_HOLEPUNCH;
            if (connecting) {
                assertThat(answer).as(command.name()).isNull();
            } else {
                assertThat(answer.error()).as(command.name()).isEqualTo(1);
                assertThat(answer.closerNodes()).isNotEmpty();
            }
        }
        assertThat(handled).hasSize(2);
    }

    @Test
    void whatMustStaySilentStaysSilent() {
        Bytes garbage = Bytes.of(255, 255, 255);
        List<RequestSpec> wrong =
                List.of(
                        RequestSpec.of(at, Command.FIND_NODE),
                        RequestSpec.of(at, Command.PING_NAT),
                        RequestSpec.of(at, Command.PING_NAT).withValue(Bytes.of(0, 0)),
                        RequestSpec.of(at, Command.PING_NAT).withValue(Bytes.of(7)),
                        RequestSpec.of(at, Command.DOWN_HINT).withValue(Bytes.of(1, 2, 3)),
                        RequestSpec.of(at, Command.DELAYED_PING),
                        RequestSpec.of(at, Command.DELAYED_PING)
                                .withValue(new WireWriter().u32(10_001).toBytes())
                                .withTimeoutNanos(SECONDS.toNanos(12)),
                        RequestSpec.of(at, Command.PEER_HANDSHAKE),
                        RequestSpec.of(at, Command.FIND_PEER),
                        RequestSpec.of(at, Command.LOOKUP),
                        RequestSpec.of(at, Command.ANNOUNCE).withTarget(TARGET),
                        RequestSpec.of(at, Command.ANNOUNCE).withTarget(TARGET).withValue(garbage),
                        RequestSpec.of(at, Command.UNANNOUNCE).withTarget(TARGET),
                        RequestSpec.of(at, Command.MUTABLE_GET).withTarget(TARGET),
                        RequestSpec.of(at, Command.MUTABLE_PUT)
                                .withTarget(TARGET)
                                .withValue(garbage),
                        RequestSpec.of(at, Command.IMMUTABLE_PUT)
                                .withTarget(TARGET)
                                .withValue(garbage),
                        RequestSpec.of(at, Command.PLUGIN).withTarget(TARGET).withValue(garbage));

        for (RequestSpec spec : wrong) {
            assertThat(swarm.ask(asker, spec.withRetries(0))).as(spec.toString()).isNull();
        }
    }

    @Test
    void bareRepliesCarryNeitherTokenNorCloserNodes() {
        Answer find = swarm.ask(asker, RequestSpec.of(at, Command.FIND_NODE).withTarget(TARGET));
        Answer lookup = swarm.ask(asker, RequestSpec.of(at, Command.LOOKUP).withTarget(TARGET));

        Answer token = swarm.ask(asker, RequestSpec.of(at, Command.LOOKUP).withTarget(TARGET));
        AnnounceSignature signature = new AnnounceSignature(TARGET, token.id(), token.token());
        Bytes anybody = new WireWriter().u32(0x7f000001).u16(9).toBytes();
        List<RequestSpec> bare =
                List.of(
                        RequestSpec.of(at, Command.PING),
                        ReachabilityCheck.natPing(at, asker.serverSocket()),
                        RequestSpec.of(at, Command.DOWN_HINT).withValue(anybody),
                        RequestSpec.of(at, Command.DELAYED_PING)
                                .withValue(new WireWriter().u32(10).toBytes()),
                        RequestSpec.of(at, Command.ANNOUNCE)
                                .withToken(token.token())
                                .withValue(signature.announce(KEY, List.of(), null, 0)),
                        RequestSpec.of(at, Command.UNANNOUNCE)
                                .withToken(token.token())
                                .withValue(signature.unannounce(KEY)));

        for (RequestSpec spec : bare) {
            Answer answer = swarm.ask(asker, spec.withTarget(TARGET));
            assertThat(answer).as(spec.command().toString()).isNotNull();
            assertThat(answer.token()).as(spec.command().toString()).isNull();
            assertThat(answer.closerNodes()).as(spec.command().toString()).isEmpty();
        }
        assertThat(find.token()).isNull();
        assertThat(find.closerNodes()).isNotEmpty();
        assertThat(lookup.token()).isNotNull();
        assertThat(lookup.closerNodes()).isNotEmpty();
        assertThat(lookup.value()).isNull();
    }

    @Test
    void natPingIsAnsweredToTheRequestedPort() {
        Answer answer = swarm.ask(asker, ReachabilityCheck.natPing(at, asker.serverSocket()));

        assertThat(answer.socket()).isEqualTo(asker.serverSocket());
        assertThat(answer.to()).isEqualTo(asker.serverSocket().local());
        assertThat(answer.from()).isEqualTo(at);
    }

    @Test
    void delayedPingIsAnsweredLater() {
        long before = swarm.net.now();

        Answer answer =
                swarm.ask(
                        asker,
                        RequestSpec.of(at, Command.DELAYED_PING)
                                .withValue(new WireWriter().u32(5000).toBytes())
                                .withTimeoutNanos(SECONDS.toNanos(6)));

        assertThat(answer).isNotNull();
        assertThat(swarm.net.now() - before)
                .isBetween(SECONDS.toNanos(5), SECONDS.toNanos(5) + SECONDS.toNanos(1));
    }

    @Test
    void delayedPingsAreCapped() {
        DelayedPings pings = new DelayedPings();
        List<TestNetwork.Sent> sent = new ArrayList<>();
        for (int i = 0; i < 2 * DelayedPings.MAX_WAITING; i++) {
            Address from = Address.of("8.8." + i / 200 + "." + i % 200, 1);
            pings.add(incoming(from), 100, 0);
            for (int k = 0; k < 2 * DelayedPings.MAX_PER_HOST; k++) {
                pings.add(incoming(Address.parse("9.9.9.9:9")), 100, 0);
            }
        }

        pings.expire(SECONDS.toNanos(1));
        storing.drain(collect(sent), swarm.net.now());

        assertThat(sent).hasSize(DelayedPings.MAX_WAITING);
        assertThat(sent.stream().filter(s -> s.to().host() == 0x09090909).count())
                .isEqualTo(DelayedPings.MAX_PER_HOST);
        assertThat(pings.deadlineNanos()).isEqualTo(Machine.NEVER);
    }

    @Test
    void rateLimitsDoNotStarveNodesBehindOneAddress() {
        Address shared = Address.parse("8.8.8.8:1000");

        int answered = 0;
        for (int i = 0; i < 400; i++) {
            answered += fullAnswers(shared.withPort(1000 + i % 200), 1);
        }

        assertThat(answered).isEqualTo(400);
        assertThat(storing.shortenedAnswers()).isZero();
    }

    @Test
    void floodFromOneHostGetsShortAnswers() {
        Address flooder = Address.parse("8.8.8.8:1000");

        int answered = fullAnswers(flooder, 20_000);

        assertThat(answered).isLessThan(16_000);
        assertThat(storing.shortenedAnswers()).isEqualTo(20_000 - answered);
        assertThat(fullAnswers(Address.parse("8.8.4.4:1"), 10)).as("another host").isEqualTo(10);
        swarm.net.run(SECONDS.toNanos(10));
        assertThat(fullAnswers(flooder, 10)).as("later").isEqualTo(10);
    }

    @Test
    void findPeerIsAnsweredOnlyFromForwardEntries() {
        Bytes target = KEY.publicKey().target();
        KeyPair other = KeyPair.fromSeed(Seed.of(Bytes.random(new Random(4), 32)));
        swarm.walk(asker, Walks.announce(target, other, List.of(), 0));

        assertThat(swarm.walk(asker, Walks.lookup(target)).answers)
                .anyMatch(a -> Walks.peers(a).isPresent());
        assertThat(swarm.walk(asker, Walks.findPeer(KEY.publicKey())).answers)
                .isNotEmpty()
                .allMatch(a -> a.value() == null);
    }

    @Test
    void announceWalksWithAnEmptyLookupAndSignsForEachNode() throws Exception {
        List<Request> requests = new ArrayList<>();
        List<TestNetwork.Sent> sent = swarm.net.record();

        swarm.walk(asker, Walks.announce(TARGET, KEY, List.of(), 0));

        for (TestNetwork.Sent datagram : sent) {
            if (datagram.from().equals(asker.mainSocket().local())
                    && datagram.payload().unsignedAt(0) == Request.TYPE) {
                requests.add(Request.decode(new WireReader(datagram.payload())));
            }
        }
        List<Request> lookups =
                requests.stream().filter(r -> r.command().equals(Command.LOOKUP)).toList();
        List<Request> announces =
                requests.stream().filter(r -> r.command().equals(Command.ANNOUNCE)).toList();
        assertThat(lookups).isNotEmpty().allMatch(r -> r.value() == null && r.token() == null);
        assertThat(announces).hasSize(6).allMatch(r -> r.token() != null);
        assertThat(announces).extracting(Request::value).doesNotHaveDuplicates();
    }

    @Test
    void announceWithClearRemovesStaleRecordsFirst() {
        swarm.walk(asker, Walks.announce(TARGET, KEY, List.of(at), 0));
        List<TestNetwork.Sent> sent = swarm.net.record();

        swarm.walk(asker, Walks.announceAfresh(TARGET, KEY, List.of(), 0));

        List<Command> commands = new ArrayList<>();
        for (TestNetwork.Sent datagram : sent) {
            if (datagram.payload().unsignedAt(0) == Request.TYPE) {
                commands.add(command(datagram.payload()));
            }
        }
        assertThat(commands.lastIndexOf(Command.UNANNOUNCE))
                .isBetween(0, commands.indexOf(Command.ANNOUNCE));
        assertThat(swarm.walk(asker, Walks.lookup(TARGET)).answers)
                .filteredOn(a -> a.value() != null)
                .hasSize(6)
                .allMatch(
                        a ->
                                Walks.peers(a)
                                        .orElseThrow()
                                        .peers()
                                        .get(0)
                                        .relayAddresses()
                                        .isEmpty());
    }

    @Test
    void unannounceReachesEveryNodeThatMightHoldTheRecord() throws Exception {
        swarm.walk(asker, Walks.announce(TARGET, KEY, List.of(), 0));
        Address crowded = swarm.nodes.get(2).serverSocket().local();
        for (int i = 100; i < 130; i++) {
            // So many that the one to go need not be among those listed.
            announceAt(crowded, KeyPair.fromSeed(Seed.of(Bytes.random(new Random(i), 32))));
        }
        List<TestNetwork.Sent> sent = swarm.net.record();

        swarm.walk(
                asker,
                Walks.unannounce(TARGET, KEY)
                        .withCommit(answer -> RequestSpec.of(answer.from(), Command.PING)));

        Set<Address> told = new HashSet<>();
        List<Command> commands = new ArrayList<>();
        for (TestNetwork.Sent datagram : sent) {
            if (datagram.from().equals(asker.mainSocket().local())
                    && datagram.payload().unsignedAt(0) == Request.TYPE) {
                commands.add(command(datagram.payload()));
                if (command(datagram.payload()).equals(Command.UNANNOUNCE)) {
                    told.add(datagram.to());
                }
            }
        }
        assertThat(told).hasSize(6).contains(crowded);
        assertThat(commands.lastIndexOf(Command.UNANNOUNCE))
                .as("awaited before the commits")
                .isLessThan(commands.indexOf(Command.PING));
        for (RpcNode node : swarm.nodes) {
            Address there = node.serverSocket().local();
            for (int i = 0; i < 10; i++) {
                Answer answer =
                        swarm.ask(asker, RequestSpec.of(there, Command.LOOKUP).withTarget(TARGET));
                assertThat(Walks.peers(answer).map(LookupValue::peers).orElse(List.of()))
                        .extracting(PeerRecord::publicKey)
                        .doesNotContain(KEY.publicKey());
            }
        }
    }

    @Test
    void recordsExpireByTheirLastAnnounceNotByLookups() {
        Bytes target = KEY.publicKey().target();
        RequestSpec lookup = RequestSpec.of(at, Command.LOOKUP).withTarget(TARGET);
        RequestSpec find = RequestSpec.of(at, Command.FIND_PEER).withTarget(target);
        swarm.walk(asker, Walks.announce(TARGET, KEY, List.of(), 0));
        swarm.walk(
                asker,
                Walks.findPeer(KEY.publicKey())
                        .withCommit(answer -> Walks.selfAnnounce(answer, KEY)));
        assertThat(swarm.ask(asker, lookup).value()).isNotNull();
        assertThat(swarm.ask(asker, find).value()).isNotNull();

        for (int i = 0; i < 30; i++) {
            swarm.net.run(MINUTES.toNanos(1));
            swarm.ask(asker, lookup);
            swarm.ask(asker, find);
        }

        assertThat(swarm.ask(asker, lookup).value()).isNull();
        assertThat(swarm.ask(asker, find).value()).isNull();
    }

    @Test
    void destroyReleasesEveryCache() {
        swarm.walk(asker, Walks.announce(TARGET, KEY, List.of(), 1234));
        swarm.walk(asker, Walks.putImmutable(Bytes.utf8("a value")));
        assertThat(storing.storedEntries()).isEqualTo(3);

        storing.close(swarm.net.now());

        assertThat(storing.storedEntries()).isZero();
        assertThat(storing.deadlineNanos()).as("no clock is left running").isEqualTo(NEVER);
    }

    @Test
    void deadlinesOfAClosedMachineNeverFire() {
        swarm.ask(asker, RequestSpec.of(at, Command.LOOKUP).withTarget(TARGET));
        Bytes soon = new WireWriter().u32(2000).toBytes();
        asker.request(
                RequestSpec.of(at, Command.DELAYED_PING).withValue(soon).withRetries(0),
                new ReplyListener() {
                    @Override
                    public void answered(Answer answer, long nowNanos) {
                        throw new AssertionError("answered by a closed node");
                    }

                    @Override
                    public void failed(RequestFailure failure, long nowNanos) {}
                },
                swarm.net.now());
        swarm.net.run(SECONDS.toNanos(1));

        storing.close(swarm.net.now());
        List<TestNetwork.Sent> sent = swarm.net.record();
        for (int i = 0; i < 100; i++) {
            storing.expire(swarm.net.now());
            swarm.net.run(SECONDS.toNanos(10));
        }

        assertThat(storing.deadlineNanos()).isEqualTo(NEVER);
        assertThat(sent).noneMatch(datagram -> datagram.from().equals(at));
    }

    @Test
    void nodeIsEvictedOnlyAfterFourUnansweredPings() {
        RpcNode dying = swarm.nodes.get(5);
        Address there = dying.serverSocket().local();
        assertThat(storing.latestNodes(10)).contains(there);
        swarm.net.kill(dying);
        List<TestNetwork.Sent> sent = swarm.net.record();

        assertThat(
                        swarm.net.runUntil(
                                () -> !storing.latestNodes(10).contains(there), MINUTES.toNanos(5)))
                .isTrue();

        long asked = sent.stream().filter(s -> s.from().equals(at) && s.to().equals(there)).count();
        assertThat(asked).isGreaterThanOrEqualTo(4);
    }

    @Test
    void closerNodesAreBoundedAndPlausible() {
        Address privateSource = Address.parse("10.0.0.1:1");
        Address publicSource = Address.parse("8.8.8.8:1");

        assertThat(AddressFilter.admits(Address.parse("9.9.9.9:1"), publicSource)).isTrue();
        assertThat(AddressFilter.admits(Address.parse("10.9.9.9:1"), privateSource)).isTrue();
        assertThat(AddressFilter.admits(Address.parse("10.9.9.9:1"), publicSource)).isFalse();
        assertThat(AddressFilter.admits(Address.parse("9.9.9.9:0"), publicSource)).isFalse();
        assertThat(AddressFilter.admits(Address.parse("240.0.0.1:1"), privateSource)).isFalse();
        assertThat(AddressFilter.admits(Address.parse("150.136.142.116:5"), publicSource))
                .isFalse();
    }

    @Test
    void closingEndsEveryWalkAndRequest() {
        Swarm.Walk walk = new Swarm.Walk();
        asker.query(Walks.lookup(TARGET), walk, swarm.net.now());

        asker.close(swarm.net.now());

        assertThat(walk.result.failure()).contains(QueryFailure.CANCELLED);
        assertThat(asker.deadlineNanos()).isEqualTo(Machine.NEVER);
        assertThat(asker.requestsInFlight()).isZero();
        Swarm.Walk late = new Swarm.Walk();
        asker.query(Walks.lookup(TARGET), late, swarm.net.now());
        assertThat(late.result.failure()).contains(QueryFailure.CANCELLED);
    }

    @Test
    void pluginIsServedByNameAndExactVersion() {
        RpcNode ephemeral = swarm.bystander(52);
        PluginHandler echo =
                (message, request, now) ->
                        request.reply(
                                Bytes.utf8(message.command() + " " + message.value().toUtf8()),
                                now);
        swarm.nodes.forEach(node -> node.plugin("echo", 2, echo));
        ephemeral.plugin("echo", 2, echo);
        PluginRequest wanted = new PluginRequest("echo", 2, 7, Bytes.utf8("hi"));

        Answer answer = swarm.ask(asker, plugin(at, wanted.toBytes()));
        assertThat(answer.value()).isEqualTo(Bytes.utf8("7 hi"));
        assertThat(answer.token()).isNotNull();
        for (PluginRequest other :
                List.of(
                        new PluginRequest("echo", 3, 7, Bytes.utf8("hi")),
                        new PluginRequest("ohce", 2, 7, Bytes.utf8("hi")))) {
            assertThat(swarm.ask(asker, plugin(at, other.toBytes()))).isNull();
        }
        assertThat(swarm.ask(asker, plugin(at, wanted.toBytes().slice(0, 4)))).isNull();
        Address there = ephemeral.clientSocket().local();
        assertThat(swarm.ask(asker, plugin(there, wanted.toBytes())).error()).isEqualTo(1);
        assertThat(swarm.walk(asker, Walks.plugin(TARGET, wanted)).answers).hasSize(6);

        storing.removePlugin("echo", 2);
        assertThat(swarm.ask(asker, plugin(at, wanted.toBytes()))).isNull();
    }

    private static RequestSpec plugin(Address to, Bytes value) {
        return RequestSpec.of(to, Command.PLUGIN)
                .withTarget(TARGET)
                .withValue(value)
                .withRetries(0);
    }

    @Test
    void nodeLearntFromARequestHasToAnswerAPingFirst() {
        Address forged = Address.parse("10.7.7.7:7777");
        Request request = new Request(1, at, NodeId.of(forged), null, Command.PING, null, null);
        storing.receive(
                new Datagram(storing.serverSocket(), forged, request.toBytes()), swarm.net.now());
        List<TestNetwork.Sent> sent = swarm.net.record();
        swarm.net.run(SECONDS.toNanos(10));

        assertThat(storing.latestNodes(100)).doesNotContain(forged);
        assertThat(sent.stream().filter(datagram -> datagram.to().equals(forged)))
                .as("the answer and one ping")
                .hasSize(2);
    }

    private void announceAt(Address node, KeyPair keyPair) {
        Answer answer = swarm.ask(asker, RequestSpec.of(node, Command.LOOKUP).withTarget(TARGET));
        AnnounceSignature signature = new AnnounceSignature(TARGET, answer.id(), answer.token());
        Answer stored =
                swarm.ask(
                        asker,
                        RequestSpec.of(node, Command.ANNOUNCE)
                                .withTarget(TARGET)
                                .withToken(answer.token())
                                .withValue(signature.announce(keyPair, List.of(), null, 0)));
        assertThat(stored.isOk()).isTrue();
    }

    private int fullAnswers(Address from, int count) {
        List<TestNetwork.Sent> sent = new ArrayList<>();
        Bytes request = new Request(1, at, null, null, Command.FIND_NODE, TARGET, null).toBytes();
        for (int i = 0; i < count; i++) {
            storing.receive(new Datagram(storing.serverSocket(), from, request), swarm.net.now());
        }
        storing.drain(collect(sent), swarm.net.now());
        assertThat(sent).hasSize(count);
        int full = 0;
        for (TestNetwork.Sent datagram : sent) {
            try {
                Reply reply = Reply.decode(new WireReader(datagram.payload()));
                full += reply.closerNodes().isEmpty() ? 0 : 1;
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
        return full;
    }

    private IncomingRequest incoming(Address from) {
        return new IncomingRequest(
                storing,
                storing.serverSocket(),
                from,
                null,
                new Request(1, at, null, null, Command.DELAYED_PING, null, null));
    }

    private static Command command(Bytes payload) {
        try {
            return Request.decode(new WireReader(payload)).command();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static Effects collect(List<TestNetwork.Sent> sent) {
        return new Effects() {
            @Override
            public void send(LocalSocket socket, Address to, Bytes payload) {
                sent.add(new TestNetwork.Sent(socket.local(), to, payload));
            }

            @Override
            public void open(int request) {}

            @Override
            public void close(LocalSocket socket) {}

            @Override
            public void deliver(Runnable notice) {}
        };
    }
}
