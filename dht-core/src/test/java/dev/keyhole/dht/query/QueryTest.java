package dev.keyhole.dht.query;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.message.Reply;
import dev.keyhole.dht.message.Request;
import dev.keyhole.dht.query.QueryResult.QueryFailure;
import dev.keyhole.dht.request.Answer;
import dev.keyhole.dht.request.PendingRequest;
import dev.keyhole.dht.request.PendingRequests;
import dev.keyhole.dht.request.ReplyListener;
import dev.keyhole.dht.request.RequestFailure;
import dev.keyhole.dht.request.RequestSpec;
import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class QueryTest {

    private static final Bytes TARGET = Bytes.random(new Random(1), 32);
    private static final Bytes TOKEN = Bytes.random(new Random(2), 32);
    private static final QuerySpec LOOKUP = QuerySpec.of(TARGET, Command.LOOKUP);

    private final World world = new World();
    private final Log log = new Log();

    @Test
    void walkGoesOnUntilNobodyNearerIsNamed() {
        List<Address> nodes = nearestFirst(40);
        world.table.add(nodes.get(39));

        start(LOOKUP);
        world.answerAll(node -> nearestKnown(nodes, node));

        assertThat(log.result.closestNodes()).isEqualTo(nodes.subList(0, 20));
        assertThat(log.result.failure()).isEmpty();
    }

    @Test
    void queryVisitIsTransmittedSixTimesBeforeItFails() {
        world.table.add(Address.loopback(1));

        start(LOOKUP);
        world.pass(SECONDS.toNanos(20));

        assertThat(world.sent).hasSize(6);
        assertThat(log.result.closest()).isEmpty();
        assertThat(log.endedNanos).isEqualTo(SECONDS.toNanos(6));

        world.sent.clear();
        Log forced = new Log();
        new Query(world, LOOKUP.asForced(), forced).start(world.now);
        world.pass(SECONDS.toNanos(20));
        assertThat(world.sent).as("a forced one").hasSize(1);
        assertThat(forced.result).isNotNull();
    }

    @Test
    void errorReplyContributesOnlyItsCloserNodes() {
        Address refusing = Address.loopback(1);
        Address storing = Address.loopback(2);
        world.table.add(refusing);

        start(LOOKUP);
        world.answer(refusing, 1, List.of(storing));
        world.answer(storing, 0, List.of());

        assertThat(log.answers).extracting(Answer::from).containsExactly(storing);
        assertThat(log.result.closestNodes()).containsExactly(storing);
    }

    @Test
    void slowNodesNeitherBlockProgressNorHoldBackAFullResult() {
        List<Address> nodes = nearestFirst(40);
        List<Address> dead = List.copyOf(nodes.subList(0, 8));
        world.table.addAll(nodes.subList(0, 30));

        start(LOOKUP);
        world.deaf.addAll(dead);
        world.answerAll(node -> nodes.subList(10, 30));
        assertThat(log.result).isNull();
        world.pass(SECONDS.toNanos(1));
        world.answerAll(node -> nodes.subList(10, 30));

        assertThat(log.result).as("done while dead nodes are still being asked").isNotNull();
        assertThat(log.result.closest()).hasSize(20);
        assertThat(log.result.closestNodes()).doesNotContainAnyElementsOf(dead);
    }

    @Test
    void oneDeadNodeDoesNotStallASmallNetwork() {
        List<Address> nodes = nearestFirst(5);
        world.table.addAll(nodes);
        world.deaf.add(nodes.get(2));

        start(LOOKUP);
        world.answerAll(node -> List.of());
        world.pass(SECONDS.toNanos(10));

        assertThat(log.result.closest()).hasSize(4);
        assertThat(log.endedNanos).isEqualTo(SECONDS.toNanos(2));
    }

    @Test
    void timedOutNodeIsReportedToThoseWhoReferredToIt() {
        Address referrer = Address.loopback(1);
        Address other = Address.loopback(2);
        Address dead = Address.loopback(3);
        world.table.addAll(List.of(referrer, other));

        start(LOOKUP);
        world.answer(referrer, 0, List.of(dead));
        world.answer(other, 0, List.of(dead));
        world.pass(SECONDS.toNanos(10));

        assertThat(world.downHints()).containsExactlyInAnyOrder(referrer, other);
    }

    @Test
    void aLaterReferrerToADeadNodeIsToldAtOnce() {
        Address slow = Address.loopback(1);
        Address dead = Address.loopback(3);
        world.table.addAll(List.of(slow, dead));
        start(LOOKUP.withRetries(1));
        world.deaf.add(dead);
        world.pass(SECONDS.toNanos(1));

        // The slow one answers its second sending, when the dead one is known to be dead.
        world.pass(MILLISECONDS.toNanos(999));
        Address late = Address.loopback(4);
        world.answer(slow, 0, List.of(late));
        world.pass(MILLISECONDS.toNanos(2));
        assertThat(world.downHints()).as("we knew the dead one ourselves").isEmpty();
        world.answer(late, 0, List.of(dead));

        assertThat(world.downHints()).containsExactly(late);
    }

    @Test
    void downHintsStopWhenTheTicksBudgetIsSpent() {
        world.downHintsLeft = 1;
        List<Address> referrers = nearestFirst(5);
        Address dead = Address.loopback(3);
        world.table.addAll(referrers);
        start(LOOKUP);

        for (Address referrer : referrers) {
            world.answer(referrer, 0, List.of(dead));
        }
        world.pass(SECONDS.toNanos(10));

        assertThat(world.downHints()).hasSize(1);
    }

    @Test
    void seededQueryStartsNarrowAndRefillsFromTheTableOnce() {
        List<Address> seeds = nearestFirst(20);
        List<Address> known = someNodes(10);
        world.table.addAll(known);
        world.deaf.addAll(seeds);

        start(LOOKUP.withStart(seeds));
        assertThat(world.asked()).as("the first burst").hasSize(10);
        world.pass(SECONDS.toNanos(1));
        assertThat(world.asked()).as("then three beside the slow ones").hasSize(13);
        for (int i = 0; i < 20; i++) {
            world.pass(SECONDS.toNanos(1));
            world.answerAll(node -> List.of());
        }

        assertThat(log.result.closestNodes()).containsExactlyInAnyOrderElementsOf(known);
    }

    @Test
    void seedOnlyQueryNeverLeavesItsSeeds() {
        List<Address> seeds = nearestFirst(3);
        world.table.addAll(someNodes(10));
        world.bootstrap.add(Address.loopback(9999));

        start(LOOKUP.withStart(seeds).withOnlyStart(true).asForced());
        world.answerAll(node -> someNodes(20));

        assertThat(world.asked()).containsExactlyInAnyOrderElementsOf(seeds);
        assertThat(log.result.closestNodes()).isEqualTo(seeds);
    }

    @Test
    void sparseTableIsToppedUpWithResolvedBootstrapNodes() {
        Address known = Address.loopback(1);
        Address bootstrap = Address.loopback(9999);
        world.table.add(known);
        world.bootstrap.add(bootstrap);

        start(LOOKUP);

        assertThat(world.asked()).containsExactlyInAnyOrder(known, bootstrap);
    }

    @Test
    void closerNodesAreBounded() {
        world.table.add(Address.loopback(1));

        start(LOOKUP);
        world.answer(
                Address.loopback(1),
                0,
                IntStream.range(1000, 1200).mapToObj(Address::loopback).toList());
        world.deaf.addAll(IntStream.range(1000, 1200).mapToObj(Address::loopback).toList());
        world.pass(SECONDS.toNanos(100));

        assertThat(world.asked()).hasSizeLessThanOrEqualTo(21);
    }

    @Test
    void commitFailsWhenNoClosestNodeAccepted() {
        QuerySpec put =
                LOOKUP.withCommit(answer -> RequestSpec.of(answer.from(), Command.ANNOUNCE));
        List<Address> nodes = nearestFirst(3);
        world.table.addAll(nodes);

        start(put);
        world.answerAll(node -> List.of());
        nodes.forEach(node -> world.answer(node, 17, List.of()));

        assertThat(log.result.failure()).contains(QueryFailure.REFUSED);
        assertThat(log.result.commits()).extracting(c -> c.error()).containsOnly(17L);
    }

    @Test
    void refusedStoreIsAFailureOnlyIfAllRefuse() {
        QuerySpec put =
                LOOKUP.withCommit(answer -> RequestSpec.of(answer.from(), Command.ANNOUNCE));
        List<Address> nodes = nearestFirst(3);
        world.table.addAll(nodes);

        start(put);
        world.answerAll(node -> List.of());
        world.answer(nodes.get(0), 1, List.of());
        world.answer(nodes.get(1), 0, List.of());
        assertThat(log.result).as("one is still to be heard").isNull();
        world.pass(SECONDS.toNanos(5));

        assertThat(log.result.failure()).isEmpty();
        assertThat(log.result.commits()).hasSize(3);
        assertThat(log.result.commits().stream().filter(c -> c.accepted()).count()).isEqualTo(1);
        assertThat(log.result.commits().get(2).failure()).isEqualTo(RequestFailure.TIMED_OUT);
    }

    @Test
    void commitWithoutATokenIsAFailedOne() {
        world.table.add(Address.loopback(1));

        start(LOOKUP.withCommit(answer -> null));
        world.answerAll(node -> List.of());

        assertThat(log.result.failure()).contains(QueryFailure.REFUSED);
    }

    @Test
    void commitToNobodyFails() {
        start(LOOKUP.withCommit(answer -> null));

        assertThat(log.result.failure()).contains(QueryFailure.TOO_FEW_NODES);
    }

    @Test
    void followUpsAreAwaitedBeforeTheCommit() {
        Address node = Address.loopback(1);
        world.table.add(node);

        start(
                LOOKUP.withFollowUp(a -> RequestSpec.of(a.from(), Command.UNANNOUNCE))
                        .withCommit(a -> RequestSpec.of(a.from(), Command.ANNOUNCE)));
        world.answer(node, 0, List.of());
        assertThat(world.commands()).containsExactly(Command.LOOKUP, Command.UNANNOUNCE);
        world.answer(node, 0, List.of());
        assertThat(world.commands()).last().isEqualTo(Command.ANNOUNCE);
        world.answer(node, 0, List.of());

        assertThat(log.result.failure()).isEmpty();
    }

    @Test
    void cancelledWalkAsksNobodyAnyMore() {
        world.table.addAll(nearestFirst(30));
        Query query = start(LOOKUP);
        int before = world.sent.size();

        query.cancel(world.now);
        world.pass(SECONDS.toNanos(10));

        assertThat(log.result.failure()).contains(QueryFailure.CANCELLED);
        assertThat(world.sent).hasSize(before);
        assertThat(world.ended).containsExactly(query);
    }

    @Test
    void walkMayBeCancelledFromItsOwnListener() {
        List<Address> nodes = nearestFirst(30);
        world.table.addAll(nodes);
        Query[] query = new Query[1];
        log.onAnswer = () -> query[0].cancel(world.now);

        query[0] = start(LOOKUP);
        world.answerAll(node -> nodes);

        assertThat(log.answers).hasSize(1);
        assertThat(log.result.failure()).contains(QueryFailure.CANCELLED);
    }

    private Query start(QuerySpec spec) {
        Query query = new Query(world, spec, log);
        query.start(world.now);
        return query;
    }

    private static List<Address> nearestFirst(int count) {
        return IntStream.range(100, 100 + count)
                .mapToObj(Address::loopback)
                .sorted(Comparator.comparing(NodeId::of, (a, b) -> a.compareDistance(b, TARGET)))
                .toList();
    }

    private static List<Address> someNodes(int count) {
        return IntStream.range(5000, 5000 + count).mapToObj(Address::loopback).toList();
    }

    /** What a node far away names: those a little nearer than itself, as in a large network. */
    private static List<Address> nearestKnown(List<Address> nodes, Address asked) {
        int at = nodes.indexOf(asked);
        return nodes.subList(Math.max(0, at - 5), at);
    }

    private interface Names {
        List<Address> by(Address node);
    }

    /** A node whose neighbours the test speaks for. */
    private static final class World implements QueryHost, PendingRequests.Outlet {

        final List<Address> table = new ArrayList<>();
        final List<Address> bootstrap = new ArrayList<>();
        final Set<Address> deaf = new HashSet<>();
        final List<Request> sent = new ArrayList<>();
        final List<Query> ended = new ArrayList<>();
        final LocalSocket socket = new LocalSocket(1, Address.loopback(1));
        final PendingRequests requests = new PendingRequests(this, new Random(1));
        final List<Request> unanswered = new ArrayList<>();
        int downHintsLeft = 50;
        long now;

        void pass(long nanos) {
            long end = now + nanos;
            while (requests.deadlineNanos() <= end) {
                now = Math.max(now, requests.deadlineNanos());
                requests.expire(now);
            }
            now = end;
        }

        void answerAll(Names names) {
            boolean progress = true;
            while (progress) {
                progress = false;
                for (Request request : List.copyOf(unanswered)) {
                    if (!deaf.contains(request.to()) && unanswered.contains(request)) {
                        boolean walking = request.command().equals(Command.LOOKUP);
                        if (walking) {
                            answer(request.to(), 0, names.by(request.to()));
                            progress = true;
                        }
                    }
                }
            }
        }

        void answer(Address node, long error, List<Address> closer) {
            Request request =
                    unanswered.stream().filter(r -> r.to().equals(node)).findFirst().orElseThrow();
            unanswered.removeIf(r -> r.tid() == request.tid());
            Reply reply =
                    new Reply(
                            request.tid(),
                            socket.local(),
                            NodeId.of(node),
                            TOKEN,
                            closer,
                            error,
                            null);
            PendingRequest pending = requests.take(reply, node, now);
            if (pending != null) {
                requests.answer(pending, socket, node, NodeId.of(node), reply, now);
            }
        }

        Set<Address> asked() {
            Set<Address> asked = new HashSet<>();
            sent.stream()
                    .filter(r -> r.command().equals(Command.LOOKUP))
                    .forEach(r -> asked.add(r.to()));
            return asked;
        }

        List<Command> commands() {
            return sent.stream().map(Request::command).toList();
        }

        Set<Address> downHints() {
            Set<Address> hinted = new HashSet<>();
            sent.stream()
                    .filter(r -> r.command().equals(Command.DOWN_HINT))
                    .forEach(r -> hinted.add(r.to()));
            return hinted;
        }

        @Override
        public LocalSocket mainSocket() {
            return socket;
        }

        @Override
        public @Nullable NodeId idOn(LocalSocket through) {
            return null;
        }

        @Override
        public void send(LocalSocket through, Address to, Bytes datagram) {
            try {
                Request request = Request.decode(new WireReader(datagram));
                sent.add(request);
                unanswered.removeIf(r -> r.tid() == request.tid());
                unanswered.add(request);
            } catch (MalformedException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public void timedOut(RequestSpec spec, long nowNanos) {}

        @Override
        public PendingRequest request(RequestSpec spec, ReplyListener asker, long nowNanos) {
            return requests.send(spec, asker, nowNanos);
        }

        @Override
        public NodeId tableId() {
            return NodeId.of(socket.local());
        }

        @Override
        public List<Address> closest(Bytes target, int count) {
            return table.subList(0, Math.min(count, table.size()));
        }

        @Override
        public List<Address> bootstrapNodes(long nowNanos) {
            return bootstrap;
        }

        @Override
        public boolean admits(Address node, Address from) {
            return true;
        }

        @Override
        public int requestsInFlight() {
            return requests.size();
        }

        @Override
        public boolean takeDownHint() {
            return downHintsLeft-- > 0;
        }

        @Override
        public void ended(Query query) {
            ended.add(query);
        }
    }

    private static final class Log implements QueryListener {

        final List<Answer> answers = new ArrayList<>();
        @Nullable QueryResult result;
        long endedNanos;
        Runnable onAnswer = () -> {};

        @Override
        public void answer(Answer answer, long nowNanos) {
            answers.add(answer);
            onAnswer.run();
        }

        @Override
        public void finished(QueryResult newResult, long nowNanos) {
            assertThat(result).isNull();
            result = newResult;
            endedNanos = nowNanos;
        }
    }
}
