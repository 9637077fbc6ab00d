package dev.keyhole.cli;

import dev.keyhole.dht.Announcement;
import dev.keyhole.dht.ConnectOptions;
import dev.keyhole.dht.Connection;
import dev.keyhole.dht.Dht;
import dev.keyhole.dht.DhtConfig;
import dev.keyhole.dht.DhtException;
import dev.keyhole.dht.ListenConfig;
import dev.keyhole.dht.Listener;
import dev.keyhole.dht.StoredValue;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.identity.Seed;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import java.security.SecureRandom;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A small peer that compatibility tests drive against other implementations. */
@Command(
        name = "interop-endpoint",
        description = "A small peer for compatibility tests with other implementations.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            InteropEndpointCommand.EchoServer.class,
            InteropEndpointCommand.EchoClient.class,
            InteropEndpointCommand.Announce.class,
            InteropEndpointCommand.Lookup.class,
            InteropEndpointCommand.PutImmutable.class,
            InteropEndpointCommand.GetImmutable.class,
            InteropEndpointCommand.PutMutable.class,
            InteropEndpointCommand.GetMutable.class
        })
final class InteropEndpointCommand {

    /** What all commands of the endpoint take; unknown options are passed over. */
    abstract static class Endpoint implements java.util.concurrent.Callable<Integer> {

        @Option(names = "--bootstrap", required = true, split = ",", paramLabel = "H:P")
        List<String> bootstrap = List.of();

        @Option(names = "--host", defaultValue = "127.0.0.1")
        String host = "";

        @Option(names = "--firewalled")
        boolean firewalled;

        @Option(names = "--no-lan")
        boolean noLan;

        @Option(names = "--relay-through", split = ",", paramLabel = "KEY")
        @Nullable List<String> relays;

        @Option(names = "--no-punch")
        boolean noPunch;

        @Option(names = "--seed", paramLabel = "HEX")
        @Nullable String seed;

        final Lines lines = new Lines();

        @Override
        public Integer call() throws InterruptedException {
            try (Shutdown shutdown = new Shutdown()) {
                Dht dht = shutdown.closes(Dht.bind(config()));
                for (Address address : dht.addresses()) {
                    lines.print("ADDR " + address);
                }
                return run(dht, shutdown);
            } catch (DhtException e) {
                lines.print("ERR " + e.code() + " 0 " + Failures.text(e));
                return Keyhole.FAILED;
            } catch (RuntimeException e) {
                lines.print("ERR ERROR 0 " + Failures.text(e));
                return Keyhole.FAILED;
            }
        }

        abstract int run(Dht dht, Shutdown shutdown) throws InterruptedException;

        List<PublicKey> relayThrough() {
            return relays == null
                    ? List.of()
                    : relays.stream().map(PublicKey::parse).collect(Collectors.toList());
        }

        KeyPair keyPair() {
            return seed == null
                    ? KeyPair.random(new SecureRandom())
                    : KeyPair.fromSeed(Seed.ofHex(seed));
        }

        private DhtConfig config() {
            DhtConfig config =
                    DhtConfig.of(bootstrap).withHost(host).withPort(0).withEphemeral(true);
            return firewalled ? config.withFirewalled(true) : config;
        }
    }

    /** Sends back what connections bring. */
    @Command(name = "echo-server")
    static final class EchoServer extends Endpoint {

        @Option(names = "--firewall-allow", split = ",", paramLabel = "KEY")
        @Nullable List<String> allow;

        @Override
        int run(Dht dht, Shutdown shutdown) throws InterruptedException {
            ListenConfig config =
                    ListenConfig.of(this::denies)
                            .withShareLocalAddress(!noLan)
                            .withMaxConnectionsPerKey(ListenConfig.DEFAULT_MAX_CONNECTIONS)
                            .withRelayThrough(relayThrough())
                            .withPunching(!noPunch);
            Listener listener = dht.listen(keyPair(), config, this::serve);
            StandardInput.onQuit(shutdown::ask);
            listener.ready().block();
            lines.print("PUBKEY " + listener.publicKey());
            shutdown.await();
            return 0;
        }

        private boolean denies(PublicKey remote) {
            if (allow == null || allowed().contains(remote)) {
                return false;
            }
            lines.print("DENY " + remote);
            return true;
        }

        private Set<PublicKey> allowed() {
            return allow == null
                    ? Set.of()
                    : new HashSet<>(
                            allow.stream().map(PublicKey::parse).collect(Collectors.toList()));
        }

        private void serve(Connection connection) {
            PublicKey key = connection.remotePublicKey();
            lines.print("OPEN " + key);
            Echo.over(connection, reason -> lines.print("CLOSE " + key + " " + reason.code()));
        }
    }

    /** Sends payloads and checks what comes back. */
    @Command(name = "echo-client")
    static final class EchoClient extends Endpoint {

        @Option(names = "--connect", required = true, paramLabel = "KEY")
        String key = "";

        @Option(names = "--bytes", defaultValue = "1024")
        int bytes;

        @Option(names = "--payload-seed", defaultValue = "1")
        long payloadSeed;

        @Option(names = "--count", defaultValue = "1")
        int count;

        @Option(names = "--concurrency", defaultValue = "1")
        int concurrency;

        @Option(names = "--half-close")
        boolean halfClose;

        @Option(names = "--hold")
        boolean hold;

        @Override
        int run(Dht dht, Shutdown shutdown) throws InterruptedException {
            StandardInput.onQuit(() -> end(dht));
            ConnectOptions options =
                    ConnectOptions.defaults()
                            .withKeyPair(keyPair())
                            .withLocalConnection(!noLan)
                            .withRelayThrough(relayThrough())
                            .withPunching(!noPunch);
            EchoExchanges exchanges =
                    new EchoExchanges(
                            () ->
                                    dht.connect(PublicKey.parse(key), options)
                                            .doOnNext(this::followPath),
                            new EchoExchanges.Work(bytes, (int) payloadSeed, halfClose, hold),
                            lines);
            return exchanges.run(count, concurrency) ? 0 : Keyhole.FAILED;
        }

        /** Says when a relayed connection takes another way. */
        private void followPath(Connection connection) {
            if (relays != null) {
                connection.pathChanges().subscribe(path -> lines.print("MOVED"));
            }
        }

        private static void end(Dht dht) {
            dht.close();
            System.exit(0);
        }
    }

    /** Announces a key under a topic, and stays. */
    @Command(name = "announce")
    static final class Announce extends Endpoint {

        @Option(names = "--topic", required = true, paramLabel = "HEX")
        String topic = "";

        @Override
        int run(Dht dht, Shutdown shutdown) throws InterruptedException {
            Announcement announcement = dht.announce(Bytes.ofHex(topic), keyPair());
            shutdown.closes(() -> Closing.announcement(announcement));
            StandardInput.onQuit(shutdown::ask);
            announcement.ready().block();
            lines.print("ANNOUNCED " + announcement.publicKey());
            shutdown.await();
            return 0;
        }
    }

    /** Finds who announced a topic. */
    @Command(name = "lookup")
    static final class Lookup extends Endpoint {

        @Option(names = "--topic", required = true, paramLabel = "HEX")
        String topic = "";

        @Override
        int run(Dht dht, Shutdown shutdown) {
            Set<PublicKey> seen = new HashSet<>();
            dht.lookup(Bytes.ofHex(topic))
                    .toIterable()
                    .forEach(
                            found ->
                                    found.peers().stream()
                                            .map(peer -> peer.publicKey())
                                            .filter(seen::add)
                                            .forEach(key -> lines.print("PEER " + key)));
            lines.print("DONE " + seen.size());
            return 0;
        }
    }

    /** Stores a value under its hash. */
    @Command(name = "put-immutable")
    static final class PutImmutable extends Endpoint {

        @Option(names = "--value", required = true, paramLabel = "HEX")
        String value = "";

        @Override
        int run(Dht dht, Shutdown shutdown) {
            Bytes hash = dht.putImmutable(Bytes.ofHex(value)).blockOptional().orElseThrow();
            lines.print("HASH " + hash.toHex());
            return 0;
        }
    }

    /** Reads a value by its hash. */
    @Command(name = "get-immutable")
    static final class GetImmutable extends Endpoint {

        @Option(names = "--hash", required = true, paramLabel = "HEX")
        String hash = "";

        @Override
        int run(Dht dht, Shutdown shutdown) {
            Bytes value = dht.getImmutable(Bytes.ofHex(hash)).block();
            lines.print(value == null ? "NONE" : "VALUE " + value.toHex());
            return 0;
        }
    }

    /** Stores a value under a key. */
    @Command(name = "put-mutable")
    static final class PutMutable extends Endpoint {

        @Option(names = "--value", required = true, paramLabel = "HEX")
        String value = "";

        @Option(names = "--seq", required = true, paramLabel = "N")
        long seq;

        @Override
        int run(Dht dht, Shutdown shutdown) {
            StoredValue stored =
                    dht.putMutable(keyPair(), seq, Bytes.ofHex(value))
                            .blockOptional()
                            .orElseThrow();
            lines.print(
                    "PUT "
                            + stored.publicKey()
                            + " "
                            + stored.seq()
                            + " "
                            + stored.signature().toHex());
            return 0;
        }
    }

    /** Reads the latest value of a key. */
    @Command(name = "get-mutable")
    static final class GetMutable extends Endpoint {

        @Option(names = "--key", required = true, paramLabel = "KEY")
        String key = "";

        @Option(names = "--seq", defaultValue = "0", paramLabel = "N")
        long seq;

        @Override
        int run(Dht dht, Shutdown shutdown) {
            StoredValue stored = dht.getMutable(PublicKey.parse(key), seq).block();
            lines.print(
                    stored == null
                            ? "NONE"
                            : "VALUE "
                                    + stored.seq()
                                    + " "
                                    + stored.value().toHex()
                                    + " "
                                    + stored.signature().toHex());
            return 0;
        }
    }

    /** Lines of ASCII on standard output, each flushed at once, from any thread. */
    static final class Lines {

        synchronized void print(String line) {
            System.out.println(line);
            System.out.flush();
        }
    }
}
