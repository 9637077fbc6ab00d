package dev.keyhole.dht.holepunch;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Machine;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the answers to one socket's datagrams tell about the NAT in front of it ({@code
 * docs/protocol.md}, "NAT analysis of one socket").
 *
 * <p>Three samples make a verdict, but not for good: a NAT that keeps a port for a while looks like
 * one that always does. So a fourth is waited for, a little, and later ones may still overrule the
 * first, until the peer has been told. From then on the verdict stands, and it is noted whether the
 * truth moved away from it.
 */
public final class NatAnalysis {

    static final int MIN_SAMPLES = 4;

    /** How long three samples that agree wait for the fourth. */
    static final long FOURTH_SAMPLE_NANOS = MILLISECONDS.toNanos(300);

    private static final int SAMPLES_FOR_A_VERDICT = 3;

    private final boolean firewalled;
    private final boolean distrusted;
    private final Set<Address> heard = new HashSet<>();
    private final List<Sample> hosts = new ArrayList<>();
    private final List<Sample> full = new ArrayList<>();
    private int sampled;
    private boolean frozen;
    private boolean exhausted;
    private boolean moved;
    private NatType type;
    private @Nullable List<Address> addresses;
    private long provisionalSinceNanos = Machine.NEVER;

    public NatAnalysis(boolean firewalled) {
        this(firewalled, false);
    }

    /**
     * Nothing is known yet.
     *
     * @param firewalled whether the node takes itself for one that strangers do not reach
     * @param distrusted whether a verdict of this NAT has failed before: then no number of samples
     *     that agree make it consistent
     */
    public NatAnalysis(boolean firewalled, boolean distrusted) {
        this.firewalled = firewalled;
        this.distrusted = distrusted;
        this.type = firewalled ? NatType.UNKNOWN : NatType.OPEN;
    }

    /** An address this socket was seen at, and how often; port 0 for the host alone. */
    private static final class Sample {
        private final Address address;
        private int hits = 1;

        private Sample(Address address) {
            this.address = address;
        }
    }

    /** Takes in how a remote saw us; each remote counts once. */
    public void add(Address seenAs, Address by, long nowNanos) {
        if (frozen) {
            moved |= type != NatType.RANDOM && addresses != null && !addresses.contains(seenAs);
        }
        if (!heard.add(by)) {
            return;
        }
        sampled++;
        count(hosts, seenAs.withPort(0));
        count(full, seenAs);
        if (!frozen) {
            update();
            boolean provisional = type == NatType.CONSISTENT;
            provisionalSinceNanos =
                    !provisional ? Machine.NEVER : Math.min(provisionalSinceNanos, nowNanos);
        }
    }

    /** Nobody is left to ask; what is known now is all. */
    public void exhaust() {
        exhausted = true;
    }

    /** From here on the verdict stands, since the peer has been told. */
    public void freeze() {
        frozen = true;
    }

    /** Whether the peer was told something that is true no longer. */
    public boolean moved() {
        return moved;
    }

    public int sampled() {
        return sampled;
    }

    /** Whether waiting for more samples makes sense no longer. */
    public boolean decided(long nowNanos) {
        return exhausted
                || sampled >= MIN_SAMPLES
                || (type == NatType.OPEN && sampled > 0)
                || nowNanos >= decidedAtNanos();
    }

    /** When what is known is enough even if no more comes; {@link Machine#NEVER} if it is not. */
    long decidedAtNanos() {
        return provisionalSinceNanos == Machine.NEVER
                ? Machine.NEVER
                : provisionalSinceNanos + FOURTH_SAMPLE_NANOS;
    }

    public NatType type() {
        return type;
    }

    /**
     * What the socket looks like from outside; absent while unknown. An open node has something to
     * say here too: its peer aims at what is listed, and at nothing else.
     */
    public @Nullable List<Address> addresses() {
        return addresses;
    }

    private void update() {
        type = verdict();
        addresses = seenFrom(type);
    }

    private NatType verdict() {
        if (distrusted) {
            return NatType.RANDOM;
        }
        if (!firewalled) {
            return NatType.OPEN;
        }
        if (sampled < SAMPLES_FOR_A_VERDICT) {
            return type;
        }
        int most = full.get(0).hits;
        if (most >= 3) {
            return strays() < most ? NatType.CONSISTENT : NatType.RANDOM;
        }
        if (most == 1) {
            return NatType.RANDOM;
        }
        if (hosts.size() == 1 && sampled >= MIN_SAMPLES) {
            return NatType.RANDOM;
        }
        if (hosts.size() > 1 && full.size() > 1 && full.get(1).hits > 1) {
            return NatType.CONSISTENT;
        }
        return sampled > MIN_SAMPLES ? NatType.RANDOM : type;
    }

    /** Samples that nothing else agrees with. */
    private long strays() {
        return full.stream().filter(sample -> sample.hits == 1).count();
    }

    private @Nullable List<Address> seenFrom(NatType verdict) {
        return switch (verdict) {
            case UNKNOWN -> null;
            case RANDOM -> List.of(hosts.get(0).address);
            case OPEN, CONSISTENT -> {
                List<Address> seen = new ArrayList<>();
                for (Sample sample : full) {
                    if (sample.hits >= 2 || seen.size() < 2) {
                        seen.add(sample.address);
                    }
                }
                yield List.copyOf(seen);
            }
        };
    }

    /** Keeps the most seen in front; among equals, the one that got there first. */
    private static void count(List<Sample> samples, Address address) {
        for (int i = 0; i < samples.size(); i++) {
            Sample sample = samples.get(i);
            if (!sample.address.equals(address)) {
                continue;
            }
            sample.hits++;
            for (; i > 0 && samples.get(i - 1).hits < sample.hits; i--) {
                samples.set(i, samples.get(i - 1));
                samples.set(i - 1, sample);
            }
            return;
        }
        samples.add(new Sample(address));
    }
}
