package dev.keyhole.model.text;

import java.time.LocalDateTime;
import java.time.format.TextStyle;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The text that a model expects for a conversation.
 *
 * <p>Models bring a template in a part of the Jinja language, which this class understands. What a
 * template may do is limited ({@link Bounds}), so that a hostile one ends.
 */
public final class ChatTemplate {

    private final Node body;

    private ChatTemplate(Node body) {
        this.body = body;
    }

    /**
     * Reads a template.
     *
     * @throws TemplateException says what it does not understand, and where
     */
    public static ChatTemplate parse(String template) {
        return new ChatTemplate(TemplateParser.parse(template));
    }

    /**
     * The prompt.
     *
     * @param values what the template may name: {@code messages} and what else there is, as maps,
     *     lists, texts, numbers and booleans
     * @param now what the template is told when it asks for the time
     * @throws TemplateException also when the template itself refuses the conversation
     */
    public String render(Map<String, ?> values, Supplier<LocalDateTime> now) {
        Frame frame = Frame.outermost();
        functions(frame, now);
        values.forEach((name, value) -> frame.set(name, Values.of(value)));
        Output out = new Output();
        try {
            body.run(frame.inner(), out);
        } catch (StackOverflowError e) {
            throw new TemplateException("the chat template is nested too deeply");
        }
        return out.toString();
    }

    private static void functions(Frame frame, Supplier<LocalDateTime> now) {
        Function raise =
                (given, named) -> {
                    throw new TemplateException(given.isEmpty() ? "" : Values.text(given.get(0)));
                };
        Function namespace = (given, named) -> new Statements.Namespace(named);
        Function dict = (given, named) -> named;
        Function range = (given, named) -> range(given);
        Function time =
                (given, named) -> time(given.isEmpty() ? "" : Values.text(given.get(0)), now.get());
        frame.set("raise_exception", raise);
        frame.set("namespace", namespace);
        frame.set("dict", dict);
        frame.set("range", range);
        frame.set("strftime_now", time);
    }

    private static List<Object> range(List<Object> given) {
        long from = given.size() > 1 ? Values.integer(given.get(0)) : 0;
        long to = given.isEmpty() ? 0 : Values.integer(given.get(given.size() > 1 ? 1 : 0));
        long by = given.size() > 2 ? Values.integer(given.get(2)) : 1;
        if (by == 0) {
            throw new TemplateException("a range cannot go by steps of 0");
        }
        List<Object> numbers = new ArrayList<>();
        for (long i = from; by > 0 ? i < to : i > to; i += by) {
            numbers.add(i);
            Bounds.list(numbers);
        }
        return numbers;
    }

    private static String time(String format, LocalDateTime now) {
        StringBuilder out = new StringBuilder();
        boolean directive = false;
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (directive) {
                out.append(timePart(c, now));
                directive = false;
            } else if (c == '%') {
                directive = true;
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }

    private static String timePart(char directive, LocalDateTime now) {
        return switch (directive) {
            case 'Y' -> String.valueOf(now.getYear());
            case 'm' -> twoDigits(now.getMonthValue());
            case 'd' -> twoDigits(now.getDayOfMonth());
            case 'H' -> twoDigits(now.getHour());
            case 'M' -> twoDigits(now.getMinute());
            case 'S' -> twoDigits(now.getSecond());
            case 'B' -> now.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'b' -> now.getMonth().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
            case 'A' -> now.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'a' -> now.getDayOfWeek().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
            case '%' -> "%";
            default -> throw new TemplateException("strftime_now does not know %" + directive);
        };
    }

    private static String twoDigits(int number) {
        return number < 10 ? "0" + number : String.valueOf(number);
    }
}
