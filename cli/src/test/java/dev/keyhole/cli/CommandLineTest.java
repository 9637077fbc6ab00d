package dev.keyhole.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What the command says to wrong usage, and with which status it ends. */
@Timeout(60)
class CommandLineTest {

    private static final String KEY =
            "d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737";

    private final StringWriter err = new StringWriter();
    private final StringWriter out = new StringWriter();

    @TempDir Path folder;

    @Test
    void anUnknownCommandIsWrongUsageAndGetsASuggestion() {
        assertThat(run("prvide")).isEqualTo(Keyhole.USAGE);
        assertThat(err.toString()).contains("prvide").contains("keyhole provide");
    }

    @Test
    void noCommandIsWrongUsage() {
        assertThat(run()).isEqualTo(Keyhole.USAGE);
        assertThat(err.toString()).contains("a command is missing");
    }

    @Test
    void aWrongKeyIsRefusedWithWhatIsWrongAboutIt() {
        assertThat(run("chat", "abc")).isEqualTo(Keyhole.USAGE);
        assertThat(err.toString())
                .contains(
                        "'abc' is not a public key: a public key has 64 hex digits or 52"
                                + " characters of z-base-32, not 3");
    }

    @Test
    void aWrongKeyInAnAllowListIsRefused() {
        assertThat(run("provide", "--allow", KEY + "," + KEY.replace('d', 'g')))
                .isEqualTo(Keyhole.USAGE);
        assertThat(err.toString()).contains("character 1 of the public key is not a hex digit: g");
    }

    @Test
    void waysToLetPeopleInExcludeEachOther() {
        assertThat(run("provide", "--open", "--allow", KEY)).isEqualTo(Keyhole.USAGE);
        assertThat(err.toString()).contains("--allow, --deny and --open exclude each other");
    }

    @Test
    void aModelThatIsNotThereIsNamed() {
        Path missing = folder.resolve("nothing");

        assertThat(run("provide", "--open", "--model", "chat=" + missing)).isEqualTo(Keyhole.USAGE);
        assertThat(err.toString()).contains("there is no model at " + missing);
    }

    @Test
    void aConfigurationWithAnUnknownKeyNamesTheNearestKnownOne() throws Exception {
        Path file = Files.writeString(folder.resolve("provider.toml"), "identty = \"seed\"\n");

        assertThat(run("provide", "--config", file.toString())).isEqualTo(Keyhole.USAGE);
        assertThat(err.toString()).contains("identty").contains("identity");
    }

    @Test
    void aPortInUseIsNamed() throws Exception {
        try (DatagramSocket taken =
                new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            String port = String.valueOf(taken.getLocalPort());

            int status = run("bootstrap", "--host", "127.0.0.1", "--port", port);

            assertThat(status).isEqualTo(Keyhole.FAILED);
            assertThat(err.toString()).contains("cannot bind UDP 127.0.0.1:" + port);
        }
    }

    @Test
    void anUnreachableNetworkIsOneLine() throws Exception {
        try (DatagramSocket silent =
                new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            String nobody = "127.0.0.1:" + silent.getLocalPort();

            int status = run("ping", KEY, "--bootstrap", nobody, "--port", "0");

            assertThat(status).isEqualTo(Keyhole.FAILED);
            assertThat(err.toString().lines())
                    .hasSize(1)
                    .first()
                    .asString()
                    .startsWith("keyhole: no DHT node answers at " + nobody);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "demo",
                "provide",
                "chat",
                "ping",
                "doctor",
                "keys",
                "relay",
                "bootstrap",
                "testnet",
                "dht",
                "listen",
                "connect"
            })
    void everyCommandExplainsItselfWithExamples(String command) {
        assertThat(run(command, "--help")).isZero();
        assertThat(out.toString()).contains("Usage: keyhole " + command).contains("Examples:");
    }

    @Test
    void theVersionIsSaidEverywhere() {
        for (List<String> line : List.of(List.of("--version"), List.of("demo", "--version"))) {
            assertThat(run(line.toArray(String[]::new))).isZero();
        }
        assertThat(out.toString()).startsWith("keyhole ");
    }

    private int run(String... arguments) {
        CommandLine line = Keyhole.commandLine();
        line.setErr(new PrintWriter(err, true));
        line.setOut(new PrintWriter(out, true));
        return line.execute(arguments);
    }
}
