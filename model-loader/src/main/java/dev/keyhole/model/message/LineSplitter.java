package dev.keyhole.model.message;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Finds the lines in a stream of bytes, however it is cut.
 *
 * <p>Lines are divided at the byte 0x0A, which no other character has in UTF-8. Blank lines are
 * skipped. The splitter holds back at most one line, and that has a limit.
 */
public final class LineSplitter {

    /** No message needs more. */
    public static final int DEFAULT_MAX_LINE_BYTES = 16 * 1024 * 1024;

    private static final int FIRST_CAPACITY = 256;

    private final int maxLineBytes;
    private byte[] held = new byte[FIRST_CAPACITY];
    private int heldBytes;

    public LineSplitter() {
        this(DEFAULT_MAX_LINE_BYTES);
    }

    public LineSplitter(int maxLineBytes) {
        if (maxLineBytes <= 0) {
            throw new IllegalArgumentException("a line of at most " + maxLineBytes + " bytes");
        }
        this.maxLineBytes = maxLineBytes;
    }

    /** The lines that this chunk completes, without their line feeds. */
    public List<byte[]> split(byte[] chunk) throws InvalidMessageException {
        List<byte[]> lines = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < chunk.length; i++) {
            if (chunk[i] == '\n') {
                hold(chunk, start, i);
                take(lines);
                start = i + 1;
            }
        }
        hold(chunk, start, chunk.length);
        return lines;
    }

    /** A last line that came without its line feed. */
    public Optional<byte[]> rest() {
        List<byte[]> lines = new ArrayList<>();
        take(lines);
        return lines.stream().findFirst();
    }

    private void hold(byte[] chunk, int from, int to) throws InvalidMessageException {
        int wanted = heldBytes + (to - from);
        if (wanted > maxLineBytes) {
            throw new InvalidMessageException(
                    "a line of more than " + maxLineBytes + " bytes, the limit");
        }
        if (wanted > held.length) {
            long doubled = Math.max(wanted, 2L * held.length);
            held = Arrays.copyOf(held, (int) Math.min(doubled, maxLineBytes));
        }
        System.arraycopy(chunk, from, held, heldBytes, to - from);
        heldBytes = wanted;
    }

    private void take(List<byte[]> lines) {
        if (!isBlank()) {
            lines.add(Arrays.copyOf(held, heldBytes));
        }
        heldBytes = 0;
    }

    private boolean isBlank() {
        for (int i = 0; i < heldBytes; i++) {
            if (held[i] != ' ' && held[i] != '\t' && held[i] != '\r') {
                return false;
            }
        }
        return true;
    }
}
