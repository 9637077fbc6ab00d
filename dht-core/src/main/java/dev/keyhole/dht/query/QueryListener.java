package dev.keyhole.dht.query;

import dev.keyhole.dht.request.Answer;

/** Who wants to know. Hears {@link #finished} exactly once, last. */
public interface QueryListener {

    /** A node answered without error; whether with a value is for the listener to see. */
    default void answer(Answer answer, long nowNanos) {}

    void finished(QueryResult result, long nowNanos);
}
