package dev.keyhole.dht.node;

import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.node.NodeConfig.Persistence;
import dev.keyhole.dht.query.QueryListener;
import dev.keyhole.dht.query.QueryResult;
import dev.keyhole.dht.query.QueryResult.QueryFailure;
import dev.keyhole.dht.query.QuerySpec;
import dev.keyhole.dht.request.Answer;
import dev.keyhole.dht.request.PendingRequest;
import dev.keyhole.dht.request.ReplyListener;
import dev.keyhole.dht.request.RequestFailure;
import dev.keyhole.dht.request.RequestSpec;
import dev.keyhole.dht.routing.Neighbour;
import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.dht.routing.RoutingTable;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.net.Machine;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a node believes of itself, and the clockwork that makes it think again: whether strangers
 * reach it, whether it stores for others, and under which id ({@code docs/protocol.md}, "Node
 * states").
 *
 * <p>Time is counted in ticks of five seconds. A tick after which the time of day is far ahead of
 * the machine's own time means that the machine slept: what was known is then old, and an address
 * that was good may belong to somebody else. A tick that merely comes late means nothing of the
 * kind, unless nobody answers any more; there are machines whose own time goes on in their sleep.
 */
final class NodeState {

    static final long TICK_NANOS = SECONDS.toNanos(5);
    static final long SLEEP_MILLIS = 15_000;

    static final int REFRESH_TICKS = 60;

    /** Twenty minutes until the first full check, then one hour, then three between the others. */
    static final int[] STABLE_TICKS = {240, 720, 2160};

    /** An advertised address is tried again after an hour, or a minute if that was in vain. */
    static final int ADVERTISED_TICKS = 720;

    static final int ADVERTISED_RETRY_TICKS = 12;

    /** A node that is told to be persistent tries again after so many ticks, then twice as many. */
    static final int MAX_RETRY_TICKS = 64;

    /** Nodes that take part in the quick check during bootstrap. */
    static final int QUICK_HOSTS = 3;

    private final NodeConfig config;
    private final Neighbourhood neighbourhood;
    private final Host host;
    private final NodeListener listener;
    private final LongSupplier wallClockMillis;
    private final Random entropy;
    private final Health health = new Health();
    private final Reunion reunion;

    private boolean ephemeral = true;
    private boolean firewalled;
    private boolean bootstrapped;
    private boolean bootstrapping;
    private @Nullable ReachabilityCheck check;
    private long nextTickNanos = Machine.NEVER;
    private long lastTickNanos;
    private long lastTickMillis;
    private int refreshTicks;
    private int stableTicks = STABLE_TICKS[0];
    private int stableChecks;
    private int retryTicks = 1;
    private int nextRetryTicks = 2;
    private boolean lookAroundNext;

    /** Counts the moves to other networks: what was asked before one is not worth an answer. */
    private int moves;

    private @Nullable ReachabilityCheck advertisedCheck;
    private boolean advertisedIsGood;
    private boolean advertisedMissed;
    private int advertisedTicks = 1;

    /** The node this is the state of. */
    interface Host {

        LocalSocket serverSocket();

        void query(QuerySpec spec, QueryListener listener, long nowNanos);

        PendingRequest request(RequestSpec spec, ReplyListener listener, long nowNanos);

        List<Address> bootstrapNodes();

        int requestsInFlight();

        long answers();

        long timeouts();
    }

    /** What comes after a check. */
    @FunctionalInterface
    private interface Then {
        void checked(boolean changed, long nowNanos);
    }

    NodeState(
            NodeConfig config,
            Neighbourhood neighbourhood,
            Host host,
            NodeListener listener,
            LongSupplier wallClockMillis,
            Random entropy) {
        this.config = config;
        this.neighbourhood = neighbourhood;
        this.host = host;
        this.listener = listener;
        this.wallClockMillis = wallClockMillis;
        this.entropy = entropy;
        this.firewalled = config.firewalled();
        this.refreshTicks = firstRefresh(entropy);
        this.reunion = new Reunion(neighbourhood, host, entropy);
    }

    /** Where the tick counter starts: anywhere, so that nodes do not act together. */
    static long firstTick(Random entropy) {
        return 51L + entropy.nextInt(50);
    }

    static int firstRefresh(Random entropy) {
        return 31 + entropy.nextInt(30);
    }

    void start(long nowNanos) {
        sampleOwnAddress();
        startTicking(nowNanos);
        lookAround(nowNanos);
    }

    void stop() {
        nextTickNanos = Machine.NEVER;
    }

    /**
     * Goes on after a pause of unknown length, as after sleep.
     *
     * @param moved whether the server socket is at another port than before
     */
    void resume(boolean moved, long nowNanos) {
        startTicking(nowNanos);
        wakeUp(nowNanos);
        if (moved) {
            forgetAddress(nowNanos);
        }
        if (lookAroundNext || !bootstrapped) {
            lookAroundNext = false;
            lookAround(nowNanos);
        } else {
            refresh(nowNanos);
        }
    }

    private void startTicking(long nowNanos) {
        lastTickNanos = nowNanos;
        lastTickMillis = wallClockMillis.getAsLong();
        nextTickNanos = nowNanos + TICK_NANOS;
    }

    boolean isEphemeral() {
        return ephemeral;
    }

    boolean isFirewalled() {
        return firewalled;
    }

    boolean isBootstrapped() {
        return bootstrapped;
    }

    Health health() {
        return health;
    }

    /** A walk keeps the table fresh as well as a refresh does. */
    void walked() {
        refreshTicks = REFRESH_TICKS;
    }

    /** The address that we are told to have, once others have reached the server socket there. */
    @Nullable Address advertisedAddress() {
        return advertisedIsGood ? config.advertisedAddress() : null;
    }

    void heardOnServerSocket(Address from) {
        if (advertisedCheck != null) {
            advertisedCheck.heardOnServerSocket(from);
        }
        if (check != null) {
            check.heardOnServerSocket(from);
        }
    }

    /** The machine is on other networks than before: what others say of our address is old. */
    void networkChanged(long nowNanos) {
        if (config.publicAddress() == null) {
            forgetAddress(nowNanos);
            lookAroundNext = true;
            refreshTicks = 1;
        }
        listener.networkChanged(nowNanos);
    }

    long deadlineNanos() {
        return nextTickNanos;
    }

    void expire(long nowNanos) {
        if (nowNanos < nextTickNanos) {
            return;
        }
        nextTickNanos = nowNanos + TICK_NANOS;
        long millis = wallClockMillis.getAsLong();
        long machineMillis = NANOSECONDS.toMillis(nowNanos - lastTickNanos);
        boolean slept = millis - lastTickMillis - machineMillis > SLEEP_MILLIS;
        boolean stalled = machineMillis > SLEEP_MILLIS;
        lastTickNanos = nowNanos;
        lastTickMillis = millis;
        if (slept) {
            wakeUp(nowNanos);
        } else {
            neighbourhood.tick(neighbourhood.tick() + 1);
        }
        if (bootstrapped) {
            tick(nowNanos);
            if (stalled && !slept) {
                walkTo(neighbourhood.table().self(), this::lookedAfterStall, nowNanos);
            }
        }
    }

    private void lookedAfterStall(QueryResult result, long nowNanos) {
        if (result.closest().isEmpty() && !wasCancelled(result)) {
            wakeUp(nowNanos);
        }
    }

    private void tick(long nowNanos) {
        considerAdvertised(nowNanos);
        if (lookAroundNext && !bootstrapping) {
            lookAroundNext = false;
            lookAround(nowNanos);
        }
        considerPersistence(nowNanos);
        long tick = neighbourhood.tick();
        boolean busy = host.requestsInFlight() > 2;
        if (tick % 8 == 0 && !neighbourhood.checkOldest(busy, nowNanos)) {
            refresh(nowNanos);
        }
        boolean sparse = neighbourhood.table().size() < RoutingTable.K;
        if (tick % 64 == 0 && sparse || --refreshTicks <= 0) {
            refresh(nowNanos);
        }
        reunion.tick(nowNanos);
        boolean wasOnline = health.isOnline();
        health.tick(host.answers(), host.timeouts());
        if (health.isOnline() != wasOnline) {
            listener.onlineChanged(health.isOnline(), nowNanos);
        }
    }

    private void considerPersistence(long nowNanos) {
        if (!ephemeral) {
            return;
        }
        switch (config.persistence()) {
            case EPHEMERAL -> {}
            case ADAPTIVE -> {
                if (--stableTicks <= 0) {
                    stableChecks = Math.min(stableChecks + 1, STABLE_TICKS.length - 1);
                    stableTicks = STABLE_TICKS[stableChecks];
                    check(false, (changed, now) -> {}, nowNanos);
                }
            }
            case PERSISTENT -> {
                if (--retryTicks <= 0) {
                    retryTicks = nextRetryTicks;
                    nextRetryTicks = Math.min(2 * nextRetryTicks, MAX_RETRY_TICKS);
                    check(false, (changed, now) -> {}, nowNanos);
                }
            }
        }
    }

    private void wakeUp(long nowNanos) {
        long tick = neighbourhood.tick() + 2 * Neighbourhood.OLD_TICKS;
        neighbourhood.tick(tick + 8 - tick % 8 - 2);
        stableChecks = 1;
        stableTicks = STABLE_TICKS[1];
        refreshTicks = 2;
        health.reset();
        if (config.persistence() != Persistence.PERSISTENT) {
            forgetAddress(nowNanos);
            lookAroundNext = true;
        }
        listener.networkChanged(nowNanos);
    }

    private void forgetAddress(long nowNanos) {
        moves++;
        check = null;
        advertisedCheck = null;
        advertisedIsGood = false;
        advertisedTicks = 1;
        neighbourhood.forgetSamples();
        sampleOwnAddress();
        retryTicks = 2;
        nextRetryTicks = 2;
        if (!ephemeral) {
            ephemeral = true;
            listener.ephemeral(nowNanos);
        }
        setFirewalled(config.firewalled(), nowNanos);
    }

    private void setFirewalled(boolean now, long nowNanos) {
        if (firewalled != now) {
            firewalled = now;
            listener.firewallChanged(now, nowNanos);
        }
    }

    private void sampleOwnAddress() {
        Address own = config.publicAddress();
        if (own != null) {
            neighbourhood.sample(own);
        }
    }

    private void refresh(long nowNanos) {
        Neighbour random = neighbourhood.table().random(entropy);
        NodeId towards = random == null ? neighbourhood.table().self() : random.id();
        walkTo(towards, (result, now) -> {}, nowNanos);
    }

    private void walkTo(NodeId id, QueryListener walker, long nowNanos) {
        refreshTicks = REFRESH_TICKS;
        host.query(QuerySpec.of(id.bytes(), Command.FIND_NODE).asBackground(), walker, nowNanos);
    }

    /** Walks to our own id, and finds out on the way whether we can be reached. */
    private void lookAround(long nowNanos) {
        if (!bootstrapping) {
            bootstrapping = true;
            walkTo(neighbourhood.table().self(), new LookAround(), nowNanos);
        }
    }

    private void lookedAround(long nowNanos) {
        bootstrapping = false;
        if (!bootstrapped) {
            bootstrapped = true;
            if (neighbourhood.table().size() < RoutingTable.K) {
                // Those who began with us have got to know each other by the next tick.
                refreshTicks = 1;
            }
            listener.bootstrapped(nowNanos);
        }
    }

    /**
     * Checks whether our beliefs can be better ones.
     *
     * @param onlyFirewall whether to stay ephemeral in any case
     */
    private void check(boolean onlyFirewall, Then then, long nowNanos) {
        Address seen = neighbourhood.observed();
        if (!ephemeral
                || check != null
                || (onlyFirewall && !firewalled)
                || seen == null
                || seen.port() == 0) {
            then.checked(false, nowNanos);
            return;
        }
        if (!firewalled) {
            then.checked(improve(onlyFirewall, seen, neighbourhood.sampler(), nowNanos), nowNanos);
            return;
        }
        int asOf = moves;
        check =
                new ReachabilityCheck(
                        host.serverSocket(),
                        (reachable, now) -> {
                            boolean current = asOf == moves;
                            if (current) {
                                check = null;
                            }
                            boolean improved =
                                    current
                                            && reachable != null
                                            && improve(onlyFirewall, seen, reachable, now);
                            then.checked(improved, now);
                        });
        check.start(nodesToAsk(), seen, host::request, nowNanos);
    }

    /** Has others try the address we are told to have, from time to time. */
    private void considerAdvertised(long nowNanos) {
        Address advertised = config.advertisedAddress();
        if (advertised == null || advertisedCheck != null || --advertisedTicks > 0) {
            return;
        }
        int asOf = moves;
        advertisedTicks = ADVERTISED_RETRY_TICKS;
        advertisedCheck =
                new ReachabilityCheck(
                        advertised.port(),
                        (reachable, now) -> {
                            if (asOf == moves) {
                                advertisedCheck = null;
                                advertisedChecked(reachable != null);
                            }
                        });
        advertisedCheck.start(nodesToAsk(), advertised, host::request, nowNanos);
    }

    private void advertisedChecked(boolean reachable) {
        if (reachable) {
            advertisedIsGood = true;
            advertisedMissed = false;
            advertisedTicks = ADVERTISED_TICKS;
        } else {
            // Once may be bad luck.
            advertisedIsGood &= !advertisedMissed;
            advertisedMissed = true;
        }
    }

    private List<Address> nodesToAsk() {
        List<Address> nodes = new ArrayList<>();
        for (Neighbour node : neighbourhood.table().latest(ReachabilityCheck.NODES)) {
            nodes.add(node.address());
        }
        for (Address node : host.bootstrapNodes()) {
            if (nodes.size() < ReachabilityCheck.NODES && !nodes.contains(node)) {
                nodes.add(node);
            }
        }
        return nodes;
    }

    private boolean improve(boolean onlyFirewall, Address seen, NatSampler fresh, long nowNanos) {
        setFirewalled(false, nowNanos);
        Address verdict = fresh.verdict();
        boolean stillTrue = ephemeral && seen.equals(neighbourhood.observed());
        if (!stillTrue || verdict == null || verdict.host() != seen.host() || verdict.port() == 0) {
            return false;
        }
        ephemeral = onlyFirewall;
        if (fresh != neighbourhood.sampler()) {
            neighbourhood.adopt(fresh);
        }
        NodeId id = NodeId.of(verdict);
        if (!id.equals(neighbourhood.table().self())) {
            neighbourhood.move(id);
            if (bootstrapped) {
                refresh(nowNanos);
            }
        }
        if (!ephemeral) {
            listener.persistent(nowNanos);
        }
        return true;
    }

    /** The walk that begins everything, and its repetition from a better position. */
    private final class LookAround implements QueryListener {

        private final boolean forced = config.persistence() == Persistence.PERSISTENT;
        private final boolean quick = firewalled && config.quickFirewall() && !forced;
        private final Set<Integer> asked = new HashSet<>();
        private boolean reached;

        @Override
        public void answer(Answer answer, long nowNanos) {
            if (quick && asked.size() < QUICK_HOSTS && asked.add(answer.from().host())) {
                host.request(
                        ReachabilityCheck.natPing(answer.from(), host.serverSocket()),
                        new QuickPong(this),
                        nowNanos);
            }
        }

        @Override
        public void finished(QueryResult result, long nowNanos) {
            if (wasCancelled(result)) {
                bootstrapping = false;
            } else if (reached || forced) {
                check(!forced, this::checked, nowNanos);
            } else {
                lookedAround(nowNanos);
            }
        }

        private void checked(boolean changed, long nowNanos) {
            if (changed) {
                walkTo(neighbourhood.table().self(), this::walkedAgain, nowNanos);
            } else {
                lookedAround(nowNanos);
            }
        }

        private void walkedAgain(QueryResult result, long nowNanos) {
            if (wasCancelled(result)) {
                bootstrapping = false;
            } else {
                lookedAround(nowNanos);
            }
        }

        private void reached(long nowNanos) {
            reached = true;
            if (!bootstrapping) {
                // The pong lost its race with the walk; it is no less true.
                check(true, (changed, now) -> {}, nowNanos);
            }
        }
    }

    private static boolean wasCancelled(QueryResult result) {
        return result.cause() == QueryFailure.CANCELLED || result.cause() == QueryFailure.SUSPENDED;
    }

    private static final class QuickPong implements ReplyListener {

        private final LookAround walk;

        QuickPong(LookAround walk) {
            this.walk = walk;
        }

        @Override
        public void answered(Answer answer, long nowNanos) {
            walk.reached(nowNanos);
        }

        @Override
        public void failed(RequestFailure failure, long nowNanos) {}
    }
}
