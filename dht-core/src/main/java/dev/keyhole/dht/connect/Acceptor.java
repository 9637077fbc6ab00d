package dev.keyhole.dht.connect;

import dev.keyhole.dht.connect.RelayDecision.Serve;
import dev.keyhole.dht.holepunch.NatType;
import dev.keyhole.dht.holepunch.Timers;
import dev.keyhole.dht.node.IncomingRequest;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.noise.IkResponder;
import dev.keyhole.transport.stream.CloseReason;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The server side of connecting: answers handshakes for one key ({@code docs/protocol.md},
 * "Answering a handshake").
 *
 * <p>Each distinct first message gets a slot, and every copy of it, by whatever relay, the same
 * answer or the same silence. A slot goes ten seconds after its end, whatever that was. The
 * application hears of a connection when the peer has proved its key, never before.
 */
public final class Acceptor {

    /** How many streams may be open to peers that have not proved their keys. */
    static final int MAX_UNPROVED = 256;

    /** Stands for all who are none of our relays. */
    private static final Address NO_RELAY_OF_OURS = new Address(0, 0);

    final Surroundings around;
    final KeyPair keyPair;
    final ServerConfig config;
    final ServerListener listener;
    final Announcer announcer;
    final ServerCounters counters = new ServerCounters();
    final ServerSlots slots = new ServerSlots();
    private final HandshakeLimit limit = new HandshakeLimit();
    final ReplayMemory replays = new ReplayMemory();
    final ServerStreams streams = new ServerStreams();

    private boolean closed;

    /**
     * A server that has yet to be announced.
     *
     * @param moved is run when its relays see this node at another host than before
     */
    Acceptor(
            Surroundings around,
            KeyPair keyPair,
            ServerConfig config,
            ServerListener listener,
            Timers.Task moved) {
        this.around = around;
        this.keyPair = keyPair;
        this.config = config;
        this.listener = listener;
        this.announcer =
                new Announcer(
                        around.rpc(),
                        around.timers(),
                        keyPair,
                        new Announcer.Listener() {
                            @Override
                            public void announced(int relays, long nowNanos) {
                                listener.announced(relays, nowNanos);
                            }

                            @Override
                            public void moved(long nowNanos) {
                                moved.run(nowNanos);
                            }
                        });
    }

    public PublicKey publicKey() {
        return keyPair.publicKey();
    }

    public ServerCounters counters() {
        return counters;
    }

    /** First messages that are remembered, with what became of them. */
    int slots() {
        return slots.size();
    }

    /** Connections that are open or being proved. */
    public int connections() {
        return streams.size();
    }

    Announcer announcer() {
        return announcer;
    }

    /**
     * Takes in that the firewall judges differently from now on: whoever may connect no longer is
     * disconnected at once, and whoever was denied is judged anew when the message comes again.
     */
    public void firewallChanged(long nowNanos) {
        for (ServerSlot slot : slots.all()) {
            slot.firewallChanged(nowNanos);
        }
        for (PeerStream stream : streams.all()) {
            if (isDenied(stream.remotePublicKey(), new Origin(stream.remoteAddress(), true))) {
                stream.destroy(
                        new CloseReason.Refused("the firewall no longer admits this key"),
                        nowNanos);
            }
        }
    }

    /** Takes no more clients, and lets those go that are not connected yet. */
    void close(long nowNanos) {
        closed = true;
        clear(nowNanos);
    }

    /** Lets those go that are not connected yet, and forgets what was answered. */
    void clear(long nowNanos) {
        for (ServerSlot slot : slots.all()) {
            slot.endRelay(nowNanos);
            slot.abandon(nowNanos);
            slot.clear(nowNanos);
        }
    }

    /** This machine is on other networks than before. */
    void networkChanged(long nowNanos) {
        streams.all().forEach(stream -> stream.networkChanged(nowNanos));
    }

    /** Disconnects everybody. */
    void disconnect(CloseReason reason, long nowNanos) {
        for (PeerStream stream : streams.all()) {
            stream.destroy(reason, nowNanos);
        }
    }

    /** Answers a handshake, or does not. */
    void handshake(Serve serve, IncomingRequest request, long nowNanos) {
        if (closed) {
            return;
        }
        ServerSlot slot = slots.find(serve.message());
        if (slot == null) {
            slot = newSlot(serve, nowNanos);
            if (slot == null) {
                return;
            }
            slot.decide(serve, request, nowNanos);
        } else {
            counters.repeated++;
        }
        slot.answer(serve, request, nowNanos);
    }

    /** Takes in a client's word on punching; what is not for a slot of ours does not exist. */
    void holepunch(Serve serve, IncomingRequest request, long nowNanos) {
        ServerSlot slot = slots.find(serve.id());
        if (slot != null && !closed) {
            slot.holepunch(serve, request, nowNanos);
        }
    }

    private @Nullable ServerSlot newSlot(Serve serve, long nowNanos) {
        if (serve.message().length() < IkResponder.MIN_MESSAGE_BYTES) {
            counters.tooShort++;
            return null;
        }
        if (replays.contains(serve.message(), nowNanos)) {
            counters.replayed++;
            return null;
        }
        boolean ownRelay = !serve.direct() && announcer.isRelay(serve.relay());
        Address relay = ownRelay ? serve.relay() : NO_RELAY_OF_OURS;
        if (!slots.hasRoomFor(serve.client(), relay)
                || !limit.admits(serve.relay(), ownRelay, nowNanos)) {
            counters.overLimit++;
            return null;
        }
        counters.handshakes++;
        ServerSlot oldest = slots.inTheWay();
        if (oldest != null) {
            oldest.retire(nowNanos);
        }
        ServerSlot slot =
                new ServerSlot(this, serve.message(), slots.nextId(), serve.client(), relay);
        slots.add(slot);
        return slot;
    }

    boolean isDenied(PublicKey remote, Origin origin) {
        try {
            return config.denies().denies(remote, origin);
        } catch (RuntimeException e) {
            return true;
        }
    }

    /** Whether it has its share of connections; who has yet to prove its key takes no place. */
    boolean isFull(PublicKey remote) {
        return streams.proved() >= config.maxConnections()
                || streams.unproved() >= MAX_UNPROVED
                || streams.of(remote).size() >= config.maxConnectionsPerKey();
    }

    @Nullable Address reachableAddress() {
        return around.rpc().remoteAddress().or(around.rpc()::advertisedAddress).orElse(null);
    }

    NoisePayload answerPayload(
            long error,
            int slotId,
            int streamId,
            boolean reusableSocket,
            NoisePayload.@Nullable RelayThrough relayThrough) {
        Address reachable = reachableAddress();
        List<Address> addresses = new ArrayList<>();
        if (reachable != null) {
            addresses.add(reachable);
        }
        if (config.shareLocalAddress()) {
            addresses.addAll(around.rpc().localAddresses());
        }
        List<Address> relayAddresses = announcer.relayAddresses();
        return new NoisePayload(
                NoisePayload.VERSION,
                error,
                reachable == null ? NatType.UNKNOWN : NatType.OPEN,
                reachable == null ? new NoisePayload.Holepunch(slotId, announcer.relays()) : null,
                addresses,
                List.of(),
                NoisePayload.Udx.of(streamId, reusableSocket),
                1,
                relayThrough,
                relayAddresses.isEmpty() ? null : relayAddresses);
    }
}
