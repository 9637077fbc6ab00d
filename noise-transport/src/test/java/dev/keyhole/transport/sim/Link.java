package dev.keyhole.transport.sim;

import static java.util.concurrent.TimeUnit.MICROSECONDS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;

import java.util.Random;

/**
 * What happens to datagrams on the way from one host to another.
 *
 * @param delayNanos how long a datagram travels at least
 * @param jitterNanos how much longer at most; alone it keeps the order
 * @param loss the share of datagrams that get lost one by one
 * @param burstLoss the chance that a datagram begins a burst in which most are lost
 * @param burstNanos how long such a burst lasts at most
 * @param reordering the share of datagrams that others overtake
 * @param duplication the share of datagrams that arrive twice
 * @param corruption the share of datagrams in which one bit flips
 * @param bytesPerSecond what the narrowest part carries; 0 for no limit
 * @param queueBytes what may wait in front of it; what comes on top is lost
 */
public record Link(
        long delayNanos,
        long jitterNanos,
        double loss,
        double burstLoss,
        long burstNanos,
        double reordering,
        double duplication,
        double corruption,
        long bytesPerSecond,
        int queueBytes) {

    /** A link that delays a little and does nothing worse. */
    public static Link perfect() {
        return of(MICROSECONDS.toNanos(100));
    }

    /** A link that delays and does nothing worse. */
    public static Link of(long delayNanos) {
        return new Link(delayNanos, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    /** Draws which hardships exist, and how hard they are. Nothing is corrupted. */
    public static Link swarm(Random random) {
        Link link = of(MICROSECONDS.toNanos(50 + random.nextInt(200_000)));
        if (random.nextBoolean()) {
            link = link.withJitter(MICROSECONDS.toNanos(random.nextInt(50_000)));
        }
        if (random.nextBoolean()) {
            link = link.withLoss(0.15 * random.nextDouble());
        }
        if (random.nextInt(4) == 0) {
            link =
                    link.withBursts(
                            0.01 * random.nextDouble(),
                            MILLISECONDS.toNanos(1 + random.nextInt(500)));
        }
        if (random.nextInt(3) == 0) {
            link = link.withReordering(0.3 * random.nextDouble());
        }
        if (random.nextInt(4) == 0) {
            link = link.withDuplication(0.2 * random.nextDouble());
        }
        if (random.nextInt(3) == 0) {
            link =
                    link.withRate(
                            50_000L + random.nextInt(5_000_000), 20_000 + random.nextInt(200_000));
        }
        return link;
    }

    /** Whether the same datagrams arrive, in the same order. */
    public boolean isTidy() {
        return loss == 0
                && burstLoss == 0
                && reordering == 0
                && duplication == 0
                && corruption == 0;
    }

    public Link withJitter(long nanos) {
        return new Link(
                delayNanos,
                nanos,
                loss,
                burstLoss,
                burstNanos,
                reordering,
                duplication,
                corruption,
                bytesPerSecond,
                queueBytes);
    }

    public Link withLoss(double share) {
        return new Link(
                delayNanos,
                jitterNanos,
                share,
                burstLoss,
                burstNanos,
                reordering,
                duplication,
                corruption,
                bytesPerSecond,
                queueBytes);
    }

    public Link withBursts(double chance, long nanos) {
        return new Link(
                delayNanos,
                jitterNanos,
                loss,
                chance,
                nanos,
                reordering,
                duplication,
                corruption,
                bytesPerSecond,
                queueBytes);
    }

    public Link withReordering(double share) {
        return new Link(
                delayNanos,
                jitterNanos,
                loss,
                burstLoss,
                burstNanos,
                share,
                duplication,
                corruption,
                bytesPerSecond,
                queueBytes);
    }

    public Link withDuplication(double share) {
        return new Link(
                delayNanos,
                jitterNanos,
                loss,
                burstLoss,
                burstNanos,
                reordering,
                share,
                corruption,
                bytesPerSecond,
                queueBytes);
    }

    public Link withCorruption(double share) {
        return new Link(
                delayNanos,
                jitterNanos,
                loss,
                burstLoss,
                burstNanos,
                reordering,
                duplication,
                share,
                bytesPerSecond,
                queueBytes);
    }

    public Link withRate(long limitBytesPerSecond, int queue) {
        return new Link(
                delayNanos,
                jitterNanos,
                loss,
                burstLoss,
                burstNanos,
                reordering,
                duplication,
                corruption,
                limitBytesPerSecond,
                queue);
    }

    /** How late an overtaken datagram is, at most. */
    long overtakenNanos() {
        return delayNanos + MILLISECONDS.toNanos(5);
    }
}
