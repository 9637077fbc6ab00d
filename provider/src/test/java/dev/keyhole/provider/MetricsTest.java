package dev.keyhole.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.Test;

final class MetricsTest {

    private final ProviderStats stats =
            new ProviderStats(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, List.of("tiny"));

    @Test
    void everyCounterIsToldOverHttp() throws Exception {
        try (Metrics metrics = Metrics.serve(0, () -> stats)) {
            URI uri = URI.create("http://localhost:" + metrics.port() + "/metrics");
            HttpResponse<String> response =
                    HttpClient.newHttpClient()
                            .send(
                                    HttpRequest.newBuilder(uri).build(),
                                    HttpResponse.BodyHandlers.ofString());

            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.body())
                    .contains("keyhole_provider_connections_total 1\n")
                    .contains("# TYPE keyhole_provider_requests_running gauge\n")
                    .contains("keyhole_provider_requests_running 10\n")
                    .contains("keyhole_provider_models_loaded 1\n");
            assertThat(response.body().lines())
                    .hasSize(2 * ProviderStats.class.getRecordComponents().length);
        }
    }

    @Test
    void aPortThatIsTakenIsNamed() {
        try (Metrics first = Metrics.serve(0, () -> stats)) {
            assertThatThrownBy(() -> Metrics.serve(first.port(), () -> stats))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining("port " + first.port());
        }
    }
}
