package dev.keyhole.cli;

import dev.keyhole.dht.Firewall;
import dev.keyhole.transport.identity.PublicKey;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Who may connect. */
final class AccessOptions {

    @Option(
            names = "--allow",
            split = ",",
            paramLabel = "KEY",
            description = "Lets in the owner of this key; may be repeated. Nobody else gets in.")
    @Nullable List<String> allow;

    @Option(
            names = "--deny",
            split = ",",
            paramLabel = "KEY",
            description = "Lets in everybody but the owner of this key; may be repeated.")
    @Nullable List<String> deny;

    @Option(names = "--open", description = "Lets in everybody who knows the key.")
    boolean open;

    boolean given() {
        return allow != null || deny != null || open;
    }

    /** What was asked for; nobody gets in when nothing was, and the user is told so. */
    Firewall firewall(Output output) {
        int ways = (allow == null ? 0 : 1) + (deny == null ? 0 : 1) + (open ? 1 : 0);
        if (ways > 1) {
            throw new UsageException("--allow, --deny and --open exclude each other");
        }
        if (allow != null) {
            return Firewall.allow(keys(allow));
        }
        if (deny != null) {
            return Firewall.deny(keys(deny));
        }
        if (open) {
            return Firewall.open();
        }
        output.note(
                "Nobody can connect yet: let somebody in with --allow KEY, or everybody with"
                        + " --open.");
        return Firewall.allow();
    }

    private static List<PublicKey> keys(List<String> texts) {
        return texts.stream().map(NetworkOptions::key).collect(Collectors.toList());
    }
}
