package dev.keyhole.model.text;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The statements of the template language. */
final class Statements {

    private Statements() {}

    static Node text(String text) {
        return (frame, out) -> out.print(text);
    }

    static Node print(Expression expression) {
        return (frame, out) -> out.print(Values.text(expression.in(frame)));
    }

    static Node sequence(List<Node> nodes) {
        List<Node> all = List.copyOf(nodes);
        return (frame, out) -> {
            for (Node node : all) {
                frame.step();
                node.run(frame, out);
            }
        };
    }

    static Node choice(List<Expression> conditions, List<Node> branches, Node otherwise) {
        return (frame, out) -> {
            for (int i = 0; i < conditions.size(); i++) {
                if (Values.truth(conditions.get(i).in(frame))) {
                    branches.get(i).run(frame, out);
                    return;
                }
            }
            otherwise.run(frame, out);
        };
    }

    static Node loop(
            List<String> targets,
            Expression elements,
            @Nullable Expression filter,
            Node body,
            Node otherwise) {
        return (frame, out) -> {
            List<Object> all = Values.elements(elements.in(frame));
            List<Object> wanted = filter == null ? all : filtered(all, targets, filter, frame);
            if (wanted.isEmpty()) {
                otherwise.run(frame, out);
                return;
            }
            for (int i = 0; i < wanted.size(); i++) {
                frame.step();
                Frame inner = frame.inner();
                bind(inner, targets, wanted.get(i));
                inner.set("loop", loopValues(wanted, i));
                try {
                    body.run(inner, out);
                } catch (Jump jump) {
                    if (jump.leaves) {
                        return;
                    }
                }
            }
        };
    }

    private static List<Object> filtered(
            List<Object> all, List<String> targets, Expression filter, Frame frame) {
        List<Object> kept = new ArrayList<>();
        for (Object element : all) {
            Frame inner = frame.inner();
            bind(inner, targets, element);
            if (Values.truth(filter.in(inner))) {
                kept.add(element);
            }
        }
        return kept;
    }

    private static void bind(Frame frame, List<String> targets, Object element) {
        if (targets.size() == 1) {
            frame.set(targets.get(0), element);
            return;
        }
        List<Object> parts = Values.elements(element);
        if (parts.size() != targets.size()) {
            throw new TemplateException(
                    parts.size() + " values cannot be given to " + targets.size() + " names");
        }
        for (int i = 0; i < parts.size(); i++) {
            frame.set(targets.get(i), parts.get(i));
        }
    }

    private static Map<String, Object> loopValues(List<Object> elements, int i) {
        Map<String, Object> loop = new LinkedHashMap<>();
        int size = elements.size();
        loop.put("index", (long) i + 1);
        loop.put("index0", (long) i);
        loop.put("revindex", (long) size - i);
        loop.put("revindex0", (long) size - i - 1);
        loop.put("first", i == 0);
        loop.put("last", i == size - 1);
        loop.put("length", (long) size);
        if (i > 0) {
            loop.put("previtem", elements.get(i - 1));
        }
        if (i < size - 1) {
            loop.put("nextitem", elements.get(i + 1));
        }
        return loop;
    }

    static Node assign(String name, @Nullable String member, Expression value) {
        if (member == null) {
            return (frame, out) -> frame.set(name, value.in(frame));
        }
        return (frame, out) -> {
            if (!(frame.find(name) instanceof Namespace namespace)) {
                throw new TemplateException(name + " is no namespace");
            }
            namespace.values.put(member, value.in(frame));
        };
    }

    static Expression capture(Node body) {
        return frame -> {
            Output inner = new Output();
            body.run(frame.inner(), inner);
            return inner.toString();
        };
    }

    static Node macro(String name, Map<String, @Nullable Expression> parameters, Node body) {
        return (frame, out) -> {
            Function function =
                    (positional, named) -> {
                        frame.enter();
                        Frame inner = frame.inner();
                        int i = 0;
                        for (var parameter : parameters.entrySet()) {
                            Expression fallback = parameter.getValue();
                            Object value = named.get(parameter.getKey());
                            if (i < positional.size()) {
                                value = positional.get(i);
                            } else if (value == null && fallback != null) {
                                value = fallback.in(inner);
                            }
                            inner.set(
                                    parameter.getKey(),
                                    value == null ? Values.Nothing.UNDEFINED : value);
                            i++;
                        }
                        Output printed = new Output();
                        body.run(inner, printed);
                        frame.leave();
                        return printed.toString();
                    };
            frame.set(name, function);
        };
    }

    static Node jump(boolean leaves) {
        return (frame, out) -> {
            throw new Jump(leaves);
        };
    }

    /** Values that statements may change, unlike all others. */
    static final class Namespace {
        final Map<String, Object> values;

        Namespace(Map<String, Object> values) {
            this.values = new LinkedHashMap<>(values);
        }
    }

    /** Leaves the body of a loop. */
    private static final class Jump extends RuntimeException {

        private static final long serialVersionUID = 1L;

        final boolean leaves;

        private Jump(boolean leaves) {
            super(null, null, false, false);
            this.leaves = leaves;
        }
    }
}
