package dev.keyhole.examples.natlab;

import dev.keyhole.examples.interop.Peer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;

/**
 * A public network of nine persistent nodes and private hosts behind NATs, out of the script {@code
 * src/test/natlab/natlab}: a and c behind one NAT, b behind another.
 */
final class NatLab implements AutoCloseable {

    private static final Path SCRIPT = Path.of("src/test/natlab/natlab").toAbsolutePath();
    private static final String NET = "44.128.7.";

    private final String prefix;
    private final Deque<Peer> open = new ArrayDeque<>();
    private String bootstrap = "";

    /** What a NAT does, as the script calls it. */
    enum Kind {
        OPEN,
        FULLCONE,
        CONE,
        RANDOM,
        BLOCKED;

        String word() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    /** Who is at an end, or whose nodes the network is made of. */
    enum Who {
        KEYHOLE,
        ORIGINAL
    }

    private NatLab(String prefix) {
        this.prefix = prefix;
    }

    /** What is missing for a lab, or nothing. */
    static String missing() {
        if (!System.getProperty("os.name").equals("Linux")) {
            return "network namespaces are a thing of Linux";
        }
        for (String tool : List.of("ip", "iptables", "conntrack", "ethtool", "python3")) {
            if (!isOnPath(tool)) {
                return tool + " is not installed";
            }
        }
        try {
            return new NatLab("nlprobe").script("probe").equals("ready")
                    ? ""
                    : "network namespaces cannot be made here: are we root?";
        } catch (AssertionError e) {
            return "network namespaces cannot be made here: " + e.getMessage();
        }
    }

    private static boolean isOnPath(String tool) {
        return Stream.of(System.getenv("PATH").split(":"))
                        .anyMatch(directory -> Files.isExecutable(Path.of(directory, tool)))
                || Files.isExecutable(Path.of("/usr/sbin", tool));
    }

    /** Builds a lab and its public network. */
    static NatLab up(String prefix, Who network, String... options) {
        NatLab lab = new NatLab(prefix);
        lab.script("down");
        lab.script(Stream.concat(Stream.of("up"), Stream.of(options)).toArray(String[]::new));
        lab.bootstrap = "-";
        for (int host = 1; host <= 3; host++) {
            List<String> addresses = new ArrayList<>();
            for (int i = 1; i <= 3; i++) {
                addresses.add(NET + (10 * host + i));
            }
            lab.bootstrap = lab.nodes("h" + host, network, addresses).await("BOOTSTRAP");
        }
        return lab;
    }

    private Peer nodes(String place, Who whose, List<String> addresses) {
        boolean first = bootstrap.equals("-");
        Peer nodes;
        if (whose == Who.KEYHOLE) {
            List<Object> arguments = new ArrayList<>(List.of(bootstrap));
            arguments.addAll(addresses);
            nodes = Peer.java(inside(place), PublicNodes.class.getName(), arguments.toArray());
        } else {
            List<Object> arguments = new ArrayList<>();
            arguments.addAll(List.of("--hosts", String.join(",", addresses), "--port", 49737));
            if (!first) {
                arguments.addAll(List.of("--bootstrap", bootstrap));
            }
            nodes = Peer.original(inside(place), "nodes.mjs", arguments.toArray());
        }
        open.push(nodes);
        return nodes;
    }

    /** An end of a connection, as tests of compatibility drive it. */
    Peer endpoint(String place, Who who, String command, Object... more) {
        List<Object> arguments = new ArrayList<>();
        arguments.addAll(List.of("--bootstrap", bootstrap, "--host", "0.0.0.0"));
        arguments.addAll(List.of(more));
        if (who == Who.ORIGINAL) {
            return Peer.original(inside(place), command + ".mjs", arguments.toArray());
        }
        arguments.add(0, command);
        return Peer.keyhole(inside(place), "interop-endpoint", arguments.toArray());
    }

    /** A blind relay on the public network, and its key. */
    Peer relay() {
        return Peer.keyhole(
                inside("h1"),
                "relay",
                "--open",
                "--bootstrap",
                bootstrap,
                "--host",
                NET + "11",
                "--port",
                0);
    }

    void nat(String side, Kind kind) {
        script("nat", side, kind.word());
    }

    void move(String side) {
        script("move", side);
    }

    void forget(String side) {
        script("forget", side);
    }

    void wall(String host, boolean on) {
        script("wall", host, on ? "on" : "off");
    }

    private List<String> inside(String place) {
        return List.of("ip", "netns", "exec", prefix + "-" + place);
    }

    private String script(String... arguments) {
        List<String> command = new ArrayList<>(List.of("bash", SCRIPT.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("NATLAB_PREFIX", prefix);
        builder.environment().merge("PATH", "/usr/sbin:/sbin", (own, more) -> own + ":" + more);
        try {
            // A file, not a pipe: what the script leaves running would keep a pipe open.
            Path output = Files.createTempFile("natlab", ".txt");
            Process process = builder.redirectOutput(output.toFile()).start();
            boolean ended =
                    process.waitFor(
                            Duration.ofSeconds(60).toMillis(),
                            java.util.concurrent.TimeUnit.MILLISECONDS);
            String text = Files.readString(output, StandardCharsets.UTF_8).strip();
            Files.delete(output);
            if (!ended || process.exitValue() != 0) {
                throw new AssertionError(String.join(" ", command) + ": " + text);
            }
            return text;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    @Override
    public void close() {
        while (!open.isEmpty()) {
            open.pop().close();
        }
        script("down");
    }
}
