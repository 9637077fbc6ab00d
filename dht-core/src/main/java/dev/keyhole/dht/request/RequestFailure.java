package dev.keyhole.dht.request;

/** Why there is no answer. */
public enum RequestFailure {
    /** Nothing came back, however often it was sent. */
    TIMED_OUT,
    /** The asker lost interest, or the node was closed. */
    CANCELLED,
    /** The node is off the network until it is resumed. */
    SUSPENDED
}
