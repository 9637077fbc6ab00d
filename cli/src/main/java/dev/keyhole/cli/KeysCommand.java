package dev.keyhole.cli;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Makes or shows an identity. */
@Command(
        name = "keys",
        description = "Makes or shows an identity.",
        synopsisSubcommandLabel = "(new | show)",
        footerHeading = "%nExamples:%n",
        footer = {
            "  keyhole keys new --identity ~/.keyhole/seed",
            "  keyhole keys show --identity ~/.keyhole/seed"
        })
final class KeysCommand {

    @Option(
            names = "--json",
            description = "Print JSON.",
            scope = picocli.CommandLine.ScopeType.INHERIT)
    boolean json;

    @Command(name = "new", description = "Makes an identity file; an existing one is left alone.")
    int create(
            @Option(
                            names = "--identity",
                            paramLabel = "FILE",
                            required = true,
                            description = "Where to keep the seed, readable by its owner only.")
                    Path file) {
        print(Identity.create(file));
        return 0;
    }

    @Command(name = "show", description = "Shows the public key of an identity.")
    int show(
            @Option(
                            names = "--identity",
                            paramLabel = "FILE",
                            description =
                                    "The file (default: $KEYHOLE_SEED or $QVAC_HYPERSWARM_SEED).")
                    @Nullable Path file) {
        if (file != null && !java.nio.file.Files.exists(file)) {
            throw new UsageException("there is no identity file " + file);
        }
        Identity identity = Identity.find(file, System.getenv());
        if (!identity.lasting()) {
            throw new UsageException(
                    "no identity to show: name one with --identity FILE or set $"
                            + Identity.KEYHOLE_VARIABLE);
        }
        print(identity);
        return 0;
    }

    private void print(Identity identity) {
        Output.standard(json)
                .line(
                        "Public key: " + identity.keyPair().publicKey(),
                        Map.of("publicKey", identity.keyPair().publicKey().toHex()));
    }
}
