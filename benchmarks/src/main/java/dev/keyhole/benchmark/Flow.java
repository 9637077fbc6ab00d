package dev.keyhole.benchmark;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A server and a client in two processes, and one connection between them. */
final class Flow implements AutoCloseable {

    final Child server;
    final Child client;

    private Flow(Child server, Child client) {
        this.server = server;
        this.client = client;
    }

    /** Over the network they were told of, or over a wire. */
    static Flow start(Ends ends, Ends.Who who, @Nullable Child wire) throws IOException {
        String prefix = wire == null ? "" : "wire-";
        Child server = ends.start(who, prefix + "server");
        Child client = ends.start(who, prefix + "client");
        Flow flow = new Flow(server, client);
        try {
            String[] serverAt = server.answer();
            String[] clientAt = client.answer();
            if (wire == null) {
                client.ask("key " + serverAt[1]);
            } else {
                String[] ports = wire.ask("flow " + serverAt[1] + " " + clientAt[1]);
                server.ask("join " + ports[2] + " " + clientAt[2] + " server");
                client.ask("join " + ports[1] + " " + serverAt[2] + " client");
            }
            return flow;
        } catch (IOException e) {
            flow.close();
            throw e;
        }
    }

    /** What has come in so far, at both ends, and what it took. */
    record Count(
            long serverNanos,
            long serverMessages,
            long serverBytes,
            long clientNanos,
            long clientMessages,
            long clientBytes,
            long processorNanos) {

        /** Bytes a second into the server. */
        double intoServer(Count since) {
            return (serverBytes - since.serverBytes) * 1e9 / (serverNanos - since.serverNanos);
        }

        double intoClient(Count since) {
            return (clientBytes - since.clientBytes) * 1e9 / (clientNanos - since.clientNanos);
        }

        double messagesIntoServer(Count since) {
            return (serverMessages - since.serverMessages)
                    * 1e9
                    / (serverNanos - since.serverNanos);
        }

        /** Processor seconds of both ends for each gigabyte that either took in. */
        double processorSecondsPerGigabyte(Count since) {
            long bytes = serverBytes - since.serverBytes + clientBytes - since.clientBytes;
            return (double) (processorNanos - since.processorNanos) / bytes;
        }
    }

    Count count() throws IOException {
        long[] at = server.numbers("count");
        long[] back = client.numbers("count");
        return new Count(at[0], at[1], at[2], back[0], back[1], back[2], processorNanos());
    }

    /** What both ends have used so far. */
    long processorNanos() {
        return server.processorNanos() + client.processorNanos();
    }

    @Override
    public void close() {
        client.close();
        server.close();
    }
}
