package dev.keyhole.model.text;

import dev.keyhole.model.text.Values.Nothing;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The expressions of the template language. */
final class Expressions {

    private Expressions() {}

    static Expression constant(Object value) {
        return frame -> value;
    }

    static Expression name(String name) {
        return counted(frame -> frame.find(name));
    }

    static Expression list(List<Expression> elements) {
        return counted(
                frame -> {
                    List<Object> values = new ArrayList<>(elements.size());
                    for (Expression element : elements) {
                        values.add(element.in(frame));
                    }
                    return values;
                });
    }

    static Expression map(List<Expression> keys, List<Expression> values) {
        return counted(
                frame -> {
                    Map<String, Object> map = new LinkedHashMap<>();
                    for (int i = 0; i < keys.size(); i++) {
                        map.put(Values.text(keys.get(i).in(frame)), values.get(i).in(frame));
                    }
                    return map;
                });
    }

    static Expression choice(Expression condition, Expression then, Expression otherwise) {
        return counted(
                frame -> Values.truth(condition.in(frame)) ? then.in(frame) : otherwise.in(frame));
    }

    static Expression or(Expression left, Expression right) {
        return counted(
                frame -> {
                    Object value = left.in(frame);
                    return Values.truth(value) ? value : right.in(frame);
                });
    }

    static Expression and(Expression left, Expression right) {
        return counted(
                frame -> {
                    Object value = left.in(frame);
                    return Values.truth(value) ? right.in(frame) : value;
                });
    }

    static Expression not(Expression inner) {
        return counted(frame -> !Values.truth(inner.in(frame)));
    }

    static Expression in(Expression element, Expression container) {
        return counted(frame -> Values.contains(container.in(frame), element.in(frame)));
    }

    static Expression compare(String operator, Expression left, Expression right) {
        return counted(
                frame -> {
                    Object a = left.in(frame);
                    Object b = right.in(frame);
                    return switch (operator) {
                        case "==" -> Values.equal(a, b);
                        case "!=" -> !Values.equal(a, b);
                        case "<" -> Values.compare(a, b) < 0;
                        case ">" -> Values.compare(a, b) > 0;
                        case "<=" -> Values.compare(a, b) <= 0;
                        default -> Values.compare(a, b) >= 0;
                    };
                });
    }

    static Expression add(Expression left, Expression right) {
        return counted(frame -> Values.add(left.in(frame), right.in(frame)));
    }

    static Expression arithmetic(String operator, Expression left, Expression right) {
        return counted(frame -> Values.arithmetic(operator, left.in(frame), right.in(frame)));
    }

    static Expression concatenate(Expression left, Expression right) {
        return counted(
                frame -> Bounds.text(Values.text(left.in(frame)), Values.text(right.in(frame))));
    }

    static Expression member(Expression of, String name) {
        return counted(frame -> memberOf(of.in(frame), name));
    }

    private static Object memberOf(Object value, String name) {
        if (value instanceof Statements.Namespace namespace) {
            return namespace.values.getOrDefault(name, Nothing.UNDEFINED);
        }
        if (value == Nothing.UNDEFINED) {
            throw new TemplateException("there is nothing that could have a member " + name);
        }
        Function method = Methods.find(value, name);
        if (method != null) {
            return method;
        }
        return value instanceof Map<?, ?> map ? entry(map, name) : Nothing.UNDEFINED;
    }

    static Object entry(Map<?, ?> map, Object key) {
        Object found = map.get(key);
        return found == null ? Nothing.UNDEFINED : found;
    }

    static Expression item(Expression of, Expression key) {
        return counted(frame -> itemOf(of.in(frame), key.in(frame)));
    }

    private static Object itemOf(Object value, Object key) {
        if (value instanceof Map<?, ?> map) {
            return entry(map, key);
        }
        if (value == Nothing.UNDEFINED) {
            throw new TemplateException("there is nothing that could have an element " + key);
        }
        boolean indexed = value instanceof List || value instanceof String;
        if (!indexed || !(key instanceof Long index)) {
            return key instanceof String name ? memberOf(value, name) : Nothing.UNDEFINED;
        }
        List<Object> elements = Values.elements(value);
        long positive = index < 0 ? index + elements.size() : index;
        boolean there = positive >= 0 && positive < elements.size();
        return there ? elements.get((int) positive) : Nothing.UNDEFINED;
    }

    static Expression slice(Expression of, Expression from, Expression to, Expression by) {
        return counted(
                frame -> Values.slice(of.in(frame), from.in(frame), to.in(frame), by.in(frame)));
    }

    static Expression call(Expression callee, Arguments arguments) {
        return counted(
                frame -> {
                    if (!(callee.in(frame) instanceof Function function)) {
                        throw new TemplateException("something is called that is no function");
                    }
                    return function.call(arguments.positional(frame), arguments.named(frame));
                });
    }

    static Expression filter(Expression value, String name, Arguments arguments) {
        return counted(
                frame ->
                        Filters.apply(
                                name,
                                value.in(frame),
                                arguments.positional(frame),
                                arguments.named(frame)));
    }

    static Expression test(Expression value, String name, Arguments arguments) {
        return counted(frame -> Filters.test(name, value.in(frame), arguments.positional(frame)));
    }

    private static Expression counted(Expression expression) {
        return frame -> {
            frame.step();
            return expression.in(frame);
        };
    }

    /** What a call is given. */
    record Arguments(List<Expression> positional, Map<String, Expression> named) {

        static final Arguments NONE = new Arguments(List.of(), Map.of());

        List<Object> positional(Frame frame) {
            List<Object> values = new ArrayList<>(positional.size());
            for (Expression expression : positional) {
                values.add(expression.in(frame));
            }
            return values;
        }

        Map<String, Object> named(Frame frame) {
            Map<String, Object> values = new LinkedHashMap<>();
            named.forEach((name, expression) -> values.put(name, expression.in(frame)));
            return values;
        }
    }
}
