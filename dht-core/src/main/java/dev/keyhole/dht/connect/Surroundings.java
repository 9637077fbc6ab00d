package dev.keyhole.dht.connect;

import dev.keyhole.dht.holepunch.PunchSockets;
import dev.keyhole.dht.holepunch.RandomPunches;
import dev.keyhole.dht.holepunch.Timers;
import dev.keyhole.dht.node.RpcNode;
import dev.keyhole.transport.udx.StreamMultiplexer;
import java.security.SecureRandom;
import java.util.function.Consumer;

/**
 * What everything inside one node shares.
 *
 * @param notices takes what the application is to be told once the node has been drained
 */
record Surroundings(
        RpcNode rpc,
        StreamMultiplexer streams,
        Timers timers,
        PunchSockets punchSockets,
        RandomPunches randomPunches,
        RelayMemory relayMemory,
        Relays relays,
        SocketRoutes socketRoutes,
        SecureRandom entropy,
        Consumer<Runnable> notices) {}
