package dev.keyhole.transport.udx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.Seeds;
import dev.keyhole.transport.sim.Link;

/**
 * What streams of different hosts leave each other of one bottleneck, when hosts wake late and send
 * in groups.
 *
 * <p>The original is a model here. The real one has been seen to leave less.
 */
class SharingSim {

    @Seeds(12)
    void whoComesLaterGetsItsShareWithinSeconds(long seed) {
        SharedPath path = new SharedPath(seed, SharedPath.link(100, 100, 50));

        double share = shareOfFirst(path, SharedPath::begin, SharedPath::begin, 10);

        assertThat(share).isBetween(0.4, 0.6);
    }

    @Seeds(12)
    void pathsOfAllKindsAreSharedInTheEnd(long seed) {
        int[] trips = {20, 50, 100, 150};
        int rtt = trips[(int) (seed % trips.length)];
        int[] queues = {rtt / 4 + 5, rtt / 2, rtt};
        int queue = queues[(int) (seed % queues.length)];
        int megabits = 20 + (int) (seed % 3) * 30;
        SharedPath path = new SharedPath(seed, SharedPath.link(rtt, megabits, queue));

        double share = shareOfFirst(path, SharedPath::begin, SharedPath::begin, 20);

        assertThat(share).isBetween(0.38, 0.62);
    }

    @Seeds(6)
    void theOriginalAndAStreamThatComesLaterLeaveEachOtherSomething(long seed) {
        SharedPath path = new SharedPath(seed, SharedPath.link(100, 100, 50));

        double share = shareOfFirst(path, SharedPath::beginOriginal, SharedPath::begin, 10);

        assertThat(share).isBetween(0.25, 0.75);
    }

    @Seeds(6)
    void aStreamAndTheOriginalThatComesLaterLeaveEachOtherSomething(long seed) {
        SharedPath path = new SharedPath(seed, SharedPath.link(100, 100, 50));

        double share = shareOfFirst(path, SharedPath::begin, SharedPath::beginOriginal, 10);

        assertThat(share).isBetween(0.3, 0.7);
    }

    @Seeds(4)
    void fourStreamsAllGetSomething(long seed) {
        Link link = SharedPath.link(60, 60, 40);
        SharedPath path = new SharedPath(seed, link);
        for (int i = 0; i < 4; i++) {
            path.begin();
            path.run(0.7);
        }
        path.run(4);

        double[] got = path.watch(10);

        for (double rate : got) {
            assertThat(rate).isGreaterThan(0.4 * link.bytesPerSecond() / got.length);
        }
    }

    @Seeds(9)
    void aVeryLongPathIsFilledWhetherItLosesMuchOrNothing(long seed) {
        double loss = 0.01 * Math.floorMod(seed, 3);
        SharedPath path = new SharedPath(seed, SharedPath.link(200, 100, 50).withLoss(loss));
        path.begin();
        path.run(4);

        double[] got = path.watch(8);

        assertThat(got[0] * 8e-6).isGreaterThan(loss > 0 ? 80 : 94);
    }

    /** Begins a stream on a path. */
    @FunctionalInterface
    private interface Beginning {
        SharedPath.Flow on(SharedPath path);
    }

    private static double shareOfFirst(
            SharedPath path, Beginning first, Beginning second, double seconds) {
        first.on(path);
        path.run(1);
        second.on(path);
        path.run(4);
        double[] got = path.watch(seconds);
        assertThat((got[0] + got[1]) * 1.01).isGreaterThan(0.85 * path.bytesPerSecond());
        return got[0] / (got[0] + got[1]);
    }
}
