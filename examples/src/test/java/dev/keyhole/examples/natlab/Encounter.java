package dev.keyhole.examples.natlab;

import dev.keyhole.examples.interop.Peer;
import dev.keyhole.examples.natlab.NatLab.Kind;
import dev.keyhole.examples.natlab.NatLab.Who;
import java.time.Duration;
import java.util.Optional;

/**
 * What came of it when a client at b connected to a server at a and had 1 KiB echoed.
 *
 * @param millis from the call of connect to the last byte of the echo, or to the failure
 * @param failure the failure's code; empty when the echo came back
 * @param text what the client said of its failure
 */
record Encounter(
        Who server,
        Kind serverNat,
        Who client,
        Kind clientNat,
        long millis,
        String failure,
        String text) {

    private static final Duration LIMIT = Duration.ofSeconds(100);

    /**
     * Sets both NATs and tries, each time with processes that have no past.
     *
     * @param more options for both ends
     */
    static Encounter of(
            NatLab lab, Who server, Kind serverNat, Who client, Kind clientNat, Object... more) {
        lab.nat("a", serverNat);
        lab.nat("b", clientNat);
        try (Peer listening = lab.endpoint("a", server, "echo-server", more)) {
            Optional<String> key = listening.find("PUBKEY", LIMIT);
            if (key.isEmpty()) {
                return new Encounter(server, serverNat, client, clientNat, 0, "NO_SERVER", "");
            }
            try (Peer dialling = lab.endpoint("b", client, "echo-client", "--connect", key.get())) {
                return read(dialling, server, serverNat, client, clientNat);
            }
        }
    }

    private static Encounter read(
            Peer dialling, Who server, Kind serverNat, Who client, Kind clientNat) {
        long opened = 0;
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (System.nanoTime() < deadline) {
            String[] words = dialling.next(LIMIT).orElse("ERR GONE 0 it ended").split(" ", 4);
            switch (words[0]) {
                case "OPEN" -> opened = Long.parseLong(words[1]);
                case "OK" -> {
                    long millis = opened + Long.parseLong(words[2]);
                    return new Encounter(server, serverNat, client, clientNat, millis, "", "");
                }
                case "ERR" -> {
                    long millis = Long.parseLong(words[2]);
                    return new Encounter(
                            server, serverNat, client, clientNat, millis, words[1], words[3]);
                }
                default -> {}
            }
        }
        throw new AssertionError("the client neither succeeded nor failed in " + LIMIT);
    }

    boolean connected() {
        return failure.isEmpty();
    }

    /** Whether one side has to guess the port of the other. */
    boolean needsLuck() {
        return serverNat == Kind.CONE && clientNat == Kind.RANDOM
                || serverNat == Kind.RANDOM && clientNat == Kind.CONE;
    }

    String outcome() {
        return connected() ? String.format("%.2f s", millis / 1e3) : failure;
    }

    @Override
    public String toString() {
        return String.format(
                "%s server behind %s, %s client behind %s: %s %s%s",
                server,
                serverNat.word(),
                client,
                clientNat.word(),
                outcome(),
                connected() ? "" : "after " + millis + " ms, ",
                text);
    }
}
