package dev.keyhole.provider;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.keyhole.model.RequestRejectedException;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.wire.Bytes;
import java.util.Map;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

final class QuotaLedgerTest {

    private static final long NOW = SECONDS.toNanos(1000);

    private final PublicKey alice = Peers.key(1);
    private final PublicKey bob = Peers.key(2);

    @Test
    void aKeyHasAsManyConnectionsAsItsQuotaSays() {
        var ledger = new QuotaLedger(Quota.defaults().withConnections(2), Map.of());

        assertThat(ledger.connect(alice, NOW)).isTrue();
        assertThat(ledger.connect(alice, NOW)).isTrue();
        assertThat(ledger.connect(alice, NOW)).isFalse();
        assertThat(ledger.connect(bob, NOW)).isTrue();

        ledger.disconnect(alice);
        assertThat(ledger.connect(alice, NOW)).isTrue();
    }

    @Test
    void aKeyHasAsManyRequestsRunningAsItsQuotaSays() {
        var ledger = new QuotaLedger(Quota.defaults().withConcurrentRequests(2), Map.of());
        ledger.begin(alice, NOW);
        ledger.begin(alice, NOW);

        assertRejected(() -> ledger.begin(alice, NOW), "concurrentRequests", "2 requests");
        ledger.begin(bob, NOW);

        ledger.end(alice, 0, NOW);
        ledger.begin(alice, NOW);
    }

    @Test
    void requestsComeBackEvenlyOverAMinute() {
        var ledger = new QuotaLedger(Quota.defaults().withRequestsPerMinute(6), Map.of());
        for (int i = 0; i < 6; i++) {
            ledger.begin(alice, NOW);
        }

        assertRejected(() -> ledger.begin(alice, NOW), "requestsPerMinute", "the next in 10 s");
        assertRejected(
                () -> ledger.begin(alice, NOW + SECONDS.toNanos(9)),
                "requestsPerMinute",
                "the next in 1 s");
        ledger.begin(alice, NOW + SECONDS.toNanos(10));
        assertRejected(
                () -> ledger.begin(alice, NOW + SECONDS.toNanos(11)),
                "requestsPerMinute",
                "6 requests a minute");
    }

    @Test
    void anAnswerThatCostMoreThanThereWasIsPaidBackFirst() {
        var ledger = new QuotaLedger(Quota.defaults().withTokensPerMinute(100), Map.of());
        ledger.begin(alice, NOW);
        ledger.end(alice, 250, NOW);

        assertRejected(
                () -> ledger.begin(alice, NOW + SECONDS.toNanos(60)), "tokensPerMinute", "in 31 s");
        assertThatCode(() -> ledger.begin(alice, NOW + SECONDS.toNanos(91)))
                .doesNotThrowAnyException();
    }

    @Test
    void aKeyMayHaveAQuotaOfItsOwn() {
        var ledger =
                new QuotaLedger(
                        Quota.defaults().withConnections(1),
                        Map.of(bob, Quota.defaults().withConnections(2)));

        assertThat(ledger.connect(alice, NOW)).isTrue();
        assertThat(ledger.connect(alice, NOW)).isFalse();
        assertThat(ledger.connect(bob, NOW)).isTrue();
        assertThat(ledger.connect(bob, NOW)).isTrue();
    }

    @Test
    void theLedgerFollowsABoundedNumberOfKeys() {
        var ledger = new QuotaLedger(Quota.defaults(), Map.of());
        var random = new Random(7);
        for (int i = 0; i < QuotaLedger.MAX_KEYS; i++) {
            assertThat(ledger.connect(new PublicKey(Bytes.random(random, 32)), NOW)).isTrue();
        }

        assertThat(ledger.connect(alice, NOW)).isFalse();
        assertThatThrownBy(() -> ledger.begin(alice, NOW))
                .hasMessageContaining("" + QuotaLedger.MAX_KEYS);
    }

    @Test
    void keysThatUseNothingMakeRoom() {
        var ledger = new QuotaLedger(Quota.defaults(), Map.of());
        var random = new Random(7);
        for (int i = 0; i < 3 * QuotaLedger.MAX_KEYS; i++) {
            PublicKey key = new PublicKey(Bytes.random(random, 32));
            assertThat(ledger.connect(key, NOW)).isTrue();
            ledger.disconnect(key);
        }

        assertThat(ledger.keys()).isLessThanOrEqualTo(QuotaLedger.MAX_KEYS);
    }

    @Test
    void aQuotaOfNothingIsRefused() {
        assertThatThrownBy(() -> Quota.defaults().withConnections(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0 connections");
    }

    private static void assertRejected(ThrowingCallable call, String reason, String text) {
        assertThatThrownBy(call)
                .hasMessageContaining(text)
                .isInstanceOfSatisfying(
                        RequestRejectedException.class,
                        e -> {
                            assertThat(e.reason()).contains(reason);
                            assertThat(e.retryable()).isTrue();
                        });
    }
}
