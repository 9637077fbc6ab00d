package dev.keyhole.dht.connect;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.dht.connect.DhtNode.Connecting;
import dev.keyhole.dht.holepunch.Timers;
import dev.keyhole.dht.relay.RelayClient;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.stream.CloseReason;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The blind relays that this node makes use of: one connection with each, however many streams are
 * forwarded there.
 */
final class Relays {

    /** How long a relay has to be reached and to find the other half. */
    static final long PAIRING_NANOS = SECONDS.toNanos(15);

    /** The same when there are others to try. */
    static final long PAIRING_WITH_OTHERS_NANOS = SECONDS.toNanos(5);

    /** How long a connection is kept that nobody uses: late acks may still come through it. */
    static final long LINGER_NANOS = SECONDS.toNanos(20);

    /** How long a relay may be silent, which otherwise says something every five seconds. */
    static final long SILENCE_NANOS = SECONDS.toNanos(11);

    /** How often that is looked at. */
    static final long LOOK_NANOS = SECONDS.toNanos(2);

    /** How long a relay that failed is only taken when there is no other. */
    static final long DISTRUST_NANOS = MINUTES.toNanos(5);

    static final int MAX_REMEMBERED = 256;

    private final Timers timers;
    private final Dialler dialler;
    private final LongSupplier now;
    private final Consumer<Runnable> notices;
    private final Random entropy;
    private final Map<PublicKey, Connected> connections = new HashMap<>();
    private final Set<Upgrades> upgrades = new LinkedHashSet<>();

    /** When relays failed, oldest first. */
    private final Map<PublicKey, Long> failed =
            new LinkedHashMap<>() {
                private static final long serialVersionUID = 1;

                @Override
                protected boolean removeEldestEntry(Map.Entry<PublicKey, Long> eldest) {
                    return size() > MAX_REMEMBERED;
                }
            };

    /** Connects with a relay, as with anybody else. */
    @FunctionalInterface
    interface Dialler {
        Connecting dial(PublicKey relay, ConnectListener listener, long nowNanos);
    }

    /** Who wants a stream relayed. */
    interface User {

        /** The other side is there too: packets with this id reach it through here. */
        void paired(LocalSocket socket, Address relay, int relayStreamId, long nowNanos);

        /** It will not be relayed, or no longer. */
        void lost(String why, long nowNanos);
    }

    Relays(
            Timers timers,
            Dialler dialler,
            LongSupplier now,
            Consumer<Runnable> notices,
            Random entropy) {
        this.timers = timers;
        this.dialler = dialler;
        this.now = now;
        this.notices = notices;
        this.entropy = entropy;
    }

    /** The relay to try first: one that is connected, or at least has not failed lately. */
    PublicKey choose(List<PublicKey> relays, long nowNanos) {
        List<PublicKey> mixed = new ArrayList<>(relays);
        Collections.shuffle(mixed, entropy);
        return Collections.min(mixed, Comparator.comparingInt(relay -> rank(relay, nowNanos)));
    }

    private int rank(PublicKey relay, long nowNanos) {
        Connected connection = connections.get(relay);
        if (connection != null && connection.client != null) {
            return 0;
        }
        Long failure = failed.get(relay);
        return failure == null || nowNanos - failure > DISTRUST_NANOS ? 1 : 2;
    }

    /** Has a stream relayed; the user hears of it later. */
    Use use(RelayPlan.Choice choice, int streamId, User user, long nowNanos) {
        PublicKey relay = choice.relay();
        Connected connection = connections.get(relay);
        if (connection == null) {
            connection = new Connected(relay);
            connections.put(relay, connection);
            connection.dial(nowNanos);
        }
        Use use = new Use(connection, choice, streamId, user);
        connection.add(use, nowNanos);
        return use;
    }

    /** Names somebody who is waiting for a better way to turn up. */
    void watch(Upgrades waiting) {
        upgrades.add(waiting);
    }

    void unwatch(Upgrades waiting) {
        upgrades.remove(waiting);
    }

    /** Has everybody look again who waits for a better way. */
    void networkChanged(long nowNanos) {
        List.copyOf(upgrades).forEach(waiting -> waiting.networkChanged(nowNanos));
    }

    /** Connections with relays, open or on their way. */
    int connections() {
        return connections.size();
    }

    /** One stream that is relayed, or is to be. */
    final class Use implements RelayClient.Asker {

        private final Connected connection;
        private final RelayPlan.Choice choice;
        private final int streamId;
        private final User user;
        private Timers.@Nullable Timer deadline;
        private boolean paired;
        private boolean over;

        private Use(Connected connection, RelayPlan.Choice choice, int streamId, User user) {
            this.connection = connection;
            this.choice = choice;
            this.streamId = streamId;
            this.user = user;
        }

        boolean isPaired() {
            return paired && !over;
        }

        boolean isFrom(Address source) {
            PeerStream relay = connection.stream;
            return relay != null && relay.remoteAddress().equals(source);
        }

        /** Needs the relay no more; the user hears nothing. */
        void end(long nowNanos) {
            if (over) {
                return;
            }
            finish();
            connection.remove(this, nowNanos);
        }

        private void finish() {
            over = true;
            if (deadline != null) {
                deadline.cancel();
            }
        }

        private void expire(long nowNanos) {
            String relay = "relay " + connection.key;
            lose(
                    connection.client == null
                            ? relay + " was not reached in time"
                            : relay + " was reached, but not by the other side in time",
                    nowNanos);
        }

        private void lose(String why, long nowNanos) {
            if (over) {
                return;
            }
            finish();
            if (!paired && connection.client == null) {
                failed.remove(connection.key);
                failed.put(connection.key, nowNanos);
            }
            connection.remove(this, nowNanos);
            user.lost(why, nowNanos);
        }

        @Override
        public void paired(int relayStreamId) {
            PeerStream stream = connection.stream;
            LocalSocket socket = stream == null ? null : stream.socket();
            if (over || stream == null || socket == null) {
                return;
            }
            paired = true;
            if (deadline != null) {
                deadline.cancel();
            }
            user.paired(socket, stream.remoteAddress(), relayStreamId, now.getAsLong());
        }

        @Override
        public void lost() {
            lose("relay " + connection.key + " has gone away", now.getAsLong());
        }
    }

    /** The connection with one relay. */
    private final class Connected implements ConnectListener {

        private final PublicKey key;
        private final Set<Use> uses = new LinkedHashSet<>();
        private @Nullable Connecting connecting;
        private @Nullable PeerStream stream;
        private @Nullable RelayClient client;
        private Timers.@Nullable Timer linger;
        private Timers.@Nullable Timer look;

        private Connected(PublicKey key) {
            this.key = key;
        }

        private void dial(long nowNanos) {
            Connecting begun = dialler.dial(key, this, nowNanos);
            if (connections.get(key) == this && client == null) {
                connecting = begun;
            }
        }

        private void add(Use use, long nowNanos) {
            if (linger != null) {
                linger.cancel();
                linger = null;
            }
            uses.add(use);
            use.deadline = timers.at(nowNanos + use.choice.limitNanos(), use::expire);
            if (connections.get(key) != this) {
                // It failed while it was being begun.
                notices.accept(use::lost);
            } else if (client != null) {
                ask(use, client);
            }
        }

        private void ask(Use use, RelayClient through) {
            RelayPlan.Choice choice = use.choice;
            through.pair(choice.initiator(), choice.token(), use.streamId, use);
        }

        private void remove(Use use, long nowNanos) {
            uses.remove(use);
            if (client != null) {
                client.unpair(use.choice.token());
            }
            if (uses.isEmpty() && connections.get(key) == this && linger == null) {
                linger = timers.at(nowNanos + LINGER_NANOS, this::letGo);
            }
        }

        private void letGo(long nowNanos) {
            connections.remove(key, this);
            if (client != null) {
                client.close();
            } else if (connecting != null) {
                connecting.cancel("nobody needs the relay any more", nowNanos);
            }
        }

        @Override
        public void connected(PeerStream connected, long nowNanos) {
            if (connections.get(key) != this) {
                connected.destroy(new CloseReason.ByUs("the relay is not needed"), nowNanos);
                return;
            }
            failed.remove(key);
            connecting = null;
            stream = connected;
            RelayClient begun =
                    new RelayClient(new StreamLink(connected, now, notices), this::gone);
            client = begun;
            begun.start();
            List.copyOf(uses).forEach(use -> ask(use, begun));
            look = timers.at(nowNanos + LOOK_NANOS, this::look);
        }

        /** Streams die with their relay, and sooner than they would notice themselves. */
        private void look(long nowNanos) {
            PeerStream watched = stream;
            if (watched == null) {
                return;
            }
            if (nowNanos - watched.heardNanos() > SILENCE_NANOS) {
                watched.destroy(new CloseReason.TimedOut("the relay is silent"), nowNanos);
            } else {
                look = timers.at(nowNanos + LOOK_NANOS, this::look);
            }
        }

        @Override
        public void failed(ConnectFailure failure, long nowNanos) {
            connections.remove(key, this);
            for (Use use : List.copyOf(uses)) {
                use.lose("relay " + key + " was not reached: " + failure.text(), nowNanos);
            }
        }

        private void gone() {
            connections.remove(key, this);
            stream = null;
            if (look != null) {
                look.cancel();
            }
        }
    }
}
