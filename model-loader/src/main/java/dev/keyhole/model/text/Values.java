package dev.keyhole.model.text;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What a template computes with: texts, longs, doubles, booleans, lists, maps, and nothing. */
final class Values {

    /** Two kinds of nothing, and how they print. */
    enum Nothing {
        NONE("None"),
        UNDEFINED("");

        private final String printed;

        Nothing(String printed) {
            this.printed = printed;
        }

        @Override
        public String toString() {
            return printed;
        }
    }

    private Values() {}

    /** Values of Java as values of a template. */
    static Object of(@Nullable Object value) {
        if (value == null) {
            return Nothing.NONE;
        }
        if (value instanceof Map<?, ?> map) {
            Map<String, Object> copy = new LinkedHashMap<>();
            map.forEach((key, element) -> copy.put(String.valueOf(key), of(element)));
            return copy;
        }
        if (value instanceof Collection<?> collection) {
            List<Object> copy = new ArrayList<>(collection.size());
            collection.forEach(element -> copy.add(of(element)));
            return copy;
        }
        if (value instanceof Integer number) {
            return number.longValue();
        }
        if (value instanceof Float number) {
            return number.doubleValue();
        }
        return value;
    }

    static boolean truth(Object value) {
        if (value instanceof Boolean flag) {
            return flag;
        }
        if (value instanceof Nothing) {
            return false;
        }
        if (value instanceof String text) {
            return !text.isEmpty();
        }
        if (value instanceof Number number) {
            return number.doubleValue() != 0;
        }
        if (value instanceof Collection<?> collection) {
            return !collection.isEmpty();
        }
        if (value instanceof Map<?, ?> map) {
            return !map.isEmpty();
        }
        return true;
    }

    /** As {@code str} prints it. */
    static String text(Object value) {
        return value instanceof String text ? text : repr(value);
    }

    private static String repr(Object value) {
        if (value instanceof String text) {
            return quoted(text);
        }
        if (value instanceof Boolean flag) {
            return flag ? "True" : "False";
        }
        if (value instanceof Double number) {
            return decimal(number);
        }
        if (value instanceof List<?> list) {
            StringBuilder out = new StringBuilder("[");
            for (Object element : list) {
                out.append(out.length() > 1 ? ", " : "").append(repr(element));
            }
            return out.append(']').toString();
        }
        if (value instanceof Map<?, ?> map) {
            StringBuilder out = new StringBuilder("{");
            map.forEach(
                    (key, element) ->
                            out.append(out.length() > 1 ? ", " : "")
                                    .append(repr(key))
                                    .append(": ")
                                    .append(repr(element)));
            return out.append('}').toString();
        }
        return value.toString();
    }

    private static String quoted(String text) {
        char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
        StringBuilder out = new StringBuilder().append(quote);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '\n' -> out.append("\\n");
                case '\t' -> out.append("\\t");
                case '\r' -> out.append("\\r");
                case '\\' -> out.append("\\\\");
                default -> {
                    if (c < 0x20 || c == 0x7f) {
                        out.append("\\x").append(Character.forDigit(c >> 4, 16));
                        out.append(Character.forDigit(c & 15, 16));
                    } else {
                        out.append(c == quote ? "\\" : "").append(c);
                    }
                }
            }
        }
        return out.append(quote).toString();
    }

    /** As Python writes a float: always with a point or an exponent. */
    private static String decimal(double number) {
        if (Double.isNaN(number) || Double.isInfinite(number)) {
            return Double.isNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";
        }
        double size = Math.abs(number);
        if (size != 0 && (size < 1e-4 || size >= 1e16)) {
            String java = Double.toString(number).replace(".0E", "E");
            int e = java.indexOf('E');
            int exponent = Integer.parseInt(java.substring(e + 1));
            String sign = exponent < 0 ? "-" : "+";
            String digits = Math.abs(exponent) < 10 ? "0" : "";
            return java.substring(0, e) + "e" + sign + digits + Math.abs(exponent);
        }
        String plain = new BigDecimal(Double.toString(number)).toPlainString();
        return plain.contains(".") ? plain : plain + ".0";
    }

    static boolean equal(Object left, Object right) {
        if (isNumeric(left) && isNumeric(right)) {
            return number(left) == number(right);
        }
        if (left instanceof List<?> a && right instanceof List<?> b) {
            if (a.size() != b.size()) {
                return false;
            }
            for (int i = 0; i < a.size(); i++) {
                if (!equal(element(a, i), element(b, i))) {
                    return false;
                }
            }
            return true;
        }
        return Objects.equals(left, right);
    }

    static Object element(List<?> list, int index) {
        Object element = list.get(index);
        return element == null ? Nothing.NONE : element;
    }

    static int compare(Object left, Object right) {
        if (isNumeric(left) && isNumeric(right)) {
            return Double.compare(number(left), number(right));
        }
        if (left instanceof String a && right instanceof String b) {
            return a.compareTo(b);
        }
        throw new TemplateException(kind(left) + " and " + kind(right) + " have no order");
    }

    static boolean contains(Object container, Object wanted) {
        if (container instanceof String text && wanted instanceof String part) {
            return text.contains(part);
        }
        if (container instanceof Map<?, ?> map) {
            return wanted instanceof String && map.containsKey(wanted);
        }
        if (container instanceof List<?> list) {
            for (int i = 0; i < list.size(); i++) {
                if (equal(element(list, i), wanted)) {
                    return true;
                }
            }
            return false;
        }
        if (container == Nothing.UNDEFINED) {
            return false;
        }
        throw new TemplateException("nothing can be in " + kind(container));
    }

    static Object add(Object left, Object right) {
        if (left instanceof String a && right instanceof String b) {
            return Bounds.text(a, b);
        }
        if (left instanceof List<?> a && right instanceof List<?> b) {
            List<Object> sum = new ArrayList<>(a);
            sum.addAll(b);
            return Bounds.list(sum);
        }
        if (isWhole(left) && isWhole(right)) {
            return integer(left) + integer(right);
        }
        return number(left) + number(right);
    }

    static Object arithmetic(String operator, Object left, Object right) {
        if (operator.equals("*") && left instanceof String text && right instanceof Long times) {
            return Bounds.repeated(text, times);
        }
        if (!operator.equals("/") && isWhole(left) && isWhole(right)) {
            return whole(operator, integer(left), integer(right));
        }
        double a = number(left);
        double b = number(right);
        return switch (operator) {
            case "-" -> a - b;
            case "*" -> a * b;
            case "/" -> a / b;
            case "//" -> Math.floor(a / b);
            case "%" -> a - b * Math.floor(a / b);
            default -> Math.pow(a, b);
        };
    }

    private static Object whole(String operator, long a, long b) {
        return switch (operator) {
            case "-" -> a - b;
            case "*" -> a * b;
            case "//" -> Math.floorDiv(a, nonZero(b));
            case "%" -> Math.floorMod(a, nonZero(b));
            default -> {
                double power = Math.pow((double) a, (double) b);
                boolean whole = b >= 0 && Math.abs(power) < 1L << 53;
                yield whole ? (Object) (long) power : (Object) power;
            }
        };
    }

    private static boolean isWhole(Object value) {
        return value instanceof Long || value instanceof Boolean;
    }

    private static long nonZero(long divisor) {
        if (divisor == 0) {
            throw new TemplateException("division by zero");
        }
        return divisor;
    }

    static boolean isNumeric(Object value) {
        return value instanceof Number || value instanceof Boolean;
    }

    static double number(Object value) {
        if (value instanceof Number number) {
            return number.doubleValue();
        }
        if (value instanceof Boolean flag) {
            return flag ? 1 : 0;
        }
        throw new TemplateException(kind(value) + " is no number");
    }

    static long integer(Object value) {
        if (value instanceof Long number) {
            return number;
        }
        if (value instanceof Boolean flag) {
            return flag ? 1 : 0;
        }
        throw new TemplateException(kind(value) + " is no integer");
    }

    static long length(Object value) {
        if (value instanceof String text) {
            return text.codePointCount(0, text.length());
        }
        if (value instanceof Collection<?> collection) {
            return collection.size();
        }
        if (value instanceof Map<?, ?> map) {
            return map.size();
        }
        if (value == Nothing.UNDEFINED) {
            return 0;
        }
        throw new TemplateException(kind(value) + " has no length");
    }

    /** The elements that a loop goes over: of a list, the keys of a map, the characters of a text. */
    static List<Object> elements(Object value) {
        if (value instanceof List<?> list) {
            return new ArrayList<>(list);
        }
        if (value instanceof Map<?, ?> map) {
            return new ArrayList<>(map.keySet());
        }
        if (value instanceof String text) {
            List<Object> characters = new ArrayList<>();
            text.codePoints().forEach(c -> characters.add(new String(Character.toChars(c))));
            return characters;
        }
        if (value == Nothing.UNDEFINED) {
            return new ArrayList<>();
        }
        throw new TemplateException(kind(value) + " has no elements");
    }

    static Object slice(Object value, Object from, Object to, Object by) {
        boolean isText = value instanceof String;
        List<Object> all = elements(value);
        long step = by == Nothing.NONE ? 1 : integer(by);
        if (step == 0) {
            throw new TemplateException("a slice cannot go by steps of 0");
        }
        int size = all.size();
        long first = bound(from, size, step > 0 ? 0 : size - 1, step);
        long end = bound(to, size, step > 0 ? size : -1, step);
        List<Object> part = new ArrayList<>();
        for (long i = first; step > 0 ? i < end : i > end; i += step) {
            part.add(all.get((int) i));
        }
        if (!isText) {
            return part;
        }
        StringBuilder text = new StringBuilder();
        part.forEach(text::append);
        return text.toString();
    }

    private static long bound(Object given, int size, long otherwise, long step) {
        if (given == Nothing.NONE) {
            return otherwise;
        }
        long index = integer(given);
        long positive = index < 0 ? index + size : index;
        long least = step > 0 ? 0 : -1;
        long most = step > 0 ? size : size - 1;
        return Math.max(least, Math.min(positive, most));
    }

    static String kind(Object value) {
        if (value instanceof String) {
            return "a text";
        }
        if (value instanceof Number) {
            return "a number";
        }
        if (value instanceof Boolean) {
            return "a boolean";
        }
        if (value instanceof List) {
            return "a list";
        }
        if (value instanceof Map) {
            return "a map";
        }
        return value == Nothing.NONE
                ? "none"
                : value == Nothing.UNDEFINED ? "undefined" : "a function";
    }
}
