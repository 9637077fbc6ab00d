package dev.keyhole.cli;

import dev.keyhole.dht.Announcement;
import dev.keyhole.dht.Dht;
import dev.keyhole.dht.StoredValue;
import dev.keyhole.transport.crypto.Blake2b;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.wire.Bytes;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The DHT by hand. */
@Command(
        name = "dht",
        description = "The DHT by hand: topics and values.",
        synopsisSubcommandLabel = "(lookup | announce | put | get)",
        subcommands = {
            DhtCommand.Lookup.class,
            DhtCommand.Announce.class,
            DhtCommand.Put.class,
            DhtCommand.Get.class
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  keyhole dht announce my-topic",
            "  keyhole dht lookup my-topic",
            "  keyhole dht put 'some text'",
            "  keyhole dht get HASH"
        })
final class DhtCommand {

    private DhtCommand() {}

    /** What the parts of this command share. */
    abstract static class Part implements Callable<Integer> {

        @Mixin NetworkOptions network = new NetworkOptions();

        @Option(names = "--json", description = "Print JSON.")
        boolean json;

        @Override
        public Integer call() throws InterruptedException {
            Output output = Output.standard(json);
            try (Shutdown shutdown = new Shutdown()) {
                return run(network.join(shutdown), output, shutdown);
            }
        }

        abstract int run(Dht dht, Output output, Shutdown shutdown) throws InterruptedException;

        /** 64 hex digits are a topic; other text stands for its hash. */
        static Bytes topic(String text) {
            return text.matches("[0-9a-fA-F]{64}")
                    ? Bytes.ofHex(text)
                    : Blake2b.hash256(Bytes.utf8(text));
        }
    }

    /** Who announced a topic? */
    @Command(name = "lookup", description = "Finds who announced a topic.")
    static final class Lookup extends Part {

        @Parameters(
                paramLabel = "TOPIC",
                description = "64 hex digits, or any text, which stands for its hash.")
        String topic = "";

        @Override
        int run(Dht dht, Output output, Shutdown shutdown) {
            Set<PublicKey> seen = new LinkedHashSet<>();
            dht.lookup(topic(topic))
                    .toIterable()
                    .forEach(
                            found ->
                                    found.peers().stream()
                                            .map(peer -> peer.publicKey())
                                            .filter(seen::add)
                                            .forEach(
                                                    key ->
                                                            output.line(
                                                                    "PEER " + key,
                                                                    Map.of("peer", key.toHex()))));
            output.note(seen.size() == 1 ? "1 peer" : seen.size() + " peers");
            return seen.isEmpty() ? Keyhole.FAILED : 0;
        }
    }

    /** Here is somebody for this topic. */
    @Command(
            name = "announce",
            description = "Announces our key under a topic, until it is interrupted.")
    static final class Announce extends Part {

        @Parameters(
                paramLabel = "TOPIC",
                description = "64 hex digits, or any text, which stands for its hash.")
        String topic = "";

        @Override
        int run(Dht dht, Output output, Shutdown shutdown) throws InterruptedException {
            Announcement announcement =
                    dht.announce(topic(topic), network.identity(output).keyPair());
            shutdown.closes(() -> Closing.announcement(announcement));
            announcement.ready().block();
            PublicKey key = announcement.publicKey();
            output.line("ANNOUNCED " + key, Map.of("announced", key.toHex()));
            shutdown.await();
            return 0;
        }
    }

    /** Keep this for me. */
    @Command(
            name = "put",
            description =
                    "Stores a value for two days: under its hash, or with --seq under our key.")
    static final class Put extends Part {

        @Parameters(paramLabel = "VALUE", description = "Any text of at most 1000 bytes.")
        String value = "";

        @Option(
                names = "--seq",
                paramLabel = "N",
                description = "Stores under our key; N has to grow from value to value.")
        @Nullable Long seq;

        @Override
        int run(Dht dht, Output output, Shutdown shutdown) {
            if (seq == null) {
                Bytes hash = dht.putImmutable(Bytes.utf8(value)).blockOptional().orElseThrow();
                output.line("HASH " + hash.toHex(), Map.of("hash", hash.toHex()));
                return 0;
            }
            StoredValue stored =
                    dht.putMutable(network.identity(output).keyPair(), seq, Bytes.utf8(value))
                            .blockOptional()
                            .orElseThrow();
            output.line(
                    "PUT " + stored.publicKey() + " " + stored.seq(),
                    Map.<String, Object>of(
                            "publicKey", stored.publicKey().toHex(), "seq", stored.seq()));
            return 0;
        }
    }

    /** What was kept? */
    @Command(name = "get", description = "Reads a value by its hash, or with --key that of a key.")
    static final class Get extends Part {

        @Parameters(paramLabel = "HASH", arity = "0..1", description = "The hash, 64 hex digits.")
        @Nullable String hash;

        @Option(names = "--key", paramLabel = "KEY", description = "The key that owns the value.")
        @Nullable String key;

        @Override
        int run(Dht dht, Output output, Shutdown shutdown) {
            if ((hash == null) == (key == null)) {
                throw new UsageException("name either a HASH or a --key");
            }
            Bytes value =
                    key != null
                            ? dht.getMutable(NetworkOptions.key(key), 0)
                                    .map(StoredValue::value)
                                    .block()
                            : dht.getImmutable(hash(hash)).block();
            if (value == null) {
                output.note("keyhole: no node has it");
                return Keyhole.FAILED;
            }
            output.line(value.toUtf8(), Map.of("value", value.toUtf8()));
            return 0;
        }

        private static Bytes hash(@Nullable String text) {
            if (text == null || !text.matches("[0-9a-fA-F]{64}")) {
                throw new UsageException("'" + text + "' is not a hash of 64 hex digits");
            }
            return Bytes.ofHex(text);
        }
    }
}
