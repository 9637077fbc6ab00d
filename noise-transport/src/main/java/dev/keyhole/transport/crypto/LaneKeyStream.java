package dev.keyhole.transport.crypto;

import static dev.keyhole.transport.crypto.LittleEndian.intAt;
import static dev.keyhole.transport.crypto.LittleEndian.longAt;
import static dev.keyhole.transport.crypto.LittleEndian.putLong;

import java.util.Arrays;

/**
 * ChaCha20 in plain Java, many blocks at a time.
 *
 * <p>Word i of all blocks lies in one array, a lane for each block. A quarter round is then a loop
 * over four arrays without branches, which the just-in-time compiler turns into vector instructions.
 */
final class LaneKeyStream implements KeyStream {

    static final int BLOCK_BYTES = 64;

    private static final int WORDS = ChaCha.WORDS;
    private static final int LANES = 128;

    /** So few blocks are quicker one by one, and would teach the compiler that loops are short. */
    private static final int FEW = 8;

    /** The lanes that are computed are a multiple of this, which vectors divide evenly. */
    private static final int GROUP = 16;

    private static final int COUNTER = ChaCha.COUNTER;
    private static final int HEAD_BLOCKS = HEAD_BYTES / BLOCK_BYTES;

    private final int[] start = new int[WORDS];
    private final int[][] lanes = new int[WORDS][LANES];
    private final int[] word = new int[WORDS];

    /** A few blocks as they come, which need no lanes; and the last of many. */
    private final byte[] blocks = new byte[FEW * BLOCK_BYTES];

    /** How many blocks there are, the first of which has the counter of the start. */
    private int filled;

    /** How many of those have been used. */
    private int used;

    LaneKeyStream() {
        ChaCha.setConstants(start);
    }

    @Override
    public void begin(byte[] key, byte[] nonce, byte[] head, int length) {
        for (int i = 0; i < 8; i++) {
            start[4 + i] = intAt(key, 4 * i);
        }
        start[COUNTER] = 0;
        for (int i = 0; i < 3; i++) {
            start[13 + i] = intAt(nonce, 4 * i);
        }
        fill(HEAD_BLOCKS + blocks(length));
        if (filled <= FEW) {
            System.arraycopy(blocks, 0, head, 0, HEAD_BYTES);
        } else {
            Arrays.fill(head, (byte) 0);
            xorLanes(0, HEAD_BLOCKS, head, 0, head, 0);
        }
        used = HEAD_BLOCKS;
    }

    @Override
    public void xor(byte[] in, int inOffset, int length, byte[] out, int outOffset) {
        int done = 0;
        while (done < length) {
            if (used == filled) {
                start[COUNTER] += filled;
                fill(blocks(length - done));
                used = 0;
            }
            if (filled <= FEW) {
                int some = Math.min(length - done, (filled - used) * BLOCK_BYTES);
                xorBlocks(used, some, in, inOffset + done, out, outOffset + done);
                used += blocks(some);
                done += some;
                continue;
            }
            int whole = Math.min((length - done) / BLOCK_BYTES, filled - used);
            xorLanes(used, whole, in, inOffset + done, out, outOffset + done);
            used += whole;
            done += whole * BLOCK_BYTES;
            int rest = length - done;
            if (used < filled && rest > 0 && rest < BLOCK_BYTES) {
                xorPart(in, inOffset + done, rest, out, outOffset + done);
                done = length;
            }
        }
    }

    @Override
    public void wipe() {
        Arrays.fill(start, 4, WORDS, 0);
        for (int[] lane : lanes) {
            Arrays.fill(lane, 0);
        }
        Arrays.fill(word, 0);
        Secrets.wipe(blocks);
        filled = 0;
        used = 0;
    }

    private void xorPart(byte[] in, int inOffset, int length, byte[] out, int outOffset) {
        Arrays.fill(blocks, 0, BLOCK_BYTES, (byte) 0);
        xorLanes(used++, 1, blocks, 0, blocks, 0);
        xorBlocks(0, length, in, inOffset, out, outOffset);
    }

    private void xorBlocks(
            int first, int length, byte[] in, int inOffset, byte[] out, int outOffset) {
        int from = first * BLOCK_BYTES;
        int i = 0;
        for (; i + 8 <= length; i += 8) {
            putLong(out, outOffset + i, longAt(in, inOffset + i) ^ longAt(blocks, from + i));
        }
        for (; i < length; i++) {
            out[outOffset + i] = (byte) (in[inOffset + i] ^ blocks[from + i]);
        }
    }

    private static int blocks(int length) {
        return length / BLOCK_BYTES + (length % BLOCK_BYTES == 0 ? 0 : 1);
    }

    /** Computes as many blocks as are wanted and have room, from the counter of the start. */
    private void fill(int wanted) {
        filled = Math.min(wanted, LANES);
        if (filled <= FEW) {
            for (int i = 0; i < filled; i++) {
                ChaCha.block(start, i, word, blocks, BLOCK_BYTES * i);
            }
        } else {
            rounds(lanes, start, (filled + GROUP - 1) / GROUP * GROUP);
        }
    }

    private static void rounds(int[][] x, int[] start, int n) {
        for (int i = 0; i < WORDS; i++) {
            Arrays.fill(x[i], 0, n, start[i]);
        }
        addIndex(x[COUNTER], n);
        for (int i = 0; i < 10; i++) {
            quarterRound(x[0], x[4], x[8], x[12], n);
            quarterRound(x[1], x[5], x[9], x[13], n);
            quarterRound(x[2], x[6], x[10], x[14], n);
            quarterRound(x[3], x[7], x[11], x[15], n);
            quarterRound(x[0], x[5], x[10], x[15], n);
            quarterRound(x[1], x[6], x[11], x[12], n);
            quarterRound(x[2], x[7], x[8], x[13], n);
            quarterRound(x[3], x[4], x[9], x[14], n);
        }
        for (int i = 0; i < WORDS; i++) {
            addTo(x[i], start[i], n);
        }
        addIndex(x[COUNTER], n);
    }

    private static void quarterRound(int[] a, int[] b, int[] c, int[] d, int n) {
        for (int i = 0; i < n; i++) {
            int p = a[i];
            int q = b[i];
            int r = c[i];
            int s = d[i];
            p += q;
            s ^= p;
            s = s << 16 | s >>> 16;
            r += s;
            q ^= r;
            q = q << 12 | q >>> 20;
            p += q;
            s ^= p;
            s = s << 8 | s >>> 24;
            r += s;
            q ^= r;
            q = q << 7 | q >>> 25;
            a[i] = p;
            b[i] = q;
            c[i] = r;
            d[i] = s;
        }
    }

    private static void addTo(int[] lane, int value, int n) {
        for (int i = 0; i < n; i++) {
            lane[i] += value;
        }
    }

    private static void addIndex(int[] lane, int n) {
        for (int i = 0; i < n; i++) {
            lane[i] += i;
        }
    }

    private void xorLanes(int from, int count, byte[] in, int inOffset, byte[] out, int outOffset) {
        int[][] x = lanes;
        for (int i = 0; i < WORDS; i += 2) {
            xorWords(x[i], x[i + 1], from, count, in, inOffset + 4 * i, out, outOffset + 4 * i);
        }
    }

    /** Meets two neighbouring words of each block with the bytes that belong to them. */
    private static void xorWords(
            int[] low,
            int[] high,
            int from,
            int count,
            byte[] in,
            int inAt,
            byte[] out,
            int outAt) {
        for (int i = 0; i < count; i++) {
            long key = low[from + i] & 0xffff_ffffL | (long) high[from + i] << 32;
            long met = longAt(in, inAt + BLOCK_BYTES * i) ^ key;
            putLong(out, outAt + BLOCK_BYTES * i, met);
        }
    }
}
