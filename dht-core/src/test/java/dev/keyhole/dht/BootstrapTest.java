package dev.keyhole.dht;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.transport.net.Address;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Where a node finds those to begin with. */
class BootstrapTest {

    private static final Address ONE = Address.parse("9.9.9.1:1");
    private static final Address TWO = Address.parse("9.9.9.2:2");

    private final Map<String, CompletableFuture<List<Address>>> asked = new LinkedHashMap<>();
    private final List<List<Address>> found = new ArrayList<>();

    @Test
    void bootstrapNodesAreResolvedInParallelAndOnce() {
        Bootstrap bootstrap = bootstrap("one.example:1", "two.example:2", "9.9.9.3:3");

        bootstrap.wanted(0);
        assertThat(asked).as("all at once").containsOnlyKeys("one.example", "two.example");
        bootstrap.wanted(1);
        answer("two.example", TWO);
        answer("one.example", ONE);
        assertThat(found).containsExactly(List.of(ONE, TWO, Address.parse("9.9.9.3:3")));
        bootstrap.found(found.get(0), 2);

        asked.clear();
        bootstrap.wanted(Bootstrap.GOOD_NANOS + 1);
        assertThat(asked).as("good for ten minutes").isEmpty();
        bootstrap.wanted(Bootstrap.GOOD_NANOS + 2);
        assertThat(asked).hasSize(2);
    }

    @Test
    void anAddressThatComesWithANameIsBelievedUntilNobodyAnswers() {
        Bootstrap bootstrap = bootstrap("9.9.9.1@one.example:1", "9.9.9.3:3");

        bootstrap.wanted(0);
        assertThat(asked).isEmpty();
        assertThat(found).containsExactly(List.of(ONE, Address.parse("9.9.9.3:3")));
        bootstrap.found(found.get(0), 0);

        bootstrap.nobodyAnswered();
        assertThat(asked).containsOnlyKeys("one.example");
        answer("one.example", TWO);
        assertThat(found).last().isEqualTo(List.of(TWO, Address.parse("9.9.9.3:3")));
        bootstrap.nobodyAnswered();
        assertThat(found).hasSize(2);
    }

    @Test
    void namesThatGaveNothingAreAskedAgainMoreAndMoreSeldom() {
        Bootstrap bootstrap = bootstrap("one.example:1");
        long now = 0;
        for (long pause = Bootstrap.MIN_RETRY_NANOS;
                pause < Bootstrap.MAX_RETRY_NANOS;
                pause *= 2) {
            bootstrap.wanted(now);
            answer("one.example");
            bootstrap.found(List.of(), now);
            asked.clear();

            bootstrap.wanted(now + pause - 1);
            assertThat(asked).isEmpty();
            now += pause;
        }
        bootstrap.wanted(now);
        assertThat(asked).hasSize(1);
    }

    private Bootstrap bootstrap(String... nodes) {
        List<BootstrapNode> parsed = new ArrayList<>();
        for (String node : nodes) {
            parsed.add(BootstrapNode.parse(node));
        }
        return new Bootstrap(
                parsed,
                node -> asked.computeIfAbsent(node.host(), host -> new CompletableFuture<>()),
                found::add);
    }

    private void answer(String host, Address... addresses) {
        asked.get(host).complete(List.of(addresses));
    }
}
