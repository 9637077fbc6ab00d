package dev.keyhole.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.keyhole.dht.Firewall;
import dev.keyhole.model.ModelSource;
import dev.keyhole.transport.identity.PublicKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ProviderConfigFileTest {

    private static final PublicKey LISTED =
            PublicKey.parse("d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737");

    @TempDir private Path folder;

    @Test
    void theExampleInTheDocumentationSaysEverything() {
        ProviderConfigFile file =
                ProviderConfigFile.parse(Path.of("../docs/provider.example.toml"));

        assertThat(file.identity().orElseThrow()).hasFileName("provider.seed");
        assertThat(file.identity().orElseThrow().getParent()).hasFileName("docs");
        assertThat(file.bootstrap()).containsExactly("127.0.0.1:49737");
        assertThat(file.host()).contains("0.0.0.0");
        assertThat(file.port()).hasValue(49738);
        assertThat(file.logLevel()).contains("info");
        assertThat(file.metricsPort()).hasValue(9464);
        assertThat(file.open()).isFalse();
        assertThat(file.firewall().denies(LISTED)).isFalse();
        assertThat(file.firewall().denies(Peers.key(1))).isTrue();

        ProviderConfig config = file.config(Peers.keyPair(0));
        assertThat(config.maxConnections()).isEqualTo(ProviderConfig.DEFAULT_MAX_CONNECTIONS);
        assertThat(config.requestsPerConnection())
                .isEqualTo(ProviderConfig.DEFAULT_REQUESTS_PER_CONNECTION);
        assertThat(config.drain()).isEqualTo(ProviderConfig.DEFAULT_DRAIN);
        assertThat(config.relayThrough()).containsExactly(LISTED);
        assertThat(config.quota()).isEqualTo(new Quota(8, 128, 120, 60_000, 4096));
        assertThat(config.quotas())
                .containsOnlyKeys(LISTED)
                .containsEntry(LISTED, new Quota(8, 128, 600, 600_000, 4096));

        ServedModel model = config.models().get(0);
        assertThat(model.name()).isEqualTo("tiny-chat");
        assertThat(model.source()).isEqualTo(ModelSource.embedded("tiny-chat"));
        assertThat(model.answersTo("registry://s3/Llama-3.2-1B-Instruct-Q4_0.gguf")).isTrue();
        assertThat(model.idleUnload()).isEqualTo(ServedModel.DEFAULT_IDLE_UNLOAD);
        assertThat(model.options().contextSize()).hasValue(2048);
        assertThat(model.options().queue()).isEqualTo(64);
        assertThat(model.options().systemPrompt()).contains("You answer briefly.");
        assertThat(model.options().params().stopSequences()).containsExactly("</s>");
        assertThat(model.options().params().topK()).isEqualTo(40);
        assertThat(model.options().params().repeatPenalty()).isEqualTo(1.1);
    }

    @Test
    void anEmptyFileServesNothingToNobody() {
        ProviderConfigFile file = ProviderConfigFile.parse("");

        assertThat(file.models()).isEmpty();
        assertThat(file.firewall().denies(LISTED)).isTrue();
        assertThat(file.metricsPort()).isEmpty();
        assertThat(file.config(Peers.keyPair(0)).quota()).isEqualTo(Quota.defaults());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    bootstrp = []                       | :1: "bootstrp" means nothing here; did you mean "bootstrap"?
                    [firewall]~modus = "allow"          | :2: "firewall.modus" means nothing here; did you mean "mode"?
                    [[model]]~name="a"~source="a"~alias=[] | :4: "model.alias" means nothing here; did you mean "aliases"?
                    [zzzzzzzzzzzzzzzzzzzzzzzz]          | means nothing here; known are identity, bootstrap
                    [[model]]~source="a"                | no "name" in [[model]]
                    [firewall]~mode = "block"           | "firewall.mode" is "allow", "deny" or "open", not "block"
                    [firewall]~mode = "open"~keys = ["ABAB"] | :3: "firewall.keys" "ABAB"
                    [firewall]~keys = [1]               | is a list of texts, and 1 is none
                    [firewall]~keys = "a"               | is a list of texts
                    firewall = 1                        | :1: "firewall" is a table, not 1
                    port = "x"                          | "port" is a whole number, not x
                    port = 0                            | "port" cannot be 0
                    drain = "soon"                      | "drain" is a time such as "30s" or "15m", not "soon"
                    log-level = "loud"                  | "log-level" is one of debug, error, info
                    [model]~name = "a"                  | "model" is written as [[model]]
                    [[model]]~name="a"~source="a"~[model.options]~temp="hot" | "model.options.temp" is a number, not hot
                    [[model]]~name="a"~source="a"~[model.options]~top-k=99999999999 | cannot be 99999999999
                    [[model]]~name="a"~source=""        | "model.source" "": a model source cannot be empty
                    [quota]~connections = -1            | "quota.connections" cannot be -1
                    a = = 1                             | the configuration:1:
                    """)
    void aMistakeIsNamedWithItsLine(String toml, String complaint) {
        assertThatThrownBy(() -> ProviderConfigFile.parse(toml.replace('~', '\n')))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(complaint.strip());
    }

    @Test
    void keysMeanNothingToAnOpenFirewall() {
        assertThatThrownBy(
                        () ->
                                ProviderConfigFile.parse(
                                        "[firewall]\nmode = \"open\"\nkeys = [\"" + LISTED + "\"]"))
                .hasMessageContaining("mean nothing with mode \"open\"");
    }

    @Test
    void anUpperCaseKeyIsTheSameKey() {
        var file =
                ProviderConfigFile.parse(
                        "[firewall]\nmode = \"deny\"\nkeys = [\""
                                + LISTED.toHex().toUpperCase(Locale.ROOT)
                                + "\"]");

        assertThat(file.firewall().denies(LISTED)).isTrue();
        assertThat(file.firewall().denies(Peers.key(1))).isFalse();
    }

    @Test
    void aConsumerIsThereOnce() {
        String consumer = "[[consumer]]\nkey = \"" + LISTED + "\"\n";

        assertThatThrownBy(() -> ProviderConfigFile.parse(consumer + consumer))
                .hasMessageContaining("there twice");
    }

    @Test
    void aPathIsRelativeToTheFile() throws IOException {
        Files.createDirectory(folder.resolve("weights"));
        Path file = folder.resolve("provider.toml");
        Files.writeString(
                file,
                """
                [[model]]
                name = "w"
                source = "weights"
                idle-unload = "never"

                [[model]]
                name = "n"
                source = "named"
                idle-unload = "90s"
                """);

        List<ServedModel> models = ProviderConfigFile.parse(file).models();

        assertThat(models.get(0).source())
                .isEqualTo(ModelSource.directory(folder.resolve("weights")));
        assertThat(models.get(0).idleUnload()).isEqualTo(ServedModel.NEVER);
        assertThat(models.get(1).source()).isEqualTo(ModelSource.named("named"));
        assertThat(models.get(1).idleUnload()).isEqualTo(Duration.ofSeconds(90));
    }

    @Test
    void aFileThatIsNotThereIsSaidSo() {
        assertThatThrownBy(() -> ProviderConfigFile.parse(folder.resolve("nothing.toml")))
                .hasMessageContaining("cannot read")
                .hasMessageContaining("nothing.toml");
    }

    @Test
    void theFirewallFollowsTheFileAndAMistakeChangesNothing() throws IOException {
        Path file = folder.resolve("provider.toml");
        Files.writeString(file, "");
        List<Firewall> applied = new ArrayList<>();
        try (ConfigFileWatch watch = new ConfigFileWatch(file, applied::add)) {
            assertThat(watch.check()).isFalse();

            Files.writeString(file, "[firewall]\nkeys = [\"" + LISTED + "\"]");
            assertThat(watch.check()).isTrue();
            assertThat(applied.get(0).denies(LISTED)).isFalse();

            Files.writeString(file, "[firewall]\nkeys = [\"nonsense\"]");
            assertThat(watch.check()).isFalse();
            assertThat(watch.check()).isFalse();
            Files.delete(file);
            assertThat(watch.check()).isFalse();
            assertThat(applied).hasSize(1);
        }
    }
}
