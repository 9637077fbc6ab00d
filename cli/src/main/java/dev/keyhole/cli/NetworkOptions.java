package dev.keyhole.cli;

import dev.keyhole.dht.Dht;
import dev.keyhole.dht.DhtConfig;
import dev.keyhole.transport.identity.PublicKey;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What every command that uses the network can be told. */
final class NetworkOptions {

    @Option(
            names = "--bootstrap",
            split = ",",
            paramLabel = "H:P",
            description = "First nodes to ask (default: those of the public HyperDHT).")
    @Nullable List<String> bootstrap;

    @Option(
            names = "--host",
            paramLabel = "HOST",
            description = "Address to bind UDP sockets to (default: all).")
    @Nullable String host;

    @Option(
            names = "--port",
            paramLabel = "PORT",
            description = "UDP port to bind to (default: 49737, else one of the next, else any).")
    @Nullable Integer port;

    @Option(
            names = "--identity",
            paramLabel = "FILE",
            description = "File with the seed of our key, 64 hex digits; made when it is missing.")
    @Nullable Path identityFile;

    /** Who we are; a random identity is told to the user. */
    Identity identity(Output output) {
        Identity identity = Identity.find(identityFile, System.getenv());
        if (!identity.lasting()) {
            output.note(
                    "Identity: random, for this run only (keep one with --identity FILE or $"
                            + Identity.KEYHOLE_VARIABLE
                            + ")");
        }
        return identity;
    }

    /** Uses an identity file unless the command line named one. */
    void defaultIdentity(Path file) {
        if (identityFile == null) {
            identityFile = file;
        }
    }

    /** Uses these where the command line says nothing. */
    void defaults(List<String> nodes, Optional<String> bindHost, OptionalInt bindPort) {
        if (bootstrap == null && !nodes.isEmpty()) {
            bootstrap = nodes;
        }
        if (host == null) {
            host = bindHost.orElse(null);
        }
        if (port == null && bindPort.isPresent()) {
            port = bindPort.getAsInt();
        }
    }

    /** Joins the network; fails when nobody there answers. */
    Dht join(Shutdown shutdown) {
        Dht dht = shutdown.closes(Dht.bind(config()));
        dht.joined().block();
        return dht;
    }

    DhtConfig config() {
        try {
            DhtConfig config = bootstrap == null ? DhtConfig.defaults() : DhtConfig.of(bootstrap);
            if (host != null) {
                config = config.withHost(host);
            }
            return port == null ? config : config.withPort(port);
        } catch (IllegalArgumentException e) {
            throw new UsageException(e.getMessage() == null ? e.toString() : e.getMessage());
        }
    }

    /** A key from the command line. */
    static PublicKey key(String text) {
        try {
            return PublicKey.parse(text);
        } catch (IllegalArgumentException e) {
            throw new UsageException("'" + text + "' is not a public key: " + e.getMessage());
        }
    }
}
