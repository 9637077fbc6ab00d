package dev.keyhole.model.text;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The names that a part of a template sees, and what the whole rendering has used up. */
final class Frame {

    private final Map<String, Object> names = new HashMap<>();
    private final @Nullable Frame outer;
    private final Use use;

    private Frame(@Nullable Frame outer, Use use) {
        this.outer = outer;
        this.use = use;
    }

    static Frame outermost() {
        return new Frame(null, new Use());
    }

    Frame inner() {
        return new Frame(this, use);
    }

    Object find(String name) {
        for (Frame frame = this; frame != null; frame = frame.outer) {
            Object value = frame.names.get(name);
            if (value != null) {
                return value;
            }
        }
        return Values.Nothing.UNDEFINED;
    }

    void set(String name, Object value) {
        names.put(name, value);
    }

    /** Counts one evaluation. */
    void step() {
        if (++use.steps > Bounds.MAX_STEPS) {
            throw Bounds.exceeded(Bounds.MAX_STEPS, "steps");
        }
    }

    void enter() {
        if (++use.depth > Bounds.MAX_DEPTH) {
            throw Bounds.exceeded(Bounds.MAX_DEPTH, "levels of macros");
        }
    }

    void leave() {
        use.depth--;
    }

    private static final class Use {
        private int steps;
        private int depth;
    }
}
