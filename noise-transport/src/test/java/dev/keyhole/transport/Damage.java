package dev.keyhole.transport;

import dev.keyhole.transport.wire.Bytes;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** What a hostile or broken network makes of a message. */
public final class Damage {

    private Damage() {}

    /** The message cut off behind each of its bytes, also at once. */
    public static Stream<Bytes> truncated(Bytes message) {
        return IntStream.range(0, message.length()).mapToObj(length -> message.slice(0, length));
    }

    /** The message with each of its bits turned over, one at a time. */
    public static Stream<Bytes> flipped(Bytes message) {
        return IntStream.range(0, 8 * message.length()).mapToObj(bit -> flip(message, bit));
    }

    /** The message with some of its bytes replaced, removed, repeated or followed by others. */
    public static Stream<Bytes> scrambled(Bytes message, long seed, int count) {
        Random random = new Random(seed);
        return Stream.generate(() -> scramble(message, random)).limit(count);
    }

    /** Bytes that were never a message, of all lengths up to a limit. */
    public static Stream<Bytes> noise(long seed, int count, int maxLength) {
        Random random = new Random(seed);
        return Stream.generate(() -> Bytes.random(random, random.nextInt(maxLength + 1)))
                .limit(count);
    }

    /** Everything above; bits only of the first bytes where the message is long. */
    public static Stream<Bytes> of(Bytes message, long seed) {
        return Stream.of(
                        truncated(message.slice(0, Math.min(message.length(), 2048))),
                        flipped(message).limit(2048),
                        scrambled(message, seed, 200),
                        noise(seed, 50, 2 * message.length() + 1))
                .flatMap(damaged -> damaged);
    }

    private static Bytes flip(Bytes message, int bit) {
        byte[] array = message.toArray();
        array[bit / 8] ^= (byte) (1 << bit % 8);
        return Bytes.wrap(array);
    }

    private static Bytes scramble(Bytes message, Random random) {
        int from = random.nextInt(message.length() + 1);
        int to = from + random.nextInt(Math.min(16, message.length() - from) + 1);
        Bytes before = message.slice(0, from);
        Bytes middle = message.slice(from, to);
        Bytes after = message.slice(to);
        return switch (random.nextInt(5)) {
            case 0 -> Bytes.concat(before, Bytes.random(random, middle.length()), after);
            case 1 -> Bytes.concat(before, after);
            case 2 -> Bytes.concat(before, middle, middle, after);
            case 3 -> Bytes.concat(before, ones(middle.length()), after);
            default -> Bytes.concat(message, Bytes.random(random, 1 + random.nextInt(16)));
        };
    }

    private static Bytes ones(int length) {
        byte[] ones = new byte[length];
        Arrays.fill(ones, (byte) 0xff);
        return Bytes.wrap(ones);
    }
}
