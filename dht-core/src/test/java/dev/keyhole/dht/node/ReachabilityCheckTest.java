package dev.keyhole.dht.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.keyhole.dht.request.Answer;
import dev.keyhole.dht.request.ReplyListener;
import dev.keyhole.dht.request.RequestFailure;
import dev.keyhole.dht.request.RequestSpec;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Whether strangers reach the server socket, judged from what they say. */
class ReachabilityCheckTest {

    private static final Address OURS = Address.parse("9.9.9.9:49737");
    private static final LocalSocket SERVER =
            new LocalSocket(1, Address.parse("192.168.1.2:49737"));

    private final Map<Address, ReplyListener> asked = new LinkedHashMap<>();
    private final List<Boolean> outcomes = new ArrayList<>();
    private final ReachabilityCheck check =
            new ReachabilityCheck(SERVER, (reachable, now) -> outcomes.add(reachable != null));

    @Test
    void repeatedSightingsOfOneHostCostNoMemory() {
        start(5);

        for (int i = 0; i < 100_000; i++) {
            check.heardOnServerSocket(Address.of("8.8.8.1", 1 + i % 60_000));
            check.heardOnServerSocket(new Address(0x09000000 + i, 49737));
        }

        assertThat(check.heardHosts()).isEqualTo(1);
    }

    @Test
    void threeOfFiveHaveToReachTheServerSocket() {
        start(5);
        answerHeard(2);
        failRest();
        assertThat(outcomes).containsExactly(false);
    }

    @Test
    void threeOfFiveAreEnough() {
        start(5);
        answerHeard(3);
        failRest();
        assertThat(outcomes).containsExactly(true);
    }

    @Test
    void oneIsEnoughWhereFewerThanFiveAreKnown() {
        start(4);
        answerHeard(1);
        failRest();
        assertThat(outcomes).containsExactly(true);
    }

    @Test
    void anAnswerThatCameInElsewhereProvesNothing() {
        start(5);
        for (Address node : List.copyOf(asked.keySet())) {
            answer(node, OURS);
        }
        assertThat(outcomes).containsExactly(false);
    }

    @Test
    void anotherPortOutsideIsNotReachable() {
        start(5);
        for (Address node : List.copyOf(asked.keySet())) {
            check.heardOnServerSocket(node);
            answer(node, OURS.withPort(1234));
        }
        assertThat(outcomes).containsExactly(false);
    }

    @Test
    void withNobodyToAskThereIsNoPassing() {
        start(0);
        assertThat(outcomes).containsExactly(false);
    }

    private void start(int nodes) {
        List<Address> addresses = new ArrayList<>();
        for (int i = 1; i <= nodes; i++) {
            addresses.add(Address.of("8.8.8." + i, 49737));
        }
        check.start(addresses, OURS.withPort(5), this::ask, 0);
    }

    private void ask(RequestSpec spec, ReplyListener listener, long nowNanos) {
        asked.put(spec.to(), listener);
    }

    private void answerHeard(int count) {
        for (Address node : List.copyOf(asked.keySet()).subList(0, count)) {
            check.heardOnServerSocket(node);
            answer(node, OURS);
        }
    }

    private void answer(Address node, Address ours) {
        asked.remove(node)
                .answered(new Answer(SERVER, node, null, ours, null, List.of(), 0, null, 1), 0);
    }

    private void failRest() {
        asked.values().forEach(listener -> listener.failed(RequestFailure.TIMED_OUT, 0));
    }
}
