package dev.keyhole.dht.holepunch;

import dev.keyhole.transport.net.Address;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the answers to one socket's datagrams tell about the NAT in front of it ({@code
 * docs/protocol.md}, "NAT analysis of one socket").
 */
public final class NatAnalysis {

    static final int MIN_SAMPLES = 4;

    private static final int SAMPLES_FOR_A_VERDICT = 3;

    private final boolean firewalled;
    private final Set<Address> heard = new HashSet<>();
    private final List<Sample> hosts = new ArrayList<>();
    private final List<Sample> full = new ArrayList<>();
    private int sampled;
    private boolean frozen;
    private boolean exhausted;
    private NatType type;
    private @Nullable List<Address> addresses;

    public NatAnalysis(boolean firewalled) {
        this.firewalled = firewalled;
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
    public void add(Address seenAs, Address by) {
        if (!heard.add(by)) {
            return;
        }
        sampled++;
        count(hosts, seenAs.withPort(0));
        count(full, seenAs);
        if (!frozen) {
            update();
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

    public int sampled() {
        return sampled;
    }

    /** Whether waiting for more samples makes sense no longer. */
    public boolean decided() {
        return exhausted
                || sampled >= MIN_SAMPLES
                || type == NatType.CONSISTENT
                || type == NatType.OPEN;
    }

    public NatType type() {
        return type;
    }

    /** What the socket looks like from outside; absent while unknown, and for an open node. */
    public @Nullable List<Address> addresses() {
        return addresses;
    }

    private void update() {
        type = verdict();
        addresses = seenFrom(type);
    }

    private NatType verdict() {
        if (!firewalled) {
            return NatType.OPEN;
        }
        if (sampled < SAMPLES_FOR_A_VERDICT) {
            return type;
        }
        int most = full.get(0).hits;
        if (most >= 3) {
            return NatType.CONSISTENT;
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

    private @Nullable List<Address> seenFrom(NatType verdict) {
        return switch (verdict) {
            case UNKNOWN, OPEN -> null;
            case RANDOM -> List.of(hosts.get(0).address);
            case CONSISTENT -> {
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
