package dev.keyhole.dht.request;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.message.Reply;
import dev.keyhole.dht.message.Request;
import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PendingRequestsTest {

    private static final Address PEER = Address.parse("10.1.2.3:40001");
    private static final Address STRANGER = Address.parse("66.6.6.6:666");
    private static final LocalSocket MAIN = new LocalSocket(1, Address.loopback(5000));
    private static final RequestSpec PING = RequestSpec.of(PEER, Command.PING);

    private final List<Sent> sent = new ArrayList<>();
    private final List<RequestSpec> silent = new ArrayList<>();
    private final PendingRequests requests = new PendingRequests(new Wire(), new Random(7));
    private final Log log = new Log();
    private long now;

    private record Sent(long atNanos, Address to, Bytes datagram) {}

    @Test
    void retransmissionsAreASecondApartAndNPlusOneInNumber() throws Exception {
        requests.send(PING, log, 0);
        runUntil(SECONDS.toNanos(10));

        assertThat(sent)
                .extracting(s -> NANOSECONDS.toMillis(s.atNanos))
                .containsExactly(0L, 1000L, 2000L, 3000L);
        assertThat(sent).extracting(Sent::datagram).containsOnly(sent.get(0).datagram);
        assertThat(log.outcomes).containsExactly("TIMED_OUT at 4000");
        assertThat(silent).containsExactly(PING);
        assertThat(requests.deadlineNanos()).isEqualTo(Machine.NEVER);
    }

    @Test
    void adaptiveTimeoutsAreAChoiceAndLeaveOthersAlone() throws Exception {
        PendingRequests adaptive = new PendingRequests(new Wire(), new Random(7), true);
        adaptive.send(PING.withRetries(1), log, 0);
        adaptive.send(PING.withRetries(0).withTimeoutNanos(SECONDS.toNanos(6)), new Log(), 0);

        assertThat(adaptive.deadlineNanos())
                .isBetween(MILLISECONDS.toNanos(250), MILLISECONDS.toNanos(506));
        adaptive.expire(adaptive.deadlineNanos());
        now = adaptive.deadlineNanos();
        adaptive.expire(now);

        assertThat(sent).hasSize(3);
        assertThat(log.outcomes).hasSize(1);
        assertThat(adaptive.deadlineNanos()).isEqualTo(SECONDS.toNanos(6));
    }

    @Test
    void withoutRetriesItIsSentOnce() {
        requests.send(PING.withRetries(0), log, 0);
        runUntil(SECONDS.toNanos(10));

        assertThat(sent).hasSize(1);
        assertThat(log.outcomes).containsExactly("TIMED_OUT at 1000");
    }

    @Test
    void answerEndsItWithItsRoundTrip() throws Exception {
        requests.send(PING, log, 0);
        now = MILLISECONDS.toNanos(30);

        assertThat(answer(sent.get(0), PEER)).isTrue();
        runUntil(SECONDS.toNanos(10));

        assertThat(log.outcomes).containsExactly("answered after 30 at 30");
        assertThat(sent).hasSize(1);
    }

    @Test
    void answerFromAnotherAddressIsIgnored() throws Exception {
        requests.send(PING, log, 0);

        assertThat(answer(sent.get(0), STRANGER)).isFalse();
        assertThat(answer(sent.get(0), PEER.withPort(40002))).isFalse();

        assertThat(log.outcomes).isEmpty();
        assertThat(requests.strayReplies()).isEqualTo(2);
        assertThat(answer(sent.get(0), PEER)).isTrue();
        assertThat(answer(sent.get(0), PEER)).as("a second answer").isFalse();
    }

    @Test
    void transactionIdsAreUnpredictable() throws Exception {
        Set<Integer> tids = new HashSet<>();
        int ascending = 0;
        int last = -1;
        for (int i = 0; i < 60; i++) {
            requests.send(PING.withForced(true), log, 0);
            int tid = tid(sent.get(i));
            ascending += tid == last + 1 ? 1 : 0;
            last = tid;
            tids.add(tid);
        }

        assertThat(tids).hasSize(60);
        assertThat(ascending).isLessThan(5);
    }

    @Test
    void transactionIdZeroIsAnOrdinaryOne() throws Exception {
        PendingRequests zero =
                new PendingRequests(
                        new Wire(),
                        new Random() {
                            @Override
                            public int nextInt(int bound) {
                                return 0;
                            }
                        });
        zero.send(PING, log, 0);
        zero.send(PING, log, 0);

        assertThat(tid(sent.get(0))).isZero();
        assertThat(tid(sent.get(1))).as("the next free one").isEqualTo(1);
        Reply reply = new Reply(0, PEER, null, null, List.of(), 0, null);
        assertThat(zero.take(reply, PEER, 0)).isNotNull();
    }

    @Test
    void queuedRequestStartsItsClockWhenSentAndCanBeCancelled() {
        for (int i = 0; i < PendingRequests.MAX_WINDOW; i++) {
            requests.send(PING.withRetries(0), log, 0);
        }
        PendingRequest late = requests.send(PING.withRetries(0), log, 0);
        PendingRequest cancelled = requests.send(PING.withRetries(0), log, 0);
        assertThat(sent).hasSize(PendingRequests.MAX_WINDOW);
        assertThat(late.sent()).isZero();

        cancelled.cancel(0);
        runUntil(SECONDS.toNanos(10));

        assertThat(sent).hasSize(PendingRequests.MAX_WINDOW + 1);
        assertThat(sent.get(sent.size() - 1).atNanos).isEqualTo(MILLISECONDS.toNanos(750));
        assertThat(log.outcomes).startsWith("CANCELLED at 0").endsWith("TIMED_OUT at 1750");
    }

    @Test
    void whatWaitsInLineLeavesAsSoonAsOthersHaveEnded() throws Exception {
        for (int i = 0; i < PendingRequests.MAX_WINDOW + 2; i++) {
            requests.send(PING, log, 0);
        }
        now = MILLISECONDS.toNanos(5);

        answer(sent.get(0), PEER);

        assertThat(sent).hasSize(PendingRequests.MAX_WINDOW + 1);
        assertThat(sent.get(sent.size() - 1).atNanos).isEqualTo(now);
    }

    @Test
    void nothingLeavesWhileEverythingIsGivenUp() {
        for (int i = 0; i < PendingRequests.MAX_WINDOW + 2; i++) {
            requests.send(PING, log, 0);
        }

        requests.suspend(0);

        assertThat(sent).hasSize(PendingRequests.MAX_WINDOW);
        assertThat(log.outcomes).hasSize(PendingRequests.MAX_WINDOW + 2);
    }

    @Test
    void forcedRequestDoesNotWaitInLine() {
        for (int i = 0; i < PendingRequests.MAX_WINDOW; i++) {
            requests.send(PING, log, 0);
        }

        requests.send(PING.withForced(true), log, 0);

        assertThat(sent).hasSize(PendingRequests.MAX_WINDOW + 1);
    }

    @Test
    void everyRequestEndsInExactlyOneOutcome() {
        int count = 1000;
        List<Log> logs = new ArrayList<>();
        Random random = new Random(3);
        List<PendingRequest> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Log one = new Log();
            logs.add(one);
            all.add(requests.send(PING.withRetries(random.nextInt(3)), one, now));
            if (random.nextInt(10) == 0) {
                all.get(random.nextInt(all.size())).cancel(now);
            }
        }
        runUntil(SECONDS.toNanos(20));
        requests.close(now);

        assertThat(logs).allSatisfy(one -> assertThat(one.outcomes).hasSize(1));
        assertThat(requests.size()).isZero();
        Log after = new Log();
        requests.send(PING, after, now);
        assertThat(after.outcomes).as("after the end").hasSize(1);
    }

    private void runUntil(long end) {
        while (requests.deadlineNanos() <= end) {
            now = Math.max(now, requests.deadlineNanos());
            requests.expire(now);
        }
        now = end;
    }

    private boolean answer(Sent question, Address from) throws MalformedException {
        Reply reply = new Reply(tid(question), from, null, null, List.of(), 0, null);
        PendingRequest pending = requests.take(reply, from, now);
        if (pending == null) {
            return false;
        }
        requests.answer(pending, MAIN, from, null, reply, now);
        return true;
    }

    private static int tid(Sent question) throws MalformedException {
        return Request.decode(new WireReader(question.datagram)).tid();
    }

    private final class Wire implements PendingRequests.Outlet {

        @Override
        public LocalSocket mainSocket() {
            return MAIN;
        }

        @Override
        public NodeId idOn(LocalSocket socket) {
            return null;
        }

        @Override
        public void send(LocalSocket socket, Address to, Bytes datagram) {
            sent.add(new Sent(now, to, datagram));
        }

        @Override
        public void timedOut(RequestSpec spec, long nowNanos) {
            silent.add(spec);
        }
    }

    private static final class Log implements ReplyListener {

        final List<String> outcomes = new ArrayList<>();

        @Override
        public void answered(Answer answer, long nowNanos) {
            outcomes.add(
                    "answered after "
                            + answer.roundTripNanos() / 1_000_000
                            + " at "
                            + nowNanos / 1_000_000);
        }

        @Override
        public void failed(RequestFailure failure, long nowNanos) {
            outcomes.add(failure + " at " + nowNanos / 1_000_000);
        }
    }
}
