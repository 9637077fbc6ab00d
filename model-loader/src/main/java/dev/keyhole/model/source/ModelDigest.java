package dev.keyhole.model.source;

import dev.keyhole.model.LoadProgress;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * What a model is made of, in one number: SHA-256 over the lines that {@code sha256sum} prints for
 * its files, in the order of their names. So anybody can compute it with two commands.
 */
public final class ModelDigest {

    private static final int BUFFER_BYTES = 1 << 20;

    private ModelDigest() {}

    /**
     * Reads all of these files that are there.
     *
     * @param progress hears of every piece
     * @param key what the progress is called
     */
    public static String of(
            ModelFiles files, List<String> names, String key, Consumer<LoadProgress> progress)
            throws IOException {
        TreeSet<String> present = new TreeSet<>();
        long total = 0;
        for (String name : names) {
            if (files.has(name) && present.add(name)) {
                total += files.size(name);
            }
        }
        StringBuilder lines = new StringBuilder();
        long done = 0;
        byte[] buffer = new byte[BUFFER_BYTES];
        for (String name : present) {
            MessageDigest digest = sha256();
            try (InputStream in = files.open(name)) {
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    digest.update(buffer, 0, n);
                    done += n;
                    progress.accept(LoadProgress.of(done, total, key));
                }
            }
            lines.append(hex(digest.digest())).append("  ").append(name).append('\n');
        }
        return hex(sha256().digest(lines.toString().getBytes(StandardCharsets.UTF_8)));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static String hex(byte[] bytes) {
        StringBuilder hex = new StringBuilder();
        for (byte b : bytes) {
            hex.append(Character.forDigit((b >> 4) & 15, 16))
                    .append(Character.forDigit(b & 15, 16));
        }
        return hex.toString();
    }
}
