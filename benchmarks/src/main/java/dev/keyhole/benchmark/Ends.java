package dev.keyhole.benchmark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * How the processes of a measurement are started: ours with one virtual machine, the original's with
 * Node.js.
 *
 * @param java the virtual machine
 * @param options what to start it with
 * @param script the original's side
 * @param modules where the original is
 * @param bootstrap the network
 */
record Ends(String java, List<String> options, Path script, Path modules, String bootstrap) {

    /** Who does the work. */
    enum Who {
        KEYHOLE,
        ORIGINAL;

        @Override
        public String toString() {
            return this == KEYHOLE ? "Keyhole" : "original";
        }
    }

    Ends withOptions(String... more) {
        List<String> all = new ArrayList<>(options);
        all.addAll(List.of(more));
        return new Ends(java, all, script, modules, bootstrap);
    }

    Child start(Who who, String role) throws IOException {
        List<String> command = new ArrayList<>();
        if (who == Who.KEYHOLE) {
            command.addAll(virtualMachine());
            command.add(Peer.class.getName());
        } else {
            command.addAll(List.of("node", "--expose-gc", script.toString()));
            command.add(modules.toAbsolutePath().normalize().toString());
        }
        command.add(role);
        command.add(bootstrap);
        return Child.start(who + " " + role, command);
    }

    Child wire(double rttMillis, double lossPercent, double megabits, double queueMillis, long seed)
            throws IOException {
        List<String> command = virtualMachine();
        command.add(Wire.class.getName());
        command.add(Double.toString(rttMillis));
        command.add(Double.toString(lossPercent));
        command.add(Double.toString(megabits));
        command.add(Double.toString(queueMillis));
        command.add(Long.toString(seed));
        Child wire = Child.start("wire", command);
        wire.answer();
        return wire;
    }

    private List<String> virtualMachine() {
        List<String> command = new ArrayList<>(List.of(java));
        command.addAll(options);
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        return command;
    }
}
