package dev.keyhole.cli;

import dev.keyhole.dht.ConnectOptions;
import dev.keyhole.dht.Connection;
import dev.keyhole.dht.Dht;
import dev.keyhole.dht.DhtException;
import dev.keyhole.dht.KeySearch;
import dev.keyhole.dht.Reachability;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.net.Address;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Says what works from here, and why a key cannot be reached. */
@Command(
        name = "doctor",
        description = {
            "Says what works from here: the network, the own address, firewall and NAT.",
            "With a key, it goes the whole way to its owner and says where it ends, and why."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  keyhole doctor",
            "  keyhole doctor d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737"
        })
final class DoctorCommand implements Callable<Integer> {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    @Mixin NetworkOptions network = new NetworkOptions();

    @Mixin RelayOptions relay = new RelayOptions();

    @Parameters(
            arity = "0..1",
            paramLabel = "KEY",
            description = "The public key to look for; without one, only this machine is examined.")
    @Nullable String key;

    @Option(names = "--json", description = "Print JSON, one object a step.")
    boolean json;

    @Override
    public Integer call() {
        PublicKey remote = key == null ? null : NetworkOptions.key(key);
        Report report = new Report(Output.standard(json));
        try (Shutdown shutdown = new Shutdown()) {
            Identity identity = network.identity(report.output);
            Dht dht = shutdown.closes(Dht.bind(network.config()));
            boolean well = examineNetwork(dht, report);
            if (well && remote != null) {
                well = examineKey(dht, remote, identity, report);
            }
            return well ? 0 : Keyhole.FAILED;
        }
    }

    private static boolean examineNetwork(Dht dht, Report report) {
        try {
            dht.joined().block();
        } catch (DhtException.NetworkUnreachable e) {
            report.bad("Network", Failures.text(e));
            report.advice(
                    "UDP may be blocked here, or the bootstrap nodes are wrong (--bootstrap) or"
                            + " down. Nothing can be reached like this.");
            return false;
        }
        dht.bootstrapped().block(LIMIT);
        Reachability found = dht.reachability().blockOptional(LIMIT).orElseThrow();
        report.good("Network", "joined; " + found.knownNodes() + " other nodes known");
        reportAddress(found, report);
        reportFirewall(found, report);
        reportNat(found, report);
        report.good(
                "Local",
                found.localAddresses().stream()
                        .map(Address::toString)
                        .collect(Collectors.joining(", ")));
        return true;
    }

    private static void reportAddress(Reachability found, Report report) {
        Address address = found.publicAddress().orElse(null);
        if (address == null) {
            report.bad("Address", "unknown: too few nodes have said how they see us");
        } else if (address.port() == 0) {
            report.good("Address", address.hostText() + ", at another port for every node");
        } else {
            report.good("Address", address + ", as other nodes see it");
        }
    }

    private static void reportFirewall(Reachability found, Report report) {
        report.good(
                "Firewall",
                found.firewalled()
                        ? "closed to strangers: peers reach us by hole punching or a relay"
                        : "open: anybody can reach us directly");
    }

    private static void reportNat(Reachability found, Report report) {
        String seen =
                found.sightings().stream()
                        .map(sighting -> sighting.seenAs().toString())
                        .distinct()
                        .collect(Collectors.joining(", "));
        String by = " (a fresh socket is " + seen + " to " + found.sightings().size() + " nodes)";
        switch (found.natType()) {
            case OPEN -> report.good("NAT", "none in the way" + by);
            case CONSISTENT ->
                    report.good(
                            "NAT", "one port for everybody: punching works with all peers" + by);
            case RANDOM ->
                    report.good(
                            "NAT",
                            "another port for every peer: punching takes longer, and needs a relay"
                                    + " where the peer's NAT does the same"
                                    + by);
            case UNKNOWN ->
                    report.bad(
                            "NAT",
                            "unknown: "
                                    + found.sightings().size()
                                    + " nodes answered, and three are needed to tell");
        }
    }

    private boolean examineKey(Dht dht, PublicKey remote, Identity identity, Report report) {
        KeySearch search = dht.findPeer(remote).blockOptional(LIMIT).orElseThrow();
        String known = search.holders().size() + " of the " + search.answered() + " closest nodes";
        if (search.holders().isEmpty()) {
            report.bad("Announced", "no: known to " + known);
            report.advice(
                    "The key is mistyped, or its owner is not running, or is in another network"
                            + " (--bootstrap).");
            return false;
        }
        report.good("Announced", "yes: known to " + known);
        ConnectOptions options =
                ConnectOptions.defaults()
                        .withKeyPair(identity.keyPair())
                        .withRelayThrough(relay.keys())
                        .withTimeout(LIMIT);
        return examineConnection(dht, remote, options, identity, report);
    }

    private static boolean examineConnection(
            Dht dht, PublicKey remote, ConnectOptions options, Identity identity, Report report) {
        long began = System.nanoTime();
        Connection connection;
        try {
            connection = dht.connect(remote, options).blockOptional().orElseThrow();
        } catch (DhtException e) {
            report.bad("Connection", e.code() + ": " + Failures.text(e));
            e.evidence().ifPresent(seen -> report.bad("Evidence", seen.toString()));
            report.advice(adviceOn(e, identity));
            return false;
        }
        report.good(
                "Connection",
                String.format(
                        Locale.ROOT,
                        "%s, after %.0f ms, with %s, round trip %.1f ms",
                        connection.path().name().toLowerCase(Locale.ROOT),
                        (System.nanoTime() - began) / 1e6,
                        connection.remoteAddress(),
                        connection.roundTrip().toNanos() / 1e6));
        return examineProvider(connection, report);
    }

    private static boolean examineProvider(Connection connection, Report report) {
        try {
            double millis = Heartbeat.ask(connection);
            report.good(
                    "Provider",
                    String.format(Locale.ROOT, "answered a heartbeat after %.1f ms", millis));
            return true;
        } catch (RuntimeException e) {
            report.bad("Provider", "no answer to a heartbeat: " + Failures.text(e));
            report.advice("The way there works, but what listens there serves no models.");
            return true;
        }
    }

    private static String adviceOn(DhtException failure, Identity identity) {
        if (failure instanceof DhtException.PeerUnreachable) {
            return "Its owner's firewall does not admit our key, or it has just died. Ask the"
                    + " owner to allow "
                    + identity.keyPair().publicKey()
                    + (identity.lasting() ? "." : ", after you have chosen a lasting identity.");
        }
        if (failure instanceof DhtException.NoPath) {
            return "Name a relay that both sides reach (--relay-through; `keyhole relay` is one), or"
                    + " open a UDP port on either side.";
        }
        if (failure instanceof DhtException.ServerIncompatible) {
            return "One of the two sides is to be updated.";
        }
        return failure.retryable() ? "Trying again may help." : "Trying again will not help.";
    }

    /** What was found, step by step: a line each for people, an object each for programs. */
    private static final class Report {

        private final Output output;

        private Report(Output output) {
            this.output = output;
        }

        private void good(String step, String text) {
            line(step, true, text);
        }

        private void bad(String step, String text) {
            line(step, false, text);
        }

        private void advice(String text) {
            output.line("      " + text, Map.of("advice", text));
        }

        private void line(String step, boolean well, String text) {
            String mark = well ? "ok  " : "FAIL";
            output.line(
                    String.format(Locale.ROOT, "%s  %-11s %s", mark, step, text),
                    Map.<String, Object>of(
                            "step", step.toLowerCase(Locale.ROOT), "ok", well, "text", text));
        }
    }
}
