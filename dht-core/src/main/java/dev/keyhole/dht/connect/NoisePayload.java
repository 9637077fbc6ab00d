package dev.keyhole.dht.connect;

import dev.keyhole.dht.holepunch.NatType;
import dev.keyhole.dht.holepunch.PeerError;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * What client and server tell each other inside the two messages of the handshake ({@code
 * docs/protocol.md}, "Handshake payload").
 *
 * <p>Of a payload of another version nothing but the version is known; the rest is as if absent.
 *
 * @param error see {@link PeerError}
 * @param addresses4 where the sender believes it can be reached, its public address first
 * @param addresses6 the same, as 18 raw bytes each
 * @param secretStream the version of the secret stream, 0 if absent
 * @param relayAddresses the relays of a server; absent rather than empty
 */
public record NoisePayload(
        long version,
        long error,
        NatType firewall,
        @Nullable Holepunch holepunch,
        List<Address> addresses4,
        List<Bytes> addresses6,
        @Nullable Udx udx,
        long secretStream,
        @Nullable RelayThrough relayThrough,
        @Nullable List<Address> relayAddresses) {

    public static final int VERSION = 1;

    private static final int HOLEPUNCH = 1;
    private static final int ADDRESSES_4 = 2;
    private static final int ADDRESSES_6 = 4;
    private static final int UDX = 8;
    private static final int SECRET_STREAM = 16;
    private static final int RELAY_THROUGH = 32;
    private static final int RELAY_ADDRESSES = 64;

    private static final int IPV6_ADDRESS_BYTES = 18;

    /** What a server offers for hole punching: its slot and the relays that know it. */
    public record Holepunch(long id, List<Relay> relays) {}

    /** One of a server's relays, and the server's address as that relay sees it. */
    public record Relay(Address relayAddress, Address peerAddress) {

        static Relay decode(WireReader reader) throws MalformedException {
            return new Relay(Address.decode(reader), Address.decode(reader));
        }

        void encode(WireWriter writer) {
            relayAddress.encode(writer);
            peerAddress.encode(writer);
        }
    }

    /** The stream the sender is ready to speak over. */
    public record Udx(long version, boolean reusableSocket, boolean resumable, int id, long seq) {

        private static final int REUSABLE_SOCKET = 1;

        /** Ours: the sender knows what a handshake for a stream means that there is already. */
        private static final int RESUMABLE = 2;

        private static final long MAX_ID = 0xffff_ffffL;

        public static Udx of(int id) {
            return of(id, false);
        }

        public static Udx of(int id, boolean reusableSocket) {
            return new Udx(1, reusableSocket, true, id, 0);
        }

        static Udx decode(WireReader reader) throws MalformedException {
            long version = reader.uint();
            long features = reader.uint();
            long id = reader.uint();
            if (id > MAX_ID) {
                throw new MalformedException("stream id " + id + " has more than 32 bits");
            }
            return new Udx(
                    version,
                    (features & REUSABLE_SOCKET) != 0,
                    (features & RESUMABLE) != 0,
                    (int) id,
                    reader.uint());
        }

        void encode(WireWriter writer) {
            writer.uint(version);
            writer.uint((reusableSocket ? REUSABLE_SOCKET : 0) | (resumable ? RESUMABLE : 0));
            writer.uint(Integer.toUnsignedLong(id)).uint(seq);
        }
    }

    /** The blind relay the sender wants in between, and the token to pair with. */
    public record RelayThrough(long version, PublicKey publicKey, Bytes token) {

        static final int VERSION = 1;
        static final int TOKEN_BYTES = 32;

        /** A relay, and a token nobody has used. */
        static RelayThrough of(PublicKey relay, Random entropy) {
            return new RelayThrough(VERSION, relay, Bytes.random(entropy, TOKEN_BYTES));
        }

        static RelayThrough decode(WireReader reader) throws MalformedException {
            long version = reader.uint();
            reader.uint();
            return new RelayThrough(version, PublicKey.decode(reader), reader.bytes(TOKEN_BYTES));
        }

        void encode(WireWriter writer) {
            writer.uint(version).uint(0);
            publicKey.encode(writer);
            writer.bytes(token);
        }
    }

    /** What a client offers. */
    public static NoisePayload ofClient(
            NatType firewall,
            List<Address> addresses4,
            Udx udx,
            @Nullable RelayThrough relayThrough) {
        return new NoisePayload(
                VERSION,
                PeerError.NONE,
                firewall,
                null,
                addresses4,
                List.of(),
                udx,
                1,
                relayThrough,
                null);
    }

    /** The answer of a server that takes nobody in, and why. */
    static NoisePayload ofError(long error) {
        return new NoisePayload(
                VERSION, error, NatType.UNKNOWN, null, List.of(), List.of(), null, 0, null, null);
    }

    public static NoisePayload decode(Bytes plain) throws MalformedException {
        WireReader reader = new WireReader(plain);
        long version = reader.uint();
        if (version != VERSION) {
            return ofVersion(version);
        }
        long flags = reader.uint();
        return new NoisePayload(
                version,
                reader.uint(),
                NatType.decode(reader),
                (flags & HOLEPUNCH) == 0
                        ? null
                        : new Holepunch(reader.uint(), reader.list(Relay::decode)),
                (flags & ADDRESSES_4) == 0 ? List.of() : reader.list(Address::decode),
                (flags & ADDRESSES_6) == 0
                        ? List.of()
                        : reader.list(r -> r.bytes(IPV6_ADDRESS_BYTES)),
                (flags & UDX) == 0 ? null : Udx.decode(reader),
                (flags & SECRET_STREAM) == 0 ? 0 : reader.uint(),
                (flags & RELAY_THROUGH) == 0 ? null : RelayThrough.decode(reader),
                (flags & RELAY_ADDRESSES) == 0 ? null : reader.list(Address::decode));
    }

    private static NoisePayload ofVersion(long version) {
        return new NoisePayload(
                version,
                PeerError.NONE,
                NatType.UNKNOWN,
                null,
                List.of(),
                List.of(),
                null,
                0,
                null,
                null);
    }

    public Bytes encode() {
        WireWriter writer = new WireWriter(128);
        writer.uint(version).uint(flags()).uint(error);
        firewall.encode(writer);
        if (holepunch != null) {
            writer.uint(holepunch.id).list(holepunch.relays, (w, relay) -> relay.encode(w));
        }
        if (!addresses4.isEmpty()) {
            writer.list(addresses4, (w, address) -> address.encode(w));
        }
        if (!addresses6.isEmpty()) {
            writer.list(addresses6, WireWriter::bytes);
        }
        if (udx != null) {
            udx.encode(writer);
        }
        if (secretStream != 0) {
            writer.uint(secretStream);
        }
        if (relayThrough != null) {
            relayThrough.encode(writer);
        }
        if (relayAddresses != null) {
            writer.list(relayAddresses, (w, address) -> address.encode(w));
        }
        return writer.toBytes();
    }

    private int flags() {
        return (holepunch == null ? 0 : HOLEPUNCH)
                | (addresses4.isEmpty() ? 0 : ADDRESSES_4)
                | (addresses6.isEmpty() ? 0 : ADDRESSES_6)
                | (udx == null ? 0 : UDX)
                | (secretStream == 0 ? 0 : SECRET_STREAM)
                | (relayThrough == null ? 0 : RELAY_THROUGH)
                | (relayAddresses == null ? 0 : RELAY_ADDRESSES);
    }
}
