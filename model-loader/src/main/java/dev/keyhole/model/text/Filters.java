package dev.keyhole.model.text;

import dev.keyhole.model.text.Values.Nothing;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The filters and tests of the template language. */
final class Filters {

    private Filters() {}

    static Object apply(String name, Object value, List<Object> given, Map<String, Object> named) {
        return switch (name) {
            case "trim" -> Methods.strip(Values.text(value), given, true, true);
            case "tojson" -> JsonText.of(value, indent(given, named));
            case "length", "count" -> Values.length(value);
            case "upper" -> Values.text(value).toUpperCase(Locale.ROOT);
            case "lower" -> Values.text(value).toLowerCase(Locale.ROOT);
            case "title" -> Methods.title(Values.text(value));
            case "capitalize" -> Methods.capitalize(Values.text(value));
            case "default", "d" -> orDefault(value, given, named);
            case "join" -> join(value, given, named);
            case "first" -> edge(value, true);
            case "last" -> edge(value, false);
            case "replace" ->
                    Methods.replace(
                            Values.text(value),
                            Values.text(argument(name, given, 0)),
                            Values.text(argument(name, given, 1)));
            case "string" -> Values.text(value);
            case "safe", "e", "escape" -> value;
            case "int" -> toInteger(value);
            case "float" -> toFloat(value);
            case "abs" ->
                    value instanceof Long number
                            ? (Object) Math.abs(number)
                            : (Object) Math.abs(Values.number(value));
            case "list" -> Values.elements(value);
            case "reverse" -> reversed(value);
            case "sort" -> sorted(value);
            case "unique" -> unique(value);
            case "items" -> items(value);
            case "dictsort" -> items(new java.util.TreeMap<>(map(value)));
            case "indent" -> indented(Values.text(value), given, named);
            case "map" -> mapped(value, given, named);
            case "select" -> selected(value, given, true);
            case "reject" -> selected(value, given, false);
            case "selectattr" -> selectedByMember(value, given, true);
            case "rejectattr" -> selectedByMember(value, given, false);
            default -> throw new TemplateException("there is no filter " + name);
        };
    }

    static boolean test(String name, Object value, List<Object> given) {
        return switch (name) {
            case "defined" -> value != Nothing.UNDEFINED;
            case "undefined" -> value == Nothing.UNDEFINED;
            case "none" -> value == Nothing.NONE;
            case "string" -> value instanceof String;
            case "number" -> Values.isNumeric(value);
            case "integer" -> value instanceof Long;
            case "float" -> value instanceof Double;
            case "boolean" -> value instanceof Boolean;
            case "true" -> Boolean.TRUE.equals(value);
            case "false" -> Boolean.FALSE.equals(value);
            case "mapping" -> value instanceof Map;
            case "sequence", "iterable" ->
                    value instanceof List || value instanceof Map || value instanceof String;
            case "callable" -> value instanceof Function;
            case "odd" -> Math.floorMod(Values.integer(value), 2L) == 1;
            case "even" -> Math.floorMod(Values.integer(value), 2L) == 0;
            case "equalto", "eq" -> Values.equal(value, argument(name, given, 0));
            case "ne" -> !Values.equal(value, argument(name, given, 0));
            case "in" -> Values.contains(argument(name, given, 0), value);
            case "lower" -> value.equals(Values.text(value).toLowerCase(Locale.ROOT));
            case "upper" -> value.equals(Values.text(value).toUpperCase(Locale.ROOT));
            default -> throw new TemplateException("there is no test " + name);
        };
    }

    private static Object argument(String name, List<Object> given, int index) {
        if (index >= given.size()) {
            throw new TemplateException(name + " has too few arguments");
        }
        return given.get(index);
    }

    private static int indent(List<Object> given, Map<String, Object> named) {
        Object indent = named.getOrDefault("indent", given.isEmpty() ? Nothing.NONE : given.get(0));
        if (indent == Nothing.NONE) {
            return -1;
        }
        return (int) Math.max(0, Math.min(Values.integer(indent), 16));
    }

    private static Object orDefault(Object value, List<Object> given, Map<String, Object> named) {
        Object fallback = given.isEmpty() ? named.getOrDefault("default_value", "") : given.get(0);
        Object falsy = given.size() > 1 ? given.get(1) : named.getOrDefault("boolean", false);
        boolean missing = value == Nothing.UNDEFINED || Values.truth(falsy) && !Values.truth(value);
        return missing ? fallback : value;
    }

    private static Object join(Object value, List<Object> given, Map<String, Object> named) {
        String separator = given.isEmpty() ? "" : Values.text(given.get(0));
        Object member = named.get("attribute");
        List<Object> elements = Values.elements(value);
        return Methods.join(
                separator,
                member == null
                        ? elements
                        : members(elements, Values.text(member), Nothing.UNDEFINED));
    }

    private static Object edge(Object value, boolean first) {
        List<Object> elements = Values.elements(value);
        if (elements.isEmpty()) {
            return Nothing.UNDEFINED;
        }
        return elements.get(first ? 0 : elements.size() - 1);
    }

    private static Object toInteger(Object value) {
        if (value instanceof String text) {
            try {
                return Long.valueOf(text.strip());
            } catch (NumberFormatException e) {
                return 0L;
            }
        }
        return Values.isNumeric(value) ? (Object) (long) Values.number(value) : (Object) 0L;
    }

    private static Object toFloat(Object value) {
        if (value instanceof String text) {
            try {
                return Double.valueOf(text.strip());
            } catch (NumberFormatException e) {
                return 0.0;
            }
        }
        return Values.isNumeric(value) ? Values.number(value) : 0.0;
    }

    private static Object reversed(Object value) {
        if (value instanceof String text) {
            return new StringBuilder(text).reverse().toString();
        }
        List<Object> elements = Values.elements(value);
        Collections.reverse(elements);
        return elements;
    }

    private static Object sorted(Object value) {
        List<Object> elements = Values.elements(value);
        elements.sort(Values::compare);
        return elements;
    }

    private static Object unique(Object value) {
        List<Object> kept = new ArrayList<>();
        for (Object element : Values.elements(value)) {
            if (!Values.contains(kept, element)) {
                kept.add(element);
            }
        }
        return kept;
    }

    private static List<Object> items(Object value) {
        return value == Nothing.UNDEFINED ? new ArrayList<>() : Methods.items(map(value));
    }

    private static Map<?, ?> map(Object value) {
        if (value instanceof Map<?, ?> map) {
            return map;
        }
        throw new TemplateException(Values.kind(value) + " is no map");
    }

    private static Object indented(String text, List<Object> given, Map<String, Object> named) {
        Object width = given.isEmpty() ? named.getOrDefault("width", 4L) : given.get(0);
        String space =
                width instanceof String literal
                        ? literal
                        : " ".repeat((int) Math.max(0, Math.min(Values.integer(width), 64)));
        Object first = given.size() > 1 ? given.get(1) : named.getOrDefault("first", false);
        Output out = new Output();
        String[] lines = text.split("\n", -1);
        for (int i = 0; i < lines.length; i++) {
            out.print(i == 0 ? "" : "\n");
            boolean indent = i == 0 ? Values.truth(first) : !lines[i].isEmpty();
            out.print(indent ? space : "");
            out.print(lines[i]);
        }
        return out.toString();
    }

    private static Object mapped(Object value, List<Object> given, Map<String, Object> named) {
        List<Object> elements = Values.elements(value);
        Object member = named.get("attribute");
        if (member != null) {
            Object fallback = named.getOrDefault("default", Nothing.UNDEFINED);
            return members(elements, Values.text(member), fallback);
        }
        String filter = Values.text(argument("map", given, 0));
        List<Object> rest = given.subList(1, given.size());
        List<Object> results = new ArrayList<>();
        for (Object element : elements) {
            results.add(apply(filter, element, rest, named));
        }
        return results;
    }

    private static List<Object> members(List<Object> elements, String name, Object fallback) {
        List<Object> values = new ArrayList<>();
        for (Object element : elements) {
            Object member = member(element, name);
            values.add(member == Nothing.UNDEFINED ? fallback : member);
        }
        return values;
    }

    private static Object member(Object element, String name) {
        return element instanceof Map<?, ?> map ? Expressions.entry(map, name) : Nothing.UNDEFINED;
    }

    private static Object selected(Object value, List<Object> given, boolean wanted) {
        List<Object> kept = new ArrayList<>();
        for (Object element : Values.elements(value)) {
            if (passes(element, given, 0) == wanted) {
                kept.add(element);
            }
        }
        return kept;
    }

    private static Object selectedByMember(Object value, List<Object> given, boolean wanted) {
        String name = Values.text(argument("selectattr", given, 0));
        List<Object> kept = new ArrayList<>();
        for (Object element : Values.elements(value)) {
            if (passes(member(element, name), given, 1) == wanted) {
                kept.add(element);
            }
        }
        return kept;
    }

    /** Whether a value passes the test that the arguments name from an index on. */
    private static boolean passes(Object value, List<Object> given, int from) {
        if (from >= given.size()) {
            return Values.truth(value);
        }
        String test = Values.text(given.get(from));
        List<Object> rest = given.subList(from + 1, given.size());
        return switch (test) {
            case "==" -> test("eq", value, rest);
            case "!=" -> test("ne", value, rest);
            default -> test(test, value, rest);
        };
    }
}
