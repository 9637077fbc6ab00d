package dev.keyhole.dht.connect;

import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.message.ErrorCode;
import dev.keyhole.dht.message.Reply;
import dev.keyhole.dht.message.Request;
import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.sim.PassiveMachine;
import dev.keyhole.transport.sim.SimHost;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Nodes of a network that do what a test wants: each answers, refuses, or is silent, as it says. */
final class Puppets {

    private static final Bytes TOKEN = Bytes.wrap(new byte[32]);
    private static final Bytes FRESH_TOKEN = Bytes.ofHex("ff".repeat(32));

    final SimDht dht;
    final List<Puppet> all = new ArrayList<>();

    Puppets(SimDht dht) {
        this.dht = dht;
    }

    /** Puppets on hosts of their own. */
    Puppets add(int count) {
        for (int i = 0; i < count; i++) {
            onOneHost(1);
        }
        return this;
    }

    /** Puppets that differ in their ports alone. */
    List<Puppet> onOneHost(int count) {
        return at(dht.nextHost(), count);
    }

    List<Puppet> at(String address, int count) {
        Host host = new Host(dht.net.host(address));
        List<Puppet> added = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Puppet puppet = new Puppet(host.host, host.host.bind(2000 + i));
            host.puppets.put(puppet.socket, puppet);
            added.add(puppet);
        }
        host.host.run(host);
        all.addAll(added);
        return added;
    }

    /** The nearest to a target first. */
    List<Puppet> closestTo(Bytes target) {
        List<Puppet> sorted = new ArrayList<>(all);
        sorted.sort(Comparator.comparing(p -> p.id, (a, b) -> a.compareDistance(b, target)));
        return sorted;
    }

    /** The puppet at an address. */
    Puppet at(Address address) {
        return all.stream().filter(p -> p.address.equals(address)).findFirst().orElseThrow();
    }

    /** One node. */
    final class Puppet {

        final LocalSocket socket;
        final Address address;
        final NodeId id;
        private final SimHost host;

        /** Answers announces with an error. */
        boolean refuses;

        /** Wants a token that nobody has got from it yet. */
        boolean tokensAreOld;

        /** Never gets a token that it likes. */
        boolean tokensAreAlwaysOld;

        /** Says no as slowly as can be: to the old token at the last moment, then never. */
        boolean wedges;

        /** Sees every asker at another port each time. */
        boolean seesDouble;

        int announces;
        @Nullable Address announcedFrom;
        private int sightings;
        private int copies;
        private int lastTid = -1;

        private Puppet(SimHost host, LocalSocket socket) {
            this.host = host;
            this.socket = socket;
            this.address = socket.local();
            this.id = NodeId.of(address);
        }

        SimHost host() {
            return host;
        }

        private @Nullable Reply answer(Request request, Address from) {
            Address seen = seesDouble ? from.withPort(1000 + sightings++ % 50_000) : from;
            Command.External external = request.command().asExternal();
            if (external == null) {
                boolean ping = request.command().equals(Command.PING);
                return reply(request, seen, null, ping ? List.of() : others(), 0, null);
            }
            return switch (external) {
                case FIND_PEER -> {
                    Bytes record = announcedFrom == null ? null : Bytes.of(1);
                    yield reply(request, seen, TOKEN, others(), 0, record);
                }
                case ANNOUNCE -> announce(request, seen);
                case UNANNOUNCE -> {
                    announcedFrom = null;
                    yield reply(request, seen, null, List.of(), 0, null);
                }
                default -> null;
            };
        }

        private @Nullable Reply announce(Request request, Address from) {
            copies = request.tid() == lastTid ? copies + 1 : 1;
            lastTid = request.tid();
            boolean old = TOKEN.equals(request.token());
            if (wedges && (!old || copies < 4)) {
                return null;
            }
            announces++;
            if (refuses || tokensAreAlwaysOld || ((tokensAreOld || wedges) && old)) {
                long error =
                        refuses
                                ? ErrorCode.UNKNOWN_COMMAND.number()
                                : ErrorCode.INVALID_TOKEN.number();
                return reply(request, from, refuses ? null : FRESH_TOKEN, List.of(), error, null);
            }
            announcedFrom = from;
            return reply(request, from, null, List.of(), 0, null);
        }

        private Reply reply(
                Request request,
                Address to,
                @Nullable Bytes token,
                List<Address> closer,
                long error,
                @Nullable Bytes value) {
            return new Reply(request.tid(), to, id, token, closer, error, value);
        }

        private List<Address> others() {
            return all.stream().limit(20).map(p -> p.address).toList();
        }
    }

    private static final class Host extends PassiveMachine {

        private final SimHost host;
        private final Map<LocalSocket, Puppet> puppets = new HashMap<>();

        private Host(SimHost host) {
            this.host = host;
        }

        @Override
        public void receive(Datagram datagram, long nowNanos) {
            if (datagram.payload().length() < 2 || datagram.payload().unsignedAt(0) != 3) {
                return;
            }
            try {
                Request request = Request.decode(new WireReader(datagram.payload().copy()));
                Reply reply = puppets.get(datagram.socket()).answer(request, datagram.source());
                if (reply != null) {
                    send(datagram.socket(), datagram.source(), reply.toBytes());
                }
            } catch (MalformedException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
