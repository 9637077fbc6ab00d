package dev.keyhole.cli;

import dev.keyhole.transport.identity.PublicKey;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Through whom peers may meet that cannot reach each other. */
final class RelayOptions {

    @Option(
            names = "--relay-through",
            split = ",",
            paramLabel = "KEY",
            description =
                    "Blind relays to fall back on where no direct way is found, by public key"
                            + " (`keyhole relay` is one).")
    @Nullable List<String> relays;

    List<PublicKey> keys() {
        return relays == null ? List.of() : relays.stream().map(NetworkOptions::key).toList();
    }
}
