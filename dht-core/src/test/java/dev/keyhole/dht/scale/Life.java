package dev.keyhole.dht.scale;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

/** A network from its founding on, and stretches of its life under the eyes of a census. */
final class Life {

    /** No walk and no attempt to connect takes longer. */
    private static final long LAST_ANSWERS_NANOS = SECONDS.toNanos(35);

    private final Conditions conditions;
    private final World world;
    private final Society society;

    Life(long seed, Conditions conditions) {
        this.conditions = conditions;
        this.world = new World(seed, conditions.loss());
        this.society = new Society(world, conditions);
    }

    World world() {
        return world;
    }

    Society society() {
        return society;
    }

    /** Lets the network come into being. */
    Life founded() {
        society.found();
        return this;
    }

    /**
     * A stretch of life with churn, with so many lookups a second, a connect for every six of them,
     * and now and then a new server and a mapping that moves.
     */
    Figures observe(String name, long nanos, double lookupsPerSecond) {
        long lookupNanos = (long) (SECONDS.toNanos(1) / lookupsPerSecond);
        Census census = new Census(society);
        census.every(lookupNanos, census::look);
        census.every(6 * lookupNanos, census::connect);
        census.every(SECONDS.toNanos(10), census::bearService);
        census.every(SECONDS.toNanos(10) + MILLISECONDS.toNanos(100), census::moveMapping);
        society.live();
        Figures figures = attend(name, census, nanos);
        society.settle();
        return figures;
    }

    /** A stretch with churn that nobody looks at; says how many datagrams a node sent in a minute. */
    double pass(long nanos) {
        society.live();
        long sentBefore = world.datagrams();
        world.run(nanos);
        society.settle();
        return (world.datagrams() - sentBefore) / (nanos / 6e10) / society.size();
    }

    /** A stretch in which everybody stays and everything is looked for, each from several sides. */
    Figures search(String name, int times, double lookupsPerSecond) {
        long lookupNanos = (long) (SECONDS.toNanos(1) / lookupsPerSecond);
        Census census = new Census(society);
        long at = 0;
        for (int i = 0; i < times; i++) {
            for (Service service : society.services()) {
                boolean byTopic = i % 2 == 1;
                world.after(at += lookupNanos, () -> census.lookFor(service, byTopic));
            }
        }
        return attend(name, census, at);
    }

    private Figures attend(String name, Census census, long nanos) {
        long sentBefore = world.datagrams();
        world.run(nanos);
        long sent = world.datagrams() - sentBefore;
        census.close();
        world.runUntil(() -> !census.isBusy(), LAST_ANSWERS_NANOS);
        double minutes = nanos / 6e10;
        return new Figures(
                name,
                conditions,
                world.seed(),
                minutes,
                census,
                sent / minutes / society.size(),
                society.services().stream().mapToLong(Service::longestRestNanos).max().orElse(0)
                        / 1e9,
                world.digest());
    }

    /** Bytes on the heap once all garbage is gone. */
    static long heap() {
        Runtime runtime = Runtime.getRuntime();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            System.gc();
            least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
        }
        return least;
    }
}
