package dev.keyhole.dht.connect;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.dht.holepunch.NatType;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the fields of connect vectors into our own values. */
public final class Json {

    private Json() {}

    public static @Nullable Address address(JsonNode node) {
        return node.isMissingNode() || node.isNull()
                ? null
                : Address.of(node.get("host").asText(), node.get("port").asInt());
    }

    public static @Nullable List<Address> addresses(JsonNode node) {
        if (node.isMissingNode() || node.isNull()) {
            return null;
        }
        List<Address> addresses = new ArrayList<>();
        node.forEach(address -> addresses.add(address(address)));
        return addresses;
    }

    public static @Nullable Bytes hex(JsonNode node) {
        return node.isMissingNode() || node.isNull() ? null : Bytes.ofHex(node.asText());
    }

    public static NatType natType(JsonNode code) {
        return switch (code.asInt()) {
            case 1 -> NatType.OPEN;
            case 2 -> NatType.CONSISTENT;
            case 3 -> NatType.RANDOM;
            default -> NatType.UNKNOWN;
        };
    }

    /** The payload as its fields say; IPv6 addresses are left to the caller. */
    public static NoisePayload noisePayload(JsonNode fields, List<Bytes> addresses6) {
        JsonNode holepunch = fields.path("holepunch");
        JsonNode udx = fields.path("udx");
        JsonNode through = fields.path("relayThrough");
        List<Address> addresses4 = addresses(fields.path("addresses4"));
        return new NoisePayload(
                fields.path("version").asLong(1),
                fields.path("error").asLong(),
                natType(fields.path("firewall")),
                holepunch.isObject()
                        ? new NoisePayload.Holepunch(
                                holepunch.get("id").asLong(), relays(holepunch.get("relays")))
                        : null,
                addresses4 == null ? List.of() : addresses4,
                addresses6,
                udx.isObject()
                        ? new NoisePayload.Udx(
                                1,
                                udx.get("reusableSocket").asBoolean(),
                                false,
                                (int) udx.get("id").asLong(),
                                udx.get("seq").asLong())
                        : null,
                fields.path("secretStream").isObject() ? 1 : 0,
                through.isObject()
                        ? new NoisePayload.RelayThrough(
                                1,
                                PublicKey.ofHex(through.get("publicKey").asText()),
                                Bytes.ofHex(through.get("token").asText()))
                        : null,
                addresses(fields.path("relayAddresses")));
    }

    private static List<NoisePayload.Relay> relays(JsonNode node) {
        List<NoisePayload.Relay> relays = new ArrayList<>();
        node.forEach(
                relay ->
                        relays.add(
                                new NoisePayload.Relay(
                                        address(relay.get("relayAddress")),
                                        address(relay.get("peerAddress")))));
        return relays;
    }
}
