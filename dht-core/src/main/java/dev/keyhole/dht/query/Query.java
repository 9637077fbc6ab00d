package dev.keyhole.dht.query;

import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.query.QueryResult.CommitOutcome;
import dev.keyhole.dht.query.QueryResult.QueryFailure;
import dev.keyhole.dht.request.Answer;
import dev.keyhole.dht.request.PendingRequest;
import dev.keyhole.dht.request.ReplyListener;
import dev.keyhole.dht.request.RequestFailure;
import dev.keyhole.dht.request.RequestSpec;
import dev.keyhole.dht.routing.RoutingTable;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.WireWriter;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A walk: asks the nodes nearest to a target, and the nearer ones they name, until nobody nearer is
 * left ({@code docs/protocol.md}, "Queries").
 *
 * <p>A node that misses its first second widens the walk by one, so that it does not hold up the
 * rest; a walk with a full result, or with nobody outstanding but nodes that missed two seconds,
 * does not wait for it, unless there is something to be done at every node. Nodes that stay silent
 * to the end are reported to those who named them, also after the walk is over.
 */
public final class Query {

    static final int CONCURRENCY = 10;
    static final int BACKGROUND_CONCURRENCY = 2;
    static final int SLOW_START_CONCURRENCY = 3;
    static final int BUSY_NODE = 3;

    private final QueryHost host;
    private final QuerySpec spec;
    private final QueryListener listener;
    private final Frontier frontier;
    private final Set<PendingRequest> requests = new LinkedHashSet<>();
    private final List<CommitOutcome> commits = new ArrayList<>();

    private int concurrency;
    private int inFlight;
    private int slow;
    private int overdue;
    private int followUps;
    private int commitsLeft;
    private int successes;
    private int errors;
    private boolean startedFromTable;
    private boolean slowStart;
    private boolean reading;
    private Phase phase = Phase.WALKING;

    private enum Phase {
        WALKING,
        FOLLOWING_UP,
        COMMITTING,
        OVER
    }

    public Query(QueryHost host, QuerySpec spec, QueryListener listener) {
        this.host = host;
        this.spec = spec;
        this.listener = listener;
        this.frontier = new Frontier(spec.target(), host::tableId);
        this.concurrency = spec.background() ? BACKGROUND_CONCURRENCY : CONCURRENCY;
    }

    /** Asks the first nodes. With nobody to ask, the walk is over before this returns. */
    public void start(long nowNanos) {
        spec.start().forEach(node -> frontier.add(node, null));
        if (!spec.onlyStart() && frontier.pending() < RoutingTable.K) {
            addFromTable();
        }
        if (!spec.onlyStart() && frontier.pending() < RoutingTable.K) {
            host.bootstrapNodes(nowNanos).forEach(node -> frontier.add(node, null));
        }
        proceed(nowNanos);
    }

    public QuerySpec spec() {
        return spec;
    }

    public boolean isOver() {
        return phase == Phase.OVER;
    }

    public int successes() {
        return successes;
    }

    public int errors() {
        return errors;
    }

    /** Gives up: the listener hears {@link QueryFailure#CANCELLED}. Harmless when it is over. */
    public void cancel(long nowNanos) {
        giveUp(QueryFailure.CANCELLED, nowNanos);
    }

    /** Gives up since the node leaves the network: the listener hears so. */
    public void suspend(long nowNanos) {
        giveUp(QueryFailure.SUSPENDED, nowNanos);
    }

    private void giveUp(QueryFailure why, long nowNanos) {
        if (phase != Phase.OVER) {
            finish(why, nowNanos);
            List.copyOf(requests).forEach(request -> request.cancel(nowNanos));
        }
    }

    private void addFromTable() {
        startedFromTable = true;
        int missing = RoutingTable.K - frontier.pending();
        host.closest(spec.target(), missing).forEach(node -> frontier.add(node, null));
    }

    private void proceed(long nowNanos) {
        if (phase != Phase.WALKING || reading) {
            return;
        }
        reading = true;
        int limit = (slowStart ? SLOW_START_CONCURRENCY : concurrency) + slow;
        Address next = null;
        while (inFlight < limit && phase == Phase.WALKING && (next = frontier.next()) != null) {
            visit(next, nowNanos);
        }
        reading = false;
        if (!startedFromTable && !spec.onlyStart() && successes + errors == 0) {
            slowStart = true;
        }
        if (phase != Phase.WALKING || frontier.pending() > 0 || !isSettled()) {
            return;
        }
        if (!startedFromTable && !spec.onlyStart() && successes < RoutingTable.K / 4) {
            slowStart = false;
            addFromTable();
            proceed(nowNanos);
            return;
        }
        phase = Phase.FOLLOWING_UP;
        commitWhenFollowedUp(nowNanos);
    }

    private boolean isSettled() {
        if (inFlight == 0) {
            return true;
        }
        boolean full = slow == inFlight && frontier.isFull() && spec.followUp() == null;
        boolean tried = overdue == inFlight && frontier.hasAnswers();
        return full || tried;
    }

    private void visit(Address node, long nowNanos) {
        inFlight++;
        Visit visit = new Visit(node);
        RequestSpec request =
                RequestSpec.of(node, spec.command())
                        .withToId(frontier.idOf(node))
                        .withTarget(spec.target())
                        .withValue(spec.value())
                        .withRetries(spec.retries())
                        .withForced(spec.forced());
        visit.track(host.request(request, visit, nowNanos));
    }

    private void answered(Answer answer, long nowNanos) {
        if (phase != Phase.WALKING) {
            followUpLate(answer, nowNanos);
            return;
        }
        if (answer.isOk()) {
            successes++;
            frontier.answered(answer);
        } else {
            errors++;
        }
        if (!spec.onlyStart()) {
            follow(answer, nowNanos);
        }
        if (!startedFromTable && successes + errors >= concurrency) {
            slowStart = false;
        }
        if (spec.background()) {
            concurrency =
                    host.requestsInFlight() < BUSY_NODE ? CONCURRENCY : BACKGROUND_CONCURRENCY;
        }
        if (answer.isOk()) {
            deliver(answer, nowNanos);
        }
        proceed(nowNanos);
    }

    private void follow(Answer answer, long nowNanos) {
        int named = 0;
        for (Address node : answer.closerNodes()) {
            if (named++ >= RoutingTable.K) {
                return;
            }
            if (!host.admits(node, answer.from())) {
                continue;
            }
            if (frontier.isDown(node)) {
                hintDown(answer.from(), node, nowNanos);
            }
            if (!frontier.add(node, answer.from())) {
                return;
            }
        }
    }

    private void deliver(Answer answer, long nowNanos) {
        listener.answer(answer, nowNanos);
        QuerySpec.FollowUp followUp = spec.followUp();
        if (followUp == null || phase != Phase.WALKING) {
            return;
        }
        RequestSpec request = followUp.after(answer);
        if (request != null) {
            followUps++;
            FollowUpRequest asked = new FollowUpRequest();
            asked.track(host.request(request, asked, nowNanos));
        }
    }

    /** Nobody waits for a straggler's follow-up, but it is worth having. */
    private void followUpLate(Answer answer, long nowNanos) {
        QuerySpec.FollowUp followUp = spec.followUp();
        RequestSpec request = followUp == null || !answer.isOk() ? null : followUp.after(answer);
        if (request != null) {
            host.request(request, new Unheard(), nowNanos);
        }
    }

    private void timedOut(Address node, long nowNanos) {
        for (Address referrer : frontier.down(node)) {
            hintDown(referrer, node, nowNanos);
        }
    }

    private void hintDown(Address referrer, Address dead, long nowNanos) {
        if (!host.takeDownHint()) {
            return;
        }
        WireWriter value = new WireWriter(6);
        dead.encode(value);
        host.request(
                RequestSpec.of(referrer, Command.DOWN_HINT).withValue(value.toBytes()),
                new Unheard(),
                nowNanos);
    }

    private void commitWhenFollowedUp(long nowNanos) {
        if (phase != Phase.FOLLOWING_UP || followUps > 0) {
            return;
        }
        QuerySpec.Commit commit = spec.commit();
        if (commit == null) {
            finish(null, nowNanos);
            return;
        }
        List<Answer> closest = frontier.closest();
        if (closest.isEmpty()) {
            finish(QueryFailure.TOO_FEW_NODES, nowNanos);
            return;
        }
        phase = Phase.COMMITTING;
        commitsLeft = closest.size();
        for (Answer node : closest) {
            RequestSpec request = commit.to(node);
            CommitRequest asked = new CommitRequest(node);
            if (request == null) {
                asked.failed(RequestFailure.CANCELLED, nowNanos);
            } else {
                asked.track(host.request(request, asked, nowNanos));
            }
        }
    }

    private void committed(CommitOutcome outcome, long nowNanos) {
        if (phase != Phase.COMMITTING) {
            return;
        }
        commits.add(outcome);
        if (--commitsLeft == 0) {
            boolean accepted = commits.stream().anyMatch(CommitOutcome::accepted);
            finish(accepted ? null : QueryFailure.REFUSED, nowNanos);
        }
    }

    private void finish(@Nullable QueryFailure failure, long nowNanos) {
        phase = Phase.OVER;
        host.ended(this);
        listener.finished(new QueryResult(frontier.closest(), commits, failure), nowNanos);
    }

    /** A request of this walk that is cancelled with it. */
    private abstract class Tracked implements ReplyListener {

        private @Nullable PendingRequest request;

        void track(PendingRequest pending) {
            if (!pending.ended()) {
                request = pending;
                requests.add(pending);
            }
        }

        void untrack() {
            if (request != null) {
                requests.remove(request);
            }
        }
    }

    private final class Visit extends Tracked {

        private final Address node;
        private int missed;

        Visit(Address node) {
            this.node = node;
        }

        @Override
        public void answered(Answer answer, long nowNanos) {
            leave();
            Query.this.answered(answer, nowNanos);
        }

        @Override
        public void failed(RequestFailure failure, long nowNanos) {
            leave();
            errors++;
            if (failure == RequestFailure.TIMED_OUT) {
                timedOut(node, nowNanos);
                proceed(nowNanos);
            } else if (phase != Phase.OVER) {
                boolean suspended = failure == RequestFailure.SUSPENDED;
                finish(suspended ? QueryFailure.SUSPENDED : QueryFailure.CANCELLED, nowNanos);
            }
        }

        @Override
        public void unanswered(int sendings, long nowNanos) {
            missed = sendings;
            slow += sendings == 1 ? 1 : 0;
            overdue += sendings == 2 ? 1 : 0;
            proceed(nowNanos);
        }

        private void leave() {
            untrack();
            inFlight--;
            slow -= missed >= 1 ? 1 : 0;
            overdue -= missed >= 2 ? 1 : 0;
        }
    }

    private final class FollowUpRequest extends Tracked {

        @Override
        public void answered(Answer answer, long nowNanos) {
            ended(nowNanos);
        }

        @Override
        public void failed(RequestFailure failure, long nowNanos) {
            ended(nowNanos);
        }

        private void ended(long nowNanos) {
            untrack();
            followUps--;
            commitWhenFollowedUp(nowNanos);
        }
    }

    private final class CommitRequest extends Tracked {

        private final Answer node;

        CommitRequest(Answer node) {
            this.node = node;
        }

        @Override
        public void answered(Answer answer, long nowNanos) {
            untrack();
            committed(new CommitOutcome(node, answer.error(), null), nowNanos);
        }

        @Override
        public void failed(RequestFailure failure, long nowNanos) {
            untrack();
            committed(new CommitOutcome(node, 0, failure), nowNanos);
        }
    }

    private static final class Unheard implements ReplyListener {

        @Override
        public void answered(Answer answer, long nowNanos) {}

        @Override
        public void failed(RequestFailure failure, long nowNanos) {}
    }
}
