package dev.keyhole.transport.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The inputs that are kept for each target of the fuzzer, in {@code corpus/TARGET} of the tests. */
public final class Corpus {

    private Corpus() {}

    /** What a fuzzer calls: whatever it throws is a finding. */
    @FunctionalInterface
    public interface Target {
        void test(byte[] input);
    }

    /** Runs a target on all inputs kept for it. */
    public static void replay(Class<?> owner, Target target) {
        List<Path> inputs = inputs(owner);
        assertThat(inputs).as("corpus of %s", owner.getSimpleName()).isNotEmpty();
        for (Path input : inputs) {
            try {
                target.test(Files.readAllBytes(input));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError(owner.getSimpleName() + " fails on " + input, e);
            }
        }
    }

    private static List<Path> inputs(Class<?> owner) {
        URL folder = owner.getResource("/corpus/" + owner.getSimpleName());
        if (folder == null) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(Path.of(new URI(folder.toString())))) {
            return files.sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(e);
        }
    }
}
