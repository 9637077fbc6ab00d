package dev.keyhole.dht.scale;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.dht.announce.Walks;
import dev.keyhole.dht.connect.ConnectFailure;
import dev.keyhole.dht.connect.ConnectListener;
import dev.keyhole.dht.connect.ConnectSpec;
import dev.keyhole.dht.connect.PeerStream;
import dev.keyhole.dht.query.QueryListener;
import dev.keyhole.dht.query.QueryResult;
import dev.keyhole.dht.query.QuerySpec;
import dev.keyhole.dht.request.Answer;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.Seed;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.wire.Bytes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Looks for servers and topics from all over a society, connects, and counts how that went.
 *
 * <p>Who is asked to look is one of the nodes that live there; nobody has a view from above.
 */
final class Census {

    private static final long POLL_NANOS = MILLISECONDS.toNanos(250);
    private static final long MAX_WAIT_NANOS = SECONDS.toNanos(60);
    private static final int MAX_FAILURES_TOLD = 20;

    private final Society society;
    private final World world;
    private final List<String> failures = new ArrayList<>();

    final Samples hops = new Samples();
    final Samples messages = new Samples();
    final Samples secondsToFind = new Samples();
    final Samples secondsToConnect = new Samples();
    final Samples secondsAfterStart = new Samples();
    final Samples secondsAfterMove = new Samples();
    int lookups;
    int found;
    int connects;
    int connected;
    private boolean open = true;
    private final Set<Quest> underWay = new LinkedHashSet<>();

    Census(Society society) {
        this.society = society;
        this.world = society.world();
    }

    /** What went wrong, as far as it fits. */
    List<String> failures() {
        return failures;
    }

    double foundShare() {
        return (double) found / lookups;
    }

    double connectedShare() {
        return (double) connected / connects;
    }

    void close() {
        open = false;
    }

    /** Whether something that was begun is not over yet. */
    boolean isBusy() {
        return underWay.stream().anyMatch(quest -> !quest.seeker().isDead());
    }

    /** Does something over and over until the census is closed. */
    void every(long nanos, Runnable action) {
        world.after(
                nanos,
                () -> {
                    if (open) {
                        action.run();
                        every(nanos, action);
                    }
                });
    }

    /** Has somebody look for some server, or for what it announced. */
    void look() {
        Service service = society.anyService();
        if (world.random().nextBoolean() && service.isTopicAnnounced()) {
            lookFor(service, true);
        } else if (service.relays() > 0) {
            lookFor(service, false);
        }
    }

    void lookFor(Service service, boolean byTopic) {
        Inhabitant seeker = society.any(node -> isFitToSeek(node) && node != service.node());
        if (seeker == null) {
            return;
        }
        new Search(
                        seeker,
                        service,
                        byTopic,
                        search -> {
                            lookups++;
                            messages.add(search.messages());
                            if (search.isSuccess()) {
                                found++;
                                hops.add(search.foundHops);
                                secondsToFind.add(search.foundSeconds());
                            } else {
                                failed((byTopic ? "topic of " : "key of ") + service.key(), seeker);
                            }
                        })
                .start();
    }

    /** Has somebody connect to some server. */
    void connect() {
        Service service = society.anyService();
        Inhabitant client =
                society.any(
                        node ->
                                isFitToSeek(node)
                                        && node != service.node()
                                        && !guesses(node, service.node())
                                        && !guesses(service.node(), node));
        if (client == null || service.relays() == 0) {
            return;
        }
        long begun = world.now();
        new Call(
                        client,
                        service,
                        failure -> {
                            connects++;
                            if (failure == null) {
                                connected++;
                                secondsToConnect.add((world.now() - begun) / 1e9);
                            } else {
                                failed(
                                        "connection to "
                                                + describe(service.node())
                                                + ": "
                                                + failure.cause()
                                                + ", "
                                                + failure.text(),
                                        client);
                            }
                        })
                .start();
    }

    /** Lets a server come into the world, and sees how long it takes until others find it. */
    void bearService() {
        Inhabitant node = society.bearHonest();
        Service service = new Service(world, node);
        service.open();
        long begun = world.now();
        new Attempts(
                        result -> {
                            society.vanish(node);
                            if (Double.isNaN(result)) {
                                failed("new " + describe(node), node);
                            }
                            secondsAfterStart.add(result);
                        },
                        begun)
                .repeat(
                        hit -> {
                            Inhabitant seeker =
                                    society.any(other -> isFitToSeek(other) && other != node);
                            if (seeker != null) {
                                new Search(seeker, service, false, search -> {})
                                        .onFound(hit)
                                        .start();
                            }
                        });
    }

    /** Has the NAT of a server start anew, and sees how long it takes until others get through. */
    void moveMapping() {
        List<Service> hidden =
                society.services().stream()
                        .filter(service -> service.node().nat() != null && service.relays() > 0)
                        .toList();
        if (hidden.isEmpty()) {
            return;
        }
        Service moved = hidden.get(world.random().nextInt(hidden.size()));
        boolean host = world.random().nextInt(3) == 0;
        moved.node().moveMapping(host);
        new Attempts(
                        result -> {
                            if (Double.isNaN(result)) {
                                failed("moved " + describe(moved.node()), moved.node());
                            }
                            secondsAfterMove.add(result);
                        },
                        world.now())
                .repeat(
                        hit -> {
                            Inhabitant client =
                                    society.any(
                                            other ->
                                                    isFitToSeek(other)
                                                            && other.nat() == null
                                                            && other != moved.node());
                            if (client != null) {
                                new Call(
                                                client,
                                                moved,
                                                failure -> {
                                                    if (failure == null) {
                                                        hit.run();
                                                    }
                                                })
                                        .start();
                            }
                        });
    }

    private void failed(String what, Inhabitant seeker) {
        if (failures.size() < MAX_FAILURES_TOLD) {
            failures.add(
                    String.format(
                            "%.1f s: no %s, sought from %s",
                            world.seconds(), what, describe(seeker)));
        }
    }

    static String describe(Inhabitant node) {
        Nat nat = node.nat();
        return node.address() + (nat == null ? "" : " behind a NAT " + nat.kind());
    }

    private boolean isFitToSeek(Inhabitant node) {
        return node.isBootstrapped()
                && !node.isHostile()
                && world.now() - node.bornNanos() > SECONDS.toNanos(30);
    }

    /** Whether one would have to guess ports of the other, which a node does rarely. */
    private static boolean guesses(Inhabitant node, Inhabitant other) {
        Nat nat = other.nat();
        return nat != null && nat.kind() == Nat.Kind.RANDOM && node.nat() != null;
    }

    /** Something that is tried again and again until it works. */
    private final class Attempts {

        private final Consumer<Double> outcome;
        private final long begunNanos;
        private boolean over;

        private Attempts(Consumer<Double> outcome, long begunNanos) {
            this.outcome = outcome;
            this.begunNanos = begunNanos;
        }

        private void repeat(Consumer<Runnable> attempt) {
            if (over) {
                return;
            }
            if (world.now() - begunNanos > MAX_WAIT_NANOS) {
                over = true;
                outcome.accept(Double.NaN);
                return;
            }
            attempt.accept(this::hit);
            world.after(POLL_NANOS, () -> repeat(attempt));
        }

        private void hit() {
            if (!over) {
                over = true;
                outcome.accept((world.now() - begunNanos) / 1e9);
            }
        }
    }

    /** Something that somebody is about; if he dies over it, it does not count. */
    private interface Quest {
        Inhabitant seeker();
    }

    /** One walk to a server or a topic, and how far it went. */
    private final class Search implements Quest, QueryListener {

        private final Inhabitant seeker;
        private final Service service;
        private final boolean byTopic;
        private final Consumer<Search> outcome;
        private final Map<Address, Integer> depths = new HashMap<>();
        private Runnable onFound = () -> {};
        private long begunNanos;
        private long sentBefore;
        private int foundHops;
        private long foundNanos;

        private Search(
                Inhabitant seeker, Service service, boolean byTopic, Consumer<Search> outcome) {
            this.seeker = seeker;
            this.service = service;
            this.byTopic = byTopic;
            this.outcome = outcome;
        }

        @Override
        public Inhabitant seeker() {
            return seeker;
        }

        private Search onFound(Runnable action) {
            onFound = action;
            return this;
        }

        private void start() {
            underWay.add(this);
            begunNanos = world.now();
            sentBefore = seeker.sent();
            QuerySpec walk =
                    byTopic ? Walks.lookup(service.topic()) : Walks.findPeer(service.key());
            seeker.command(now -> seeker.dht().rpc().query(walk, this, now));
        }

        @Override
        public void answer(Answer answer, long nowNanos) {
            int depth = depths.getOrDefault(answer.from(), 1);
            for (Address closer : answer.closerNodes()) {
                depths.putIfAbsent(closer, depth + 1);
            }
            if (foundHops == 0 && isHit(answer)) {
                foundHops = depth;
                foundNanos = nowNanos;
                // Whoever waits for it may do more than a walk allows meanwhile.
                world.after(0, onFound);
            }
        }

        private boolean isHit(Answer answer) {
            return byTopic
                    ? Walks.peers(answer)
                            .filter(
                                    all ->
                                            all.peers().stream()
                                                    .anyMatch(
                                                            peer ->
                                                                    peer.publicKey()
                                                                            .equals(service.key())))
                            .isPresent()
                    : Walks.peer(answer, service.key()).isPresent();
        }

        @Override
        public void finished(QueryResult result, long nowNanos) {
            underWay.remove(this);
            outcome.accept(this);
        }

        private boolean isSuccess() {
            return foundHops > 0;
        }

        private double foundSeconds() {
            return (foundNanos - begunNanos) / 1e9;
        }

        private int messages() {
            return Math.toIntExact(seeker.sent() - sentBefore);
        }
    }

    /** One attempt to connect, hung up at once when it works. */
    private final class Call implements Quest, ConnectListener {

        private final Inhabitant client;
        private final Service service;
        private final Consumer<@Nullable ConnectFailure> outcome;

        private Call(
                Inhabitant client, Service service, Consumer<@Nullable ConnectFailure> outcome) {
            this.client = client;
            this.service = service;
            this.outcome = outcome;
        }

        @Override
        public Inhabitant seeker() {
            return client;
        }

        private void start() {
            underWay.add(this);
            ConnectSpec spec =
                    new ConnectSpec(
                            KeyPair.fromSeed(Seed.of(Bytes.random(world.random(), 32))),
                            service.key(),
                            List.of(),
                            true,
                            Optional.of(Duration.ofSeconds(30)));
            client.command(now -> client.dht().connect(spec, this, now));
        }

        @Override
        public void connected(PeerStream stream, long nowNanos) {
            underWay.remove(this);
            client.dht()
                    .notice(() -> stream.destroy(new CloseReason.ByUs("it worked"), world.now()));
            world.after(0, () -> outcome.accept(null));
        }

        @Override
        public void failed(ConnectFailure failure, long nowNanos) {
            underWay.remove(this);
            world.after(0, () -> outcome.accept(failure));
        }
    }
}
