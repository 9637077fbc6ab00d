package dev.keyhole.model;

/**
 * How far a load has come.
 *
 * @param downloaded bytes so far
 * @param total bytes in all, 0 where that is not known
 * @param percentage 0 to 100
 * @param key what is being transferred
 */
public record LoadProgress(long downloaded, long total, double percentage, String key) {

    public static LoadProgress of(long downloaded, long total, String key) {
        double percentage = total <= 0 ? 0 : Math.min(100.0, 100.0 * downloaded / total);
        return new LoadProgress(downloaded, total, percentage, key);
    }
}
