package dev.keyhole.provider;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

/** Tells what a provider does, on this machine only, in the text format of Prometheus. */
public final class Metrics implements AutoCloseable {

    private final HttpServer server;
    private final Supplier<ProviderStats> stats;

    private Metrics(HttpServer server, Supplier<ProviderStats> stats) {
        this.server = server;
        this.stats = stats;
    }

    /**
     * Answers on a port of the loopback address, under {@code /metrics}.
     *
     * @param port 0 for any that is free
     * @throws UncheckedIOException if the port is taken
     */
    public static Metrics serve(int port, Supplier<ProviderStats> stats) {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        try {
            Metrics metrics = new Metrics(HttpServer.create(address, 0), stats);
            metrics.server.createContext("/metrics", metrics::answer);
            metrics.server.start();
            return metrics;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot tell metrics on port " + port, e);
        }
    }

    public int port() {
        return server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        byte[] body = text(stats.get()).getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "text/plain; version=0.0.4");
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    static String text(ProviderStats stats) {
        StringBuilder text = new StringBuilder();
        counter(text, "connections", stats.connections());
        counter(text, "connections_refused", stats.connectionsRefused());
        gauge(text, "connections_open", stats.connectionsOpen());
        counter(text, "requests", stats.requests());
        counter(text, "requests_invalid", stats.requestsInvalid());
        counter(text, "requests_forbidden", stats.requestsForbidden());
        counter(text, "requests_rejected", stats.requestsRejected());
        counter(text, "requests_failed", stats.requestsFailed());
        counter(text, "requests_cancelled", stats.requestsCancelled());
        gauge(text, "requests_running", stats.requestsRunning());
        counter(text, "tokens", stats.tokens());
        gauge(text, "models_loaded", stats.modelsLoaded().size());
        return text.toString();
    }

    private static void counter(StringBuilder text, String name, long value) {
        line(text, name + "_total", "counter", value);
    }

    private static void gauge(StringBuilder text, String name, long value) {
        line(text, name, "gauge", value);
    }

    private static void line(StringBuilder text, String name, String type, long value) {
        String full = "keyhole_provider_" + name;
        text.append("# TYPE ").append(full).append(' ').append(type).append('\n');
        text.append(full).append(' ').append(value).append('\n');
    }
}
