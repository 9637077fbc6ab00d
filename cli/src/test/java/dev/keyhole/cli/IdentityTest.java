package dev.keyhole.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdentityTest {

    private static final String ELEVENS = "11".repeat(32);
    private static final String KEY_OF_ELEVENS =
            "d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737";

    @TempDir Path folder;

    @Test
    void aMissingFileIsMadeForItsOwnerOnlyAndThenKept() throws Exception {
        Path file = folder.resolve("new/seed");

        Identity made = Identity.find(file, Map.of());
        Identity again = Identity.find(file, Map.of());

        assertThat(again.keyPair()).isEqualTo(made.keyPair());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(Files.readString(file)).matches("[0-9a-f]{64}\n");
    }

    @Test
    void theFileComesBeforeTheEnvironment() {
        Path file = folder.resolve("seed");
        Identity fromFile = Identity.create(file);

        Identity found = Identity.find(file, Map.of(Identity.KEYHOLE_VARIABLE, ELEVENS));

        assertThat(found.keyPair()).isEqualTo(fromFile.keyPair());
    }

    @Test
    void ourVariableComesBeforeTheOneOfExistingSetUps() {
        Map<String, String> both =
                Map.of(Identity.KEYHOLE_VARIABLE, ELEVENS, Identity.QVAC_VARIABLE, "22".repeat(32));

        assertThat(Identity.find(null, both).keyPair().publicKey().toHex())
                .isEqualTo(KEY_OF_ELEVENS);
        assertThat(Identity.find(null, Map.of(Identity.QVAC_VARIABLE, ELEVENS)).source())
                .isEqualTo("$QVAC_HYPERSWARM_SEED");
    }

    @Test
    void withoutAnySourceTheIdentityIsRandomAndSaysSo() {
        Identity one = Identity.find(null, Map.of());
        Identity two = Identity.find(null, Map.of());

        assertThat(one.keyPair()).isNotEqualTo(two.keyPair());
        assertThat(one.lasting()).isFalse();
        assertThat(one.source()).contains("random");
    }

    @Test
    void aWrongSeedIsRefusedWithoutBeingRepeated() {
        Map<String, String> wrong = Map.of(Identity.KEYHOLE_VARIABLE, "undefined");

        assertThatThrownBy(() -> Identity.find(null, wrong))
                .isInstanceOf(UsageException.class)
                .hasMessage("$KEYHOLE_SEED is not a seed: a seed has 64 hex digits, not 9");
    }

    @Test
    void aFileThatOthersCanReadIsRefused() throws Exception {
        Path file = folder.resolve("seed");
        Files.writeString(file, ELEVENS);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));

        assertThatThrownBy(() -> Identity.find(file, Map.of()))
                .isInstanceOf(UsageException.class)
                .hasMessageContaining("chmod 600");
    }

    @Test
    void anExistingFileIsNeverOverwritten() throws Exception {
        Path file = folder.resolve("seed");
        Identity.create(file);
        String before = Files.readString(file);

        assertThatThrownBy(() -> Identity.create(file)).isInstanceOf(UsageException.class);
        assertThat(Files.readString(file)).isEqualTo(before);
    }
}
