package dev.keyhole.provider;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import dev.keyhole.model.RequestRejectedException;
import dev.keyhole.transport.identity.PublicKey;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who has how much of their {@link Quota} in use.
 *
 * <p>A key that uses nothing and whose minute is full again is forgotten, so that the ledger holds
 * those who are here or were here within a minute.
 */
final class QuotaLedger {

    /** How many keys the ledger follows; with all of them busy, another one is told to come later. */
    static final int MAX_KEYS = 8192;

    private final Quota defaults;
    private final Map<PublicKey, Quota> perKey;
    private final Map<PublicKey, Account> accounts = new HashMap<>();

    QuotaLedger(Quota defaults, Map<PublicKey, Quota> perKey) {
        this.defaults = defaults;
        this.perKey = Map.copyOf(perKey);
    }

    Quota quota(PublicKey key) {
        return perKey.getOrDefault(key, defaults);
    }

    /** Counts a connection of this key, unless it has as many as it may. */
    synchronized boolean connect(PublicKey key, long nowNanos) {
        Account account = account(key, nowNanos);
        if (account == null || account.connections >= quota(key).connections()) {
            return false;
        }
        account.connections++;
        return true;
    }

    synchronized void disconnect(PublicKey key) {
        Account account = accounts.get(key);
        if (account != null) {
            account.connections--;
        }
    }

    /**
     * Counts a request that needs a model; {@link #end} must follow.
     *
     * @throws RequestRejectedException names the quota that is used up, and when it is worth trying
     */
    synchronized void begin(PublicKey key, long nowNanos) {
        Account account = account(key, nowNanos);
        if (account == null) {
            throw RequestRejectedException.busy(
                    "the provider serves " + MAX_KEYS + " consumers already");
        }
        Quota quota = quota(key);
        if (account.running >= quota.concurrentRequests()) {
            throw RequestRejectedException.because(
                    "concurrentRequests",
                    "this key has " + account.running + " requests running, and may have no more",
                    true);
        }
        if (!account.requests.open(nowNanos)) {
            throw RequestRejectedException.because(
                    "requestsPerMinute",
                    "this key may begin "
                            + quota.requestsPerMinute()
                            + " requests a minute; the next in "
                            + seconds(account.requests, nowNanos),
                    true);
        }
        if (!account.tokens.open(nowNanos)) {
            throw RequestRejectedException.because(
                    "tokensPerMinute",
                    "this key may use "
                            + quota.tokensPerMinute()
                            + " tokens a minute; more in "
                            + seconds(account.tokens, nowNanos),
                    true);
        }
        account.requests.spend(1, nowNanos);
        account.running++;
    }

    /** The request is over and has cost so many tokens. */
    synchronized void end(PublicKey key, long tokens, long nowNanos) {
        Account account = accounts.get(key);
        if (account != null) {
            account.running--;
            account.tokens.spend(tokens, nowNanos);
        }
    }

    synchronized int keys() {
        return accounts.size();
    }

    private @Nullable Account account(PublicKey key, long nowNanos) {
        Account account = accounts.get(key);
        if (account != null) {
            return account;
        }
        if (accounts.size() >= MAX_KEYS) {
            accounts.values().removeIf(old -> old.forgettable(nowNanos));
        }
        if (accounts.size() >= MAX_KEYS) {
            return null;
        }
        Account fresh = new Account(quota(key), nowNanos);
        accounts.put(key, fresh);
        return fresh;
    }

    private static String seconds(TokenBucket bucket, long nowNanos) {
        long nanos = bucket.nanosUntilOpen(nowNanos);
        return NANOSECONDS.toSeconds(nanos + 999_999_999) + " s";
    }

    /** What one key has in use. */
    private static final class Account {

        private final TokenBucket requests;
        private final TokenBucket tokens;
        private int connections;
        private int running;

        Account(Quota quota, long nowNanos) {
            requests = new TokenBucket(quota.requestsPerMinute(), nowNanos);
            tokens = new TokenBucket(quota.tokensPerMinute(), nowNanos);
        }

        boolean forgettable(long nowNanos) {
            return connections == 0
                    && running == 0
                    && requests.full(nowNanos)
                    && tokens.full(nowNanos);
        }
    }
}
