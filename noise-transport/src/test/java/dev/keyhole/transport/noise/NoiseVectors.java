package dev.keyhole.transport.noise;

import static dev.keyhole.transport.Vectors.hex;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.Seed;
import dev.keyhole.transport.wire.Bytes;

/** What the vectors of all patterns have in common: the keys, and what a run must end with. */
record NoiseVectors(JsonNode file) {

    KeyPair initiator() {
        return keyPair("initiatorStatic");
    }

    KeyPair responder() {
        return keyPair("responderStatic");
    }

    FixedEntropy initiatorEntropy() {
        return new FixedEntropy(keyPair("initiatorEphemeral").seed().secret());
    }

    FixedEntropy responderEntropy() {
        return new FixedEntropy(keyPair("responderEphemeral").seed().secret());
    }

    KeyPair keyPair(String name) {
        JsonNode keys = file.get("keys").get(name);
        KeyPair pair = KeyPair.fromSeed(Seed.of(hex(keys, "seed")));
        assertThat(pair.publicKey().bytes()).isEqualTo(hex(keys, "publicKey"));
        return pair;
    }

    static Bytes payload(JsonNode run, int message) {
        return hex(run.get("messages").get(message), "payload");
    }

    static Bytes message(JsonNode run, int message) {
        return hex(run.get("messages").get(message), "message");
    }

    void check(JsonNode side, Bytes hash, Session session, boolean initiator) {
        assertThat(session.initiator()).isEqualTo(initiator);
        assertThat(session.localPublicKey())
                .isEqualTo((initiator ? initiator() : responder()).publicKey());
        assertThat(session.remotePublicKey())
                .isEqualTo((initiator ? responder() : initiator()).publicKey());
        assertThat(session.hash()).isEqualTo(hash);
        assertThat(session.tx()).isEqualTo(hex(side, "tx"));
        assertThat(session.rx()).isEqualTo(hex(side, "rx"));
    }
}
