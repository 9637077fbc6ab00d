package dev.keyhole.dht.query;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.dht.request.Answer;
import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FrontierTest {

    private static final JsonNode VECTORS = Vectors.load("dht-node-ids", "closestReplies");
    private static final Bytes TARGET = Vectors.hex(VECTORS, "target");

    private static final NodeId SELF = NodeId.of(Address.parse("88.1.1.1:1"));

    private final Frontier frontier = new Frontier(TARGET, () -> SELF);

    @Test
    void closestAnswersAreKeptAsTheOriginalKeepsThem() {
        for (JsonNode step : VECTORS.get("steps")) {
            Address node = Address.parse(Vectors.text(step, "node"));
            assertThat(frontier.isCloser(NodeId.of(node)))
                    .as(node.toString())
                    .isEqualTo(step.get("closer").asBoolean());
            frontier.answered(answer(node));
        }

        List<String> kept = new ArrayList<>();
        VECTORS.get("kept").forEach(node -> kept.add(node.asText()));
        assertThat(frontier.closest()).extracting(a -> a.from().toString()).isEqualTo(kept);
    }

    @Test
    void weOurselvesAreNeverAsked() {
        boolean goesOn = frontier.add(Address.parse("88.1.1.1:1"), Address.parse("88.1.1.2:1"));

        assertThat(goesOn).isTrue();
        assertThat(frontier.pending()).isZero();
    }

    @Test
    void duplicateAnswerLeavesTheClosestListIntact() {
        for (JsonNode step : VECTORS.get("steps")) {
            frontier.answered(answer(Address.parse(Vectors.text(step, "node"))));
        }
        List<Answer> before = frontier.closest();

        for (Answer answer : before) {
            frontier.answered(answer(answer.from()));
        }

        assertThat(frontier.closest()).isEqualTo(before);
    }

    @Test
    void answerWithoutIdIsNotKept() {
        Address node = Address.parse("10.0.0.1:1");

        frontier.answered(new Answer(SOCKET, node, null, node, null, List.of(), 0, null, 1));

        assertThat(frontier.hasAnswers()).isFalse();
    }

    @Test
    void aWalkThatIsLedOnAndOnEnds() {
        Random random = new Random(1);
        frontier.add(anywhere(random), null);
        Address referrer = frontier.next();
        int asked = 0;

        while (referrer != null) {
            asked++;
            for (int i = 0; i < 20; i++) {
                frontier.add(anywhere(random), referrer);
            }
            assertThat(frontier.noted()).isLessThanOrEqualTo(Frontier.MAX_NODES);
            referrer = frontier.next();
        }

        assertThat(asked).isEqualTo(Frontier.MAX_NODES);
    }

    @Test
    void nearNodesAreNotedInThePlaceOfFarOnes() {
        Random random = new Random(2);
        List<NodeId> named = new ArrayList<>();
        for (int i = 0; i < 5 * Frontier.MAX_NODES; i++) {
            Address node = anywhere(random);
            named.add(NodeId.of(node));
            frontier.add(node, null);
        }
        named.sort((a, b) -> a.compareDistance(b, TARGET));

        List<NodeId> kept = new ArrayList<>();
        for (Address node = frontier.next(); node != null; node = frontier.next()) {
            kept.add(NodeId.of(node));
        }

        assertThat(kept).isEqualTo(named.subList(0, Frontier.MAX_NODES));
    }

    private static Address anywhere(Random random) {
        return new Address(random.nextInt(), 1 + random.nextInt(65_535));
    }

    @Test
    void oneHostCannotFillTheClosestSet() {
        for (int port = 1; port <= 40; port++) {
            frontier.answered(answer(Address.of("9.9.9.9", port)));
        }

        assertThat(frontier.closest()).hasSize(Frontier.MAX_PER_HOST);
    }

    @Test
    void nodesAreAskedNearestFirstAndOnlyOnce() {
        for (int port = 1; port <= 30; port++) {
            frontier.add(Address.loopback(port), null);
            frontier.add(Address.loopback(port), null);
        }

        List<NodeId> order = new ArrayList<>();
        Address next;
        while ((next = frontier.next()) != null) {
            order.add(NodeId.of(next));
        }

        assertThat(order).hasSize(30).isSortedAccordingTo((a, b) -> a.compareDistance(b, TARGET));
    }

    private static final LocalSocket SOCKET = new LocalSocket(1, Address.loopback(1));

    private static Answer answer(Address node) {
        return new Answer(SOCKET, node, NodeId.of(node), node, null, List.of(), 0, null, 1);
    }
}
