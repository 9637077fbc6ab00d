package dev.keyhole.model.text;

/**
 * Tells apart what a model says, what it thinks, and the calls that it asks for.
 *
 * <p>Models mark the latter two with tags, {@code <think>} and {@code <tool_call>}. Text that may
 * be the beginning of a tag is held back until it is known, and a call until it is whole. The
 * outcome does not depend on how the answer is cut into pieces.
 */
public final class AnswerSplitter {

    private static final String THINK = "<think>";
    private static final String THINK_END = "</think>";
    private static final String CALL = "<tool_call>";
    private static final String CALL_END = "</tool_call>";

    private final Parts parts;
    private final boolean thinking;
    private final boolean calls;
    private final StringBuilder held = new StringBuilder();
    private State state = State.SAYING;
    private boolean skipSpace;

    /** Who hears of the parts. */
    public interface Parts {

        void said(String text);

        void thought(String text);

        /** What stood between the tags of a call. */
        void called(String text);
    }

    /**
     * A splitter at the beginning of an answer.
     *
     * @param thinking whether thoughts are told apart; they are part of what is said otherwise
     * @param calls whether calls are
     */
    public AnswerSplitter(boolean thinking, boolean calls, Parts parts) {
        this.thinking = thinking;
        this.calls = calls;
        this.parts = parts;
    }

    /** Says that the prompt ended within a thought, as that of some models does. */
    public void startThinking() {
        state = thinking ? State.THINKING : State.SAYING;
        skipSpace = thinking;
    }

    public void accept(String piece) {
        held.append(piece);
        while (advance()) {
            // each round takes one tag
        }
    }

    /** Lets go of what was held back, when nothing more comes. */
    public void end() {
        emit(held.length());
    }

    private boolean advance() {
        int end = state == State.SAYING ? nextTag() : held.indexOf(state.closing);
        if (end >= 0) {
            String tag = state == State.SAYING ? tagAt(end) : state.closing;
            emit(end);
            held.delete(0, tag.length());
            state = after(tag);
            skipSpace = true;
            return true;
        }
        if (state != State.CALLING) {
            emit(startOfHope());
        }
        return false;
    }

    private static State after(String tag) {
        return switch (tag) {
            case THINK -> State.THINKING;
            case CALL -> State.CALLING;
            default -> State.SAYING;
        };
    }

    private int nextTag() {
        int think = thinking ? held.indexOf(THINK) : -1;
        int call = calls ? held.indexOf(CALL) : -1;
        return think < 0 || call < 0 ? Math.max(think, call) : Math.min(think, call);
    }

    private String tagAt(int index) {
        return held.indexOf(CALL) == index ? CALL : THINK;
    }

    /** Where a tag may begin that is not whole yet. */
    private int startOfHope() {
        for (int start = Math.max(0, held.length() - CALL_END.length());
                start < held.length();
                start++) {
            if (mayBegin(held.substring(start))) {
                return start;
            }
        }
        return held.length();
    }

    private boolean mayBegin(String tail) {
        if (state == State.THINKING) {
            return THINK_END.startsWith(tail);
        }
        return thinking && THINK.startsWith(tail) || calls && CALL.startsWith(tail);
    }

    /** Space around the marked parts belongs to the marks. */
    private void emit(int length) {
        String text = held.substring(0, length);
        held.delete(0, length);
        if (skipSpace && state != State.CALLING) {
            text = text.stripLeading();
            skipSpace = text.isEmpty();
        }
        if (text.isEmpty()) {
            return;
        }
        switch (state) {
            case SAYING -> parts.said(text);
            case THINKING -> parts.thought(text);
            case CALLING -> parts.called(text.strip());
        }
    }

    private enum State {
        SAYING(""),
        THINKING(THINK_END),
        CALLING(CALL_END);

        private final String closing;

        State(String closing) {
            this.closing = closing;
        }
    }
}
