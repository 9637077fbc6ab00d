package dev.keyhole.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.Dht;
import dev.keyhole.dht.Firewall;
import dev.keyhole.dht.Testnet;
import dev.keyhole.model.ModelSource;
import dev.keyhole.provider.Provider;
import dev.keyhole.provider.ProviderConfig;
import dev.keyhole.transport.identity.KeyPair;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a person reads who asks why a key cannot be reached. */
@Timeout(60)
class DoctorCommandTest {

    private static Testnet testnet;

    private final PrintStream before = System.out;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    @BeforeAll
    static void startNetwork() {
        testnet = Testnet.start(4);
    }

    @AfterAll
    static void stopNetwork() {
        testnet.close();
    }

    @BeforeEach
    void capture() {
        System.setOut(new PrintStream(out, true, UTF_8));
    }

    @AfterEach
    void release() {
        System.setOut(before);
    }

    @Test
    void aHealthyMachineIsToldWhatItLooksLikeFromOutside() {
        int status = doctor();

        assertThat(lines())
                .extracting(line -> line.substring(0, Math.min(17, line.length())).strip())
                .containsExactly(
                        "ok    Network",
                        "ok    Address",
                        "ok    Firewall",
                        "ok    NAT",
                        "ok    Local");
        assertThat(status).isZero();
    }

    @Test
    void theWholeWayToAProviderIsWalked() {
        try (Dht dht = Dht.bind(testnet.config());
                Provider provider =
                        Provider.start(
                                dht,
                                ProviderConfig.of(KeyPair.random(new SecureRandom()))
                                        .withFirewall(Firewall.open())
                                        .withModel("chat", ModelSource.embedded("tiny-chat")))) {
            provider.ready().block(Duration.ofSeconds(10));

            int status = doctor(provider.publicKey().toString());

            assertThat(lines())
                    .anyMatch(line -> line.startsWith("ok    Announced   yes: known to 3 of the 4"))
                    .anyMatch(
                            line -> line.matches("ok    Connection  \\w+, after \\d+ ms, with .*"))
                    .anyMatch(line -> line.startsWith("ok    Provider    answered a heartbeat"));
            assertThat(status).isZero();
        }
    }

    @Test
    void aKeyThatNobodyAnnouncedIsSaidToBeUnknown() {
        String stranger = KeyPair.random(new SecureRandom()).publicKey().toString();

        int status = doctor(stranger);

        assertThat(lines())
                .anyMatch(
                        line ->
                                line.equals(
                                        "FAIL  Announced   no: known to 0 of the 4 closest nodes"));
        assertThat(lines().get(lines().size() - 1)).contains("mistyped", "not running");
        assertThat(status).isEqualTo(Keyhole.FAILED);
    }

    @Test
    void programsGetAnObjectForEachStep() {
        int status = doctor("--json");

        assertThat(lines()).hasSize(5).allMatch(line -> line.startsWith("{") && line.endsWith("}"));
        assertThat(lines().get(0)).contains("\"step\":\"network\"", "\"ok\":true");
        assertThat(status).isZero();
    }

    private int doctor(String... arguments) {
        List<String> line = new ArrayList<>(List.of("doctor"));
        line.addAll(List.of(arguments));
        line.addAll(List.of("--bootstrap", String.join(",", testnet.bootstrap()), "--port", "0"));
        return Keyhole.commandLine().execute(line.toArray(String[]::new));
    }

    private List<String> lines() {
        return out.toString(UTF_8).lines().toList();
    }
}
