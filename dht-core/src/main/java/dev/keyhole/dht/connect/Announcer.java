package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.dht.announce.AnnounceSignature;
import dev.keyhole.dht.holepunch.Timers;
import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.message.ErrorCode;
import dev.keyhole.dht.node.RpcNode;
import dev.keyhole.dht.query.Query;
import dev.keyhole.dht.query.QueryResult;
import dev.keyhole.dht.query.QuerySpec;
import dev.keyhole.dht.request.Answer;
import dev.keyhole.dht.request.ReplyListener;
import dev.keyhole.dht.request.RequestFailure;
import dev.keyhole.dht.request.RequestSpec;
import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one server findable: announces it to the three nodes closest to its key, keeps the way from
 * them open, and withdraws it in the end ({@code docs/protocol.md}, "Being found").
 *
 * <p>A round walks to the closest nodes and announces there. What a round found replaces what was
 * known in one step, once it has settled; a round that reached nobody changes nothing and is soon
 * repeated.
 */
final class Announcer {

    /** How many nodes relay for a server. */
    static final int RELAYS = 3;

    static final long PING_NANOS = SECONDS.toNanos(3);
    static final long ROUND_DEADLINE_NANOS = SECONDS.toNanos(60);
    static final long CLOSE_DEADLINE_NANOS = SECONDS.toNanos(1);
    static final long MIN_RETRY_NANOS = SECONDS.toNanos(1);
    static final long MAX_RETRY_NANOS = SECONDS.toNanos(30);
    static final long DRIFT_PAUSE_NANOS = SECONDS.toNanos(10);
    static final long REST_NANOS = MINUTES.toNanos(5);

    private static final int GENERATIONS = 3;

    private final RpcNode rpc;
    private final Timers timers;
    private final KeyPair keyPair;
    private final Bytes target;
    private final Listener listener;

    private final Deque<Set<Address>> generations = new ArrayDeque<>();
    private List<NoisePayload.Relay> relays = List.of();
    private List<Address> closestNodes = List.of();
    private @Nullable Round round;
    private Timers.@Nullable Timer next;
    private long retryNanos = MIN_RETRY_NANOS;
    private long driftNanos = Long.MIN_VALUE;
    private long roundDueNanos;
    private boolean roundWanted;
    private boolean suspended;
    private boolean closed;

    /** Hears how the announcing goes. */
    interface Listener {

        /** A round is over; so many nodes relay for the server now. */
        void announced(int relays, long nowNanos);
    }

    Announcer(RpcNode rpc, Timers timers, KeyPair keyPair, Listener listener) {
        this.rpc = rpc;
        this.timers = timers;
        this.keyPair = keyPair;
        this.target = keyPair.publicKey().target();
        this.listener = listener;
    }

    void start(long nowNanos) {
        startRound(nowNanos);
    }

    /** Announces again at once, since what others know of this node may be out of date. */
    void refresh(long nowNanos) {
        if (closed || suspended) {
            return;
        }
        if (round == null) {
            startRound(nowNanos);
        } else {
            roundWanted = true;
        }
    }

    /** The nodes that know the way here, and how each of them sees us. */
    List<NoisePayload.Relay> relays() {
        return relays;
    }

    /** What to tell a client to try first next time. */
    List<Address> relayAddresses() {
        List<Address> addresses = new ArrayList<>();
        rpc.remoteAddress().ifPresent(addresses::add);
        for (NoisePayload.Relay relay : relays) {
            if (addresses.size() < RELAYS) {
                addresses.add(relay.relayAddress());
            }
        }
        return addresses;
    }

    /** Whether an address relays for us, or did so lately. */
    boolean isRelay(Address address) {
        return generations.stream().anyMatch(generation -> generation.contains(address));
    }

    /**
     * Withdraws the server where it was announced, without waiting longer than a moment.
     *
     * @param done runs once, when nothing is left to do
     */
    void close(Timers.Task done, long nowNanos) {
        if (closed) {
            done.run(nowNanos);
            return;
        }
        closed = true;
        withdraw(done, nowNanos);
    }

    /** Withdraws the server as {@link #close} does, until {@link #resume}. */
    void suspend(Timers.Task done, long nowNanos) {
        suspended = true;
        withdraw(done, nowNanos);
    }

    /** Announces the server again. */
    void resume(long nowNanos) {
        suspended = false;
        refresh(nowNanos);
    }

    private void withdraw(Timers.Task done, long nowNanos) {
        cancelNext();
        if (round != null) {
            round.cancel(nowNanos);
        }
        Withdrawals withdrawals = new Withdrawals(done, nowNanos);
        for (NoisePayload.Relay relay : relays) {
            withdrawals.add(relay.relayAddress(), nowNanos);
        }
        relays = List.of();
        withdrawals.settle(nowNanos);
    }

    private void startRound(long nowNanos) {
        cancelNext();
        roundWanted = false;
        Round started = new Round(nowNanos);
        round = started;
        started.walk(nowNanos);
    }

    private void roundSettled(Round settled, long nowNanos) {
        round = null;
        boolean complete = settled.accepted.size() >= Math.min(RELAYS, settled.candidates);
        if (!settled.accepted.isEmpty()) {
            adopt(settled, nowNanos);
        }
        if (complete && !settled.accepted.isEmpty()) {
            retryNanos = MIN_RETRY_NANOS;
            roundDueNanos = nowNanos + REST_NANOS;
        } else {
            roundDueNanos = nowNanos + retryNanos;
            retryNanos = Math.min(2 * retryNanos, MAX_RETRY_NANOS);
        }
        if (roundWanted) {
            startRound(nowNanos);
        } else {
            scheduleNext(nowNanos);
        }
        listener.announced(relays.size(), nowNanos);
    }

    private void adopt(Round settled, long nowNanos) {
        Map<Address, NoisePayload.Relay> accepted = settled.accepted;
        List<NoisePayload.Relay> before = relays;
        relays = List.copyOf(accepted.values());
        closestNodes = settled.closestNodes;
        generations.addFirst(Set.copyOf(accepted.keySet()));
        if (generations.size() > GENERATIONS) {
            generations.removeLast();
        }
        Withdrawals replaced = new Withdrawals(now -> {}, nowNanos);
        for (NoisePayload.Relay relay : before) {
            if (!accepted.containsKey(relay.relayAddress())) {
                replaced.add(relay.relayAddress(), nowNanos);
            }
        }
        replaced.settle(nowNanos);
    }

    private void scheduleNext(long nowNanos) {
        next = timers.at(Math.min(nowNanos + PING_NANOS, roundDueNanos), this::next);
    }

    private void next(long nowNanos) {
        if (nowNanos >= roundDueNanos) {
            startRound(nowNanos);
        } else if (relays.isEmpty()) {
            scheduleNext(nowNanos);
        } else {
            pingRelays(nowNanos);
        }
    }

    /** Keeps the NAT mapping towards the relays alive, and notices when they go. */
    private void pingRelays(long nowNanos) {
        PingRound pinging = new PingRound(relays.size());
        for (NoisePayload.Relay relay : relays) {
            rpc.request(
                    RequestSpec.of(relay.relayAddress(), Command.PING),
                    pinging.answerOf(relay),
                    nowNanos);
        }
    }

    private void cancelNext() {
        if (next != null) {
            next.cancel();
            next = null;
        }
    }

    /** The pings of one moment; the next ones wait until all of these are settled. */
    private final class PingRound {

        private int waiting;
        private boolean lost;
        private boolean drifted;

        private PingRound(int count) {
            waiting = count;
        }

        private ReplyListener answerOf(NoisePayload.Relay relay) {
            return new ReplyListener() {
                @Override
                public void answered(Answer answer, long nowNanos) {
                    drifted |= !answer.to().equals(relay.peerAddress());
                    settle(nowNanos);
                }

                @Override
                public void failed(RequestFailure failure, long nowNanos) {
                    lost = true;
                    settle(nowNanos);
                }
            };
        }

        private void settle(long nowNanos) {
            if (--waiting > 0 || closed || suspended || round != null) {
                return;
            }
            if (lost || (drifted && mayFollowDrift(nowNanos))) {
                startRound(nowNanos);
            } else {
                scheduleNext(nowNanos);
            }
        }

        private boolean mayFollowDrift(long nowNanos) {
            if (driftNanos != Long.MIN_VALUE && nowNanos - driftNanos < DRIFT_PAUSE_NANOS) {
                return false;
            }
            driftNanos = nowNanos;
            return true;
        }
    }

    /** One walk and the announces at its end. */
    private final class Round {

        private final Map<Address, NoisePayload.Relay> accepted = new LinkedHashMap<>();
        private final Deque<Answer> untried = new ArrayDeque<>();
        private final Timers.Timer deadline;
        private List<Address> closestNodes = List.of();
        private @Nullable Query query;
        private int candidates;
        private int inFlight;
        private boolean over;

        private Round(long nowNanos) {
            deadline = timers.at(nowNanos + ROUND_DEADLINE_NANOS, this::finish);
        }

        private void walk(long nowNanos) {
            QuerySpec walk =
                    QuerySpec.of(target, Command.FIND_PEER).withStart(Announcer.this.closestNodes);
            query = rpc.query(walk, this::walked, nowNanos);
        }

        private void walked(QueryResult result, long nowNanos) {
            if (over) {
                return;
            }
            closestNodes = result.closestNodes();
            for (Answer answer : result.closest()) {
                if (answer.token() != null && answer.id() != null) {
                    untried.add(answer);
                }
            }
            candidates = untried.size();
            announceOn(nowNanos);
        }

        /** One failure makes room for the next closest node. */
        private void announceOn(long nowNanos) {
            while (accepted.size() + inFlight < RELAYS && !untried.isEmpty()) {
                Answer node = untried.remove();
                announce(node, node.token(), true, nowNanos);
            }
            if (inFlight == 0) {
                finish(nowNanos);
            }
        }

        private void announce(Answer node, @Nullable Bytes token, boolean first, long nowNanos) {
            NodeId id = node.id();
            if (id == null || token == null) {
                return;
            }
            inFlight++;
            Bytes value =
                    new AnnounceSignature(target, id, token).announce(keyPair, List.of(), null, 0);
            RequestSpec request =
                    RequestSpec.of(node.from(), Command.ANNOUNCE)
                            .withToId(id)
                            .withTarget(target)
                            .withValue(value)
                            .withToken(token);
            rpc.request(request, new AnnounceAnswer(node, first), nowNanos);
        }

        private void finish(long nowNanos) {
            if (over) {
                return;
            }
            end(nowNanos);
            roundSettled(this, nowNanos);
        }

        private void cancel(long nowNanos) {
            end(nowNanos);
            round = null;
        }

        private void end(long nowNanos) {
            over = true;
            deadline.cancel();
            if (query != null) {
                query.cancel(nowNanos);
            }
        }

        /** What one of the closest nodes says to the announce. */
        private final class AnnounceAnswer implements ReplyListener {

            private final Answer node;
            private final boolean first;

            private AnnounceAnswer(Answer node, boolean first) {
                this.node = node;
                this.first = first;
            }

            @Override
            public void answered(Answer answer, long nowNanos) {
                inFlight--;
                if (over) {
                    return;
                }
                if (answer.isOk()) {
                    accepted.put(node.from(), new NoisePayload.Relay(node.from(), node.to()));
                } else if (first && answer.error() == ErrorCode.INVALID_TOKEN.number()) {
                    // The walk outlived the token; the refusal brings a fresh one.
                    announce(node, answer.token(), false, nowNanos);
                }
                announceOn(nowNanos);
            }

            @Override
            public void failed(RequestFailure failure, long nowNanos) {
                inFlight--;
                if (!over) {
                    announceOn(nowNanos);
                }
            }
        }
    }

    /** Unannounces under way, and who waits for their end. */
    private final class Withdrawals {

        private final Timers.Task done;
        private final Timers.Timer deadline;
        private int waiting = 1;
        private boolean over;

        private Withdrawals(Timers.Task done, long nowNanos) {
            this.done = done;
            this.deadline = timers.at(nowNanos + CLOSE_DEADLINE_NANOS, this::finish);
        }

        private void add(Address relay, long nowNanos) {
            waiting++;
            rpc.request(
                    RequestSpec.of(relay, Command.FIND_PEER).withTarget(target),
                    new ReplyListener() {
                        @Override
                        public void answered(Answer answer, long now) {
                            withdraw(answer, now);
                            settle(now);
                        }

                        @Override
                        public void failed(RequestFailure failure, long now) {
                            settle(now);
                        }
                    },
                    nowNanos);
        }

        private void withdraw(Answer answer, long nowNanos) {
            NodeId id = answer.id();
            Bytes token = answer.token();
            if (id == null || token == null || answer.value() == null) {
                return;
            }
            waiting++;
            rpc.request(
                    RequestSpec.of(answer.from(), Command.UNANNOUNCE)
                            .withToId(id)
                            .withTarget(target)
                            .withValue(new AnnounceSignature(target, id, token).unannounce(keyPair))
                            .withToken(token),
                    new ReplyListener() {
                        @Override
                        public void answered(Answer reply, long now) {
                            settle(now);
                        }

                        @Override
                        public void failed(RequestFailure failure, long now) {
                            settle(now);
                        }
                    },
                    nowNanos);
        }

        private void settle(long nowNanos) {
            if (--waiting == 0) {
                finish(nowNanos);
            }
        }

        private void finish(long nowNanos) {
            if (!over) {
                over = true;
                deadline.cancel();
                done.run(nowNanos);
            }
        }
    }
}
