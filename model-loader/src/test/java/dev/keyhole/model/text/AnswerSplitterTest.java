package dev.keyhole.model.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

final class AnswerSplitterTest {

    @Test
    void withoutMarksEverythingIsSaid() {
        assertThat(split(true, true, "Hello <b>world</b> <th"))
                .isEqualTo("said:Hello <b>world</b> <th");
    }

    @Test
    void thoughtsAreToldApart() {
        assertThat(split(true, true, "<think>\nhm, 12\n</think>\n\nIt is 12."))
                .isEqualTo("thought:hm, 12\n|said:It is 12.");
        assertThat(split(false, true, "<think>hm</think>12")).isEqualTo("said:<think>hm</think>12");
    }

    @Test
    void callsAreToldApartAndWhole() {
        assertThat(
                        split(
                                true,
                                true,
                                "Let me see.\n<tool_call>\n{\"a\": 1}\n</tool_call>\n"
                                        + "<tool_call>{}</tool_call>done"))
                .isEqualTo("said:Let me see.\n|called:{\"a\": 1}|called:{}|said:done");
        assertThat(split(true, false, "<tool_call>x")).isEqualTo("said:<tool_call>x");
    }

    @Test
    void anAnswerThatEndsWithinAMarkIsNotLost() {
        assertThat(split(true, true, "<think>never done")).isEqualTo("thought:never done");
        assertThat(split(true, true, "a<tool_call>{\"half\"")).isEqualTo("said:a|called:{\"half\"");
    }

    @Test
    void anAnswerMayBeginWithinAThought() {
        Log log = new Log();
        AnswerSplitter splitter = new AnswerSplitter(true, false, log);
        splitter.startThinking();
        splitter.accept("\nhm</think>12");
        splitter.end();

        assertThat(log).hasToString("thought:hm|said:12");
    }

    @Test
    void theOutcomeDoesNotDependOnTheCuts() {
        String answer =
                "<think>a < b </ c</think> So <tool_ <tool_call>{\"x\": \"</tool\"}</tool_call> <thi";
        String expected = split(true, true, answer);
        Random random = new Random(1);
        for (int round = 0; round < 200; round++) {
            Log log = new Log();
            AnswerSplitter splitter = new AnswerSplitter(true, true, log);
            for (int from = 0; from < answer.length(); ) {
                int to = Math.min(answer.length(), from + 1 + random.nextInt(5));
                splitter.accept(answer.substring(from, to));
                from = to;
            }
            splitter.end();

            assertThat(log).hasToString(expected);
        }
    }

    private static String split(boolean thinking, boolean calls, String answer) {
        Log log = new Log();
        AnswerSplitter splitter = new AnswerSplitter(thinking, calls, log);
        splitter.accept(answer);
        splitter.end();
        return log.toString();
    }

    /** What was heard, in which pieces of one kind run together. */
    private static final class Log implements AnswerSplitter.Parts {

        private final StringBuilder text = new StringBuilder();
        private String last = "";

        @Override
        public void said(String piece) {
            add("said", piece);
        }

        @Override
        public void thought(String piece) {
            add("thought", piece);
        }

        @Override
        public void called(String piece) {
            last = "";
            add("called", piece);
            last = "";
        }

        private void add(String kind, String piece) {
            if (!kind.equals(last)) {
                text.append(text.length() == 0 ? "" : "|").append(kind).append(':');
            }
            last = kind;
            text.append(piece);
        }

        @Override
        public String toString() {
            return text.toString();
        }
    }
}
