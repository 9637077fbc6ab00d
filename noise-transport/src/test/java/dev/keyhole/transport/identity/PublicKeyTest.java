package dev.keyhole.transport.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.keyhole.transport.Seeds;
import dev.keyhole.transport.wire.Bytes;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PublicKeyTest {

    @Seeds(100)
    void bothTextFormsLeadBackToTheKey(long seed) {
        PublicKey key = new PublicKey(Bytes.random(new Random(seed), PublicKey.LENGTH));

        assertThat(key.toHex()).hasSize(64);
        assertThat(key.toZBase32()).hasSize(52);
        assertThat(PublicKey.parse(key.toHex())).isEqualTo(key);
        assertThat(PublicKey.parse(key.toHex().toUpperCase(Locale.ROOT))).isEqualTo(key);
        assertThat(PublicKey.parse(key.toZBase32())).isEqualTo(key);
        assertThat(PublicKey.parse(" " + key.toZBase32().toUpperCase(Locale.ROOT) + "\n"))
                .isEqualTo(key);
    }

    @Test
    void textThatIsNoKeyIsRefusedWithAReason() {
        String hex = "ab".repeat(32);

        assertThatThrownBy(() -> PublicKey.parse(hex.substring(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("63");
        assertThatThrownBy(() -> PublicKey.parse(hex.replaceFirst("b", "g")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("character 2");
        assertThatThrownBy(() -> PublicKey.parse("l".repeat(52)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("character 1");
        assertThatThrownBy(() -> PublicKey.parse("y".repeat(51) + "9"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("last character");
        assertThatThrownBy(() -> PublicKey.ofHex("\uff10".repeat(64)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aSignatureOfAnotherMessageOrKeyDoesNotVerify() {
        KeyPair pair = KeyPair.fromSeed(Seed.of(Bytes.random(new Random(1), 32)));
        KeyPair other = KeyPair.fromSeed(Seed.of(Bytes.random(new Random(2), 32)));
        Bytes signature = pair.sign(Bytes.utf8("yes"));

        assertThat(pair.publicKey().verify(Bytes.utf8("yes"), signature)).isTrue();
        assertThat(pair.publicKey().verify(Bytes.utf8("no"), signature)).isFalse();
        assertThat(other.publicKey().verify(Bytes.utf8("yes"), signature)).isFalse();
        assertThat(pair.publicKey().verify(Bytes.utf8("yes"), signature.slice(1))).isFalse();
        assertThat(pair.publicKey().verify(Bytes.utf8("yes"), Bytes.EMPTY)).isFalse();
    }
}
