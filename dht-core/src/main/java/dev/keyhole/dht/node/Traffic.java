package dev.keyhole.dht.node;

import dev.keyhole.dht.message.Command;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How often each of the commands that keep the network together was sent and received. */
final class Traffic {

    private final Map<Command.Internal, Long> sent = new EnumMap<>(Command.Internal.class);
    private final Map<Command.Internal, Long> received = new EnumMap<>(Command.Internal.class);

    void sent(Command command) {
        count(sent, command.asInternal());
    }

    void received(Command command) {
        count(received, command.asInternal());
    }

    Map<Command.Internal, Long> sent() {
        return Map.copyOf(sent);
    }

    Map<Command.Internal, Long> received() {
        return Map.copyOf(received);
    }

    private static void count(
            Map<Command.Internal, Long> counts, Command.@Nullable Internal command) {
        if (command != null) {
            counts.merge(command, 1L, Long::sum);
        }
    }
}
