package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.dht.holepunch.Timers;
import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.node.RpcNode;
import dev.keyhole.dht.request.Answer;
import dev.keyhole.dht.request.ReplyListener;
import dev.keyhole.dht.request.RequestFailure;
import dev.keyhole.dht.request.RequestSpec;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.net.Address;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the way from a server's relays open, and notices when one is gone, has forgotten the
 * server, or sees it elsewhere than when it was announced ({@code docs/protocol.md}, "Being found").
 *
 * <p>Relays pass messages on to where the announce came from. So a relay that sees us at another
 * address is told at once, alone; several that see us at another host mean that the whole node has
 * moved.
 */
final class RelayKeeper {

    static final long PING_NANOS = SECONDS.toNanos(3);

    /** Every so many pings the relay is asked whether it still knows the server. */
    static final int RECORD_CHECK_PINGS = 10;

    /** How often one relay is told anew, at most. */
    static final long REPEAT_PAUSE_NANOS = SECONDS.toNanos(10);

    /** Within which time relays have to agree that we are at another host. */
    static final long MOVE_WINDOW_NANOS = SECONDS.toNanos(10);

    /** How often they are believed, at most. */
    static final long MOVE_PAUSE_NANOS = SECONDS.toNanos(30);

    private final RpcNode rpc;
    private final Timers timers;
    private final KeyPair keyPair;
    private final Owner owner;
    private List<Kept> relays = List.of();
    private Timers.@Nullable Timer next;
    private long pings;
    private long repetitions;
    private long movableNanos = Long.MIN_VALUE;

    /** Whose relays they are. */
    interface Owner {

        /** A relay no longer answers. */
        void lost(long nowNanos);

        /** A relay answers that did not. */
        void regained(long nowNanos);

        /** More than one relay sees us at another host than before. */
        void moved(long nowNanos);
    }

    RelayKeeper(RpcNode rpc, Timers timers, KeyPair keyPair, Owner owner) {
        this.rpc = rpc;
        this.timers = timers;
        this.keyPair = keyPair;
        this.owner = owner;
    }

    /** The relays, and how each of them sees us. */
    List<NoisePayload.Relay> relays() {
        List<NoisePayload.Relay> entries = new ArrayList<>(relays.size());
        for (Kept relay : relays) {
            entries.add(new NoisePayload.Relay(relay.address, relay.announcedAs));
        }
        return entries;
    }

    boolean isRelay(Address node) {
        return relays.stream().anyMatch(relay -> relay.address.equals(node));
    }

    /** Relays that answered when they were asked last. */
    List<NoisePayload.Relay> live() {
        List<NoisePayload.Relay> entries = relays();
        entries.removeIf(
                entry ->
                        relays.stream()
                                .anyMatch(r -> r.silent && r.address.equals(entry.relayAddress())));
        return entries;
    }

    /** How often a relay was told anew between rounds. */
    long repetitions() {
        return repetitions;
    }

    /** Keeps these from now on, and no others. */
    void replace(List<NoisePayload.Relay> entries, long nowNanos) {
        List<Kept> replaced = new ArrayList<>(entries.size());
        for (NoisePayload.Relay entry : entries) {
            Kept kept = kept(entry.relayAddress());
            kept.announcedAs = entry.peerAddress();
            replaced.add(kept);
        }
        relays.stream()
                .filter(relay -> !replaced.contains(relay))
                .forEach(relay -> relay.drop(nowNanos));
        relays = List.copyOf(replaced);
        if (next != null && relays.isEmpty()) {
            next.cancel();
            next = null;
        } else if (next == null && !relays.isEmpty()) {
            next = timers.at(nowNanos + PING_NANOS, this::ping);
        }
    }

    private Kept kept(Address node) {
        for (Kept relay : relays) {
            if (relay.address.equals(node)) {
                return relay;
            }
        }
        return new Kept(node);
    }

    private void ping(long nowNanos) {
        pings++;
        boolean withRecord = pings % RECORD_CHECK_PINGS == 0;
        next = timers.at(nowNanos + PING_NANOS, this::ping);
        relays.forEach(relay -> relay.ask(withRecord, nowNanos));
    }

    /** One relay. */
    private final class Kept {

        private final Address address;
        private Address announcedAs;
        private @Nullable SelfAnnounce announce;
        private boolean silent;
        private boolean dropped;
        private long repeatableNanos = Long.MIN_VALUE;
        private long movedUntilNanos = Long.MIN_VALUE;

        private Kept(Address address) {
            this.address = address;
            this.announcedAs = address;
        }

        private void ask(boolean withRecord, long nowNanos) {
            RequestSpec request =
                    withRecord
                            ? RequestSpec.of(address, Command.FIND_PEER)
                                    .withTarget(keyPair.publicKey().target())
                            : RequestSpec.of(address, Command.PING);
            rpc.request(request, new Pong(withRecord), nowNanos);
        }

        private void drop(long nowNanos) {
            dropped = true;
            if (announce != null) {
                announce.cancel(nowNanos);
            }
        }

        private void answered(Answer answer, boolean withRecord, long nowNanos) {
            boolean wasSilent = silent;
            silent = false;
            boolean drifted = !answer.to().equals(announcedAs);
            boolean forgotten = withRecord && answer.isOk() && answer.value() == null;
            if (drifted && answer.to().host() != announcedAs.host()) {
                movedUntilNanos = nowNanos + MOVE_WINDOW_NANOS;
            }
            if ((drifted || forgotten) && announce == null && nowNanos >= repeatableNanos) {
                tellAgain(nowNanos);
            }
            if (wasSilent) {
                owner.regained(nowNanos);
            }
            if (nowNanos >= movableNanos
                    && relays.stream().filter(r -> r.movedUntilNanos > nowNanos).count() > 1) {
                movableNanos = nowNanos + MOVE_PAUSE_NANOS;
                owner.moved(nowNanos);
            }
        }

        private void tellAgain(long nowNanos) {
            repeatableNanos = nowNanos + REPEAT_PAUSE_NANOS;
            repetitions++;
            SelfAnnounce again = new SelfAnnounce(rpc, keyPair, address, new Told());
            announce = again;
            again.start(nowNanos);
        }

        private final class Told implements SelfAnnounce.Outcome {

            @Override
            public void accepted(Address seenAs, long nowNanos) {
                announce = null;
                announcedAs = seenAs;
            }

            @Override
            public void refused(long nowNanos) {
                announce = null;
            }
        }

        private final class Pong implements ReplyListener {

            private final boolean withRecord;

            private Pong(boolean withRecord) {
                this.withRecord = withRecord;
            }

            @Override
            public void answered(Answer answer, long nowNanos) {
                if (!dropped) {
                    Kept.this.answered(answer, withRecord, nowNanos);
                }
            }

            @Override
            public void failed(RequestFailure failure, long nowNanos) {
                if (!dropped && !silent) {
                    silent = true;
                    owner.lost(nowNanos);
                }
            }
        }
    }
}
