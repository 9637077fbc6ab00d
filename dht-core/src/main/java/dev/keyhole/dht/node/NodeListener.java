package dev.keyhole.dht.node;

/** Who owns a node and hears how it fares. */
public interface NodeListener {

    /** The first walk is over, whatever it found; called once. */
    default void bootstrapped(long nowNanos) {}

    /** The node stores from now on, under its present id. */
    default void persistent(long nowNanos) {}

    /** The node stores no more: it slept, or moved. */
    default void ephemeral(long nowNanos) {}

    /** The main socket is now the server socket, or no longer so. */
    default void firewallChanged(boolean firewalled, long nowNanos) {}

    /** The machine slept or changed networks: what others know of us is out of date. */
    default void networkChanged(long nowNanos) {}

    /** A walk begins with so few nodes that it asks those to begin with; they had best be right. */
    default void bootstrapNodesWanted(long nowNanos) {}

    /** Answers come in again, or no longer do. */
    default void onlineChanged(boolean online, long nowNanos) {}
}
