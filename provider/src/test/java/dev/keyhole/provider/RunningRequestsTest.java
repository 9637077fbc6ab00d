package dev.keyhole.provider;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.model.message.Request.WorkKind;
import dev.keyhole.provider.RunningRequests.Run;
import dev.keyhole.transport.identity.PublicKey;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class RunningRequestsTest {

    private static final long NOW = SECONDS.toNanos(1000);

    private final PublicKey alice = Peers.key(1);
    private final PublicKey bob = Peers.key(2);
    private final RunningRequests running = new RunningRequests();
    private final List<String> cancelled = new ArrayList<>();

    @Test
    void aRequestIsCancelledByItsId() {
        begin(alice, WorkKind.COMPLETION, "m", "r1");
        begin(alice, WorkKind.COMPLETION, "m", "r2");

        assertThat(running.cancelRequest(alice, "r1", NOW)).isEqualTo(1);

        assertThat(cancelled).containsExactly("r1");
    }

    @Test
    void twoRequestsWithOneIdAreBothCancelled() {
        begin(alice, WorkKind.COMPLETION, "m", "r");
        begin(alice, WorkKind.EMBEDDINGS, "m", "r");

        assertThat(running.cancelRequest(alice, "r", NOW)).isEqualTo(2);
    }

    @Test
    void nobodyCancelsWhatSomebodyElseBegan() {
        begin(alice, WorkKind.COMPLETION, "m", "r");

        assertThat(running.cancelRequest(bob, "r", NOW)).isZero();
        assertThat(running.cancelModel(bob, "m", null)).isZero();

        assertThat(cancelled).isEmpty();
        assertThat(begin(alice, WorkKind.COMPLETION, "m", "r")).isTrue();
    }

    @Test
    void aBroadCancelEndsWhatRunsOnAModel() {
        begin(alice, WorkKind.COMPLETION, "m", "1");
        begin(alice, WorkKind.EMBEDDINGS, "m", "2");
        begin(alice, WorkKind.COMPLETION, "n", "3");

        assertThat(running.cancelModel(alice, "m", WorkKind.EMBEDDINGS)).isEqualTo(1);
        assertThat(running.cancelModel(alice, "m", null)).isEqualTo(2);

        assertThat(cancelled).containsExactly("2", "1", "2");
    }

    @Test
    void aCancelThatOvertakesItsRequestIsRemembered() {
        assertThat(running.cancelRequest(alice, "r", NOW)).isZero();

        assertThat(begin(alice, WorkKind.COMPLETION, "m", "r")).isFalse();
        assertThat(running.size()).isZero();
        assertThat(begin(alice, WorkKind.COMPLETION, "m", "r")).isTrue();
    }

    @Test
    void butNotForEver() {
        running.cancelRequest(alice, "r", NOW - RunningRequests.REMEMBER_NANOS);

        assertThat(begin(alice, WorkKind.COMPLETION, "m", "r")).isTrue();
    }

    @Test
    void theOldestOfTooManyRememberedIdsIsForgotten() {
        for (int i = 0; i <= RunningRequests.MAX_REMEMBERED; i++) {
            running.cancelRequest(alice, "r" + i, NOW);
        }

        assertThat(begin(alice, WorkKind.COMPLETION, "m", "r0")).isTrue();
        assertThat(begin(alice, WorkKind.COMPLETION, "m", "r1")).isFalse();
    }

    @Test
    void theIdsOfTooManyConsumersAreForgotten() {
        running.cancelRequest(alice, "r", NOW);
        for (int i = 0; i < RunningRequests.MAX_REMEMBERING_KEYS; i++) {
            running.cancelRequest(Peers.key(10 + i), "r", NOW);
        }

        assertThat(begin(alice, WorkKind.COMPLETION, "m", "r")).isTrue();
        assertThat(begin(Peers.key(10), WorkKind.COMPLETION, "m", "r")).isFalse();
    }

    @Test
    void whatHasEndedIsNotCancelled() {
        Run run = run(alice, WorkKind.COMPLETION, "m", "r");
        running.begin(run, NOW);
        running.end(run);

        assertThat(running.cancelAll()).isZero();
    }

    private boolean begin(PublicKey peer, WorkKind kind, String modelId, String requestId) {
        return running.begin(run(peer, kind, modelId, requestId), NOW);
    }

    private Run run(PublicKey peer, WorkKind kind, String modelId, String requestId) {
        return new Run(peer, kind, modelId, requestId, () -> cancelled.add(requestId));
    }
}
