package dev.keyhole.transport;

import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContextProvider;

/** Turns {@link Seeds} into one invocation for each seed. */
public final class SeedsExtension implements TestTemplateInvocationContextProvider {

    /** The property that names the one seed to run; empty is as good as absent. */
    private static final String PROPERTY = "seed";

    @Override
    public boolean supportsTestTemplate(ExtensionContext context) {
        return context.getRequiredTestMethod().isAnnotationPresent(Seeds.class);
    }

    @Override
    public Stream<TestTemplateInvocationContext> provideTestTemplateInvocationContexts(
            ExtensionContext context) {
        int count = context.getRequiredTestMethod().getAnnotation(Seeds.class).value();
        return seeds(count).mapToObj(Invocation::new);
    }

    /** So many seeds, always the same; the one that {@code -Dseed} names instead if it does. */
    public static LongStream seeds(int count) {
        return seeds(System.getProperty(PROPERTY, "").strip(), count);
    }

    static LongStream seeds(String only, int count) {
        return only.isEmpty()
                ? LongStream.range(0, count).map(SeedsExtension::seed)
                : LongStream.of(Long.parseLong(only));
    }

    /**
     * The seed with an index: SplitMix64, cut to 32 bits so that it can be retyped.
     *
     * <p>Neighbouring seeds would make neighbouring first draws of {@link java.util.Random}.
     */
    private static long seed(long index) {
        long mixed = (index + 1) * 0x9e3779b97f4a7c15L;
        mixed = (mixed ^ mixed >>> 30) * 0xbf58476d1ce4e5b9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94d049bb133111ebL;
        return (mixed ^ mixed >>> 31) & 0xffff_ffffL;
    }

    private record Invocation(long seed) implements TestTemplateInvocationContext {

        @Override
        public String getDisplayName(int invocationIndex) {
            return "seed=" + seed;
        }

        @Override
        public List<Extension> getAdditionalExtensions() {
            return List.of(new SeedParameter(seed));
        }
    }

    private record SeedParameter(long seed) implements ParameterResolver {

        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
            return parameter.getParameter().getType() == long.class;
        }

        @Override
        public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
            return seed;
        }
    }
}
