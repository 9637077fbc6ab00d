package dev.keyhole.provider;

import java.util.concurrent.atomic.LongAdder;

/** What happened so far; see {@link ProviderStats}. */
final class Counters {

    final LongAdder connections = new LongAdder();
    final LongAdder connectionsRefused = new LongAdder();
    final LongAdder connectionsOpen = new LongAdder();
    final LongAdder requests = new LongAdder();
    final LongAdder requestsInvalid = new LongAdder();
    final LongAdder requestsForbidden = new LongAdder();
    final LongAdder requestsRejected = new LongAdder();
    final LongAdder requestsFailed = new LongAdder();
    final LongAdder requestsCancelled = new LongAdder();
    final LongAdder tokens = new LongAdder();
}
