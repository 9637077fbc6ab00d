package dev.keyhole.model.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Cuts a template into text and tags, and tags into tokens.
 *
 * <p>Space around tags goes as it does with Jinja's {@code trim_blocks} and {@code lstrip_blocks},
 * which is how chat templates are meant: the line feed behind a block tag goes, and so does the
 * indentation before one; {@code -} takes all space on its side, {@code +} none.
 */
final class TemplateLexer {

    private static final Set<String> TWO_CHAR_OPERATORS =
            Set.of("==", "!=", "<=", ">=", "//", "**");

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int at;

    private TemplateLexer(String source) {
        this.source = source;
    }

    static List<Token> lex(String template) {
        String unix = template.replace("\r\n", "\n").replace('\r', '\n');
        String source = unix.endsWith("\n") ? unix.substring(0, unix.length() - 1) : unix;
        TemplateLexer lexer = new TemplateLexer(source);
        lexer.template();
        return lexer.tokens;
    }

    private void template() {
        while (at < source.length()) {
            int tag = nextTag();
            if (tag < 0) {
                text(source.substring(at));
                at = source.length();
                return;
            }
            char kind = source.charAt(tag + 1);
            char sign = tag + 2 < source.length() ? source.charAt(tag + 2) : ' ';
            text(textBefore(tag, kind, sign));
            boolean signed = sign == '-' || sign == '+';
            at = tag + (signed ? 3 : 2);
            switch (kind) {
                case '#' -> comment();
                case '%' -> block();
                default -> tag(Kind.VARIABLE_END, "}}");
            }
        }
    }

    private int nextTag() {
        for (int i = source.indexOf('{', at); i >= 0; i = source.indexOf('{', i + 1)) {
            if (i + 1 < source.length() && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
                return i;
            }
        }
        return -1;
    }

    private String textBefore(int tag, char kind, char sign) {
        String text = source.substring(at, tag);
        if (sign == '-') {
            return text.stripTrailing();
        }
        if (kind == '{' || sign == '+') {
            return text;
        }
        int lineStart = text.lastIndexOf('\n') + 1;
        boolean startsLine = lineStart > 0 || at == 0 || source.charAt(at - 1) == '\n';
        boolean blank = text.substring(lineStart).isBlank();
        return startsLine && blank ? text.substring(0, lineStart) : text;
    }

    private void text(String text) {
        if (!text.isEmpty()) {
            tokens.add(new Token(Kind.TEXT, text, at));
        }
    }

    private void comment() {
        int end = source.indexOf("#}", at);
        if (end < 0) {
            throw wrong("a comment that does not end");
        }
        char sign = source.charAt(end - 1);
        at = end + 2;
        afterBlock(sign);
    }

    private void block() {
        int start = at;
        tokens.add(new Token(Kind.BLOCK_START, "{%", at));
        int first = tokens.size();
        tag(Kind.BLOCK_END, "%}");
        boolean raw = tokens.size() == first + 2 && tokens.get(first).text().equals("raw");
        if (raw) {
            tokens.subList(first - 1, tokens.size()).clear();
            raw(start);
        }
    }

    private void raw(int start) {
        int end = source.indexOf("endraw", at);
        int open = end < 0 ? -1 : source.lastIndexOf("{%", end);
        int close = end < 0 ? -1 : source.indexOf("%}", end);
        if (open < at || close < 0) {
            at = start;
            throw wrong("a raw block that does not end");
        }
        text(textBefore(open, '%', source.charAt(open + 2)));
        at = close + 2;
        afterBlock(source.charAt(close - 1));
    }

    /** The tokens up to the end of a tag. */
    private void tag(Kind endKind, String end) {
        if (endKind == Kind.VARIABLE_END) {
            tokens.add(new Token(Kind.VARIABLE_START, "{{", at));
        }
        int depth = 0;
        while (true) {
            skipSpace();
            if (at >= source.length()) {
                throw wrong("a tag that does not end");
            }
            char c = source.charAt(at);
            boolean signed = (c == '-' || c == '+') && source.startsWith(end, at + 1);
            if (depth == 0 && (signed || source.startsWith(end, at))) {
                tokens.add(new Token(endKind, end, at));
                at += end.length() + (signed ? 1 : 0);
                if (endKind == Kind.BLOCK_END) {
                    afterBlock(signed ? c : ' ');
                } else if (signed && c == '-') {
                    skipSpace();
                }
                return;
            }
            if ("([{".indexOf(c) >= 0) {
                depth++;
            } else if (")]}".indexOf(c) >= 0) {
                depth--;
            }
            token(c);
        }
    }

    private void afterBlock(char sign) {
        if (sign == '-') {
            skipSpace();
        } else if (sign != '+' && at < source.length() && source.charAt(at) == '\n') {
            at++;
        }
    }

    private void token(char c) {
        int start = at;
        if (c == '\'' || c == '"') {
            string(c);
        } else if (Character.isDigit(c)) {
            number();
        } else if (isNameChar(c)) {
            while (at < source.length() && isNameChar(source.charAt(at))) {
                at++;
            }
            tokens.add(new Token(Kind.NAME, source.substring(start, at), start));
        } else {
            boolean two = TWO_CHAR_OPERATORS.contains(slice(start, 2));
            at += two ? 2 : 1;
            tokens.add(new Token(Kind.OPERATOR, source.substring(start, at), start));
        }
    }

    private String slice(int from, int length) {
        return source.substring(from, Math.min(source.length(), from + length));
    }

    private void number() {
        int start = at;
        boolean point = false;
        while (at < source.length()) {
            char c = source.charAt(at);
            boolean pointHere =
                    c == '.'
                            && !point
                            && at + 1 < source.length()
                            && Character.isDigit(source.charAt(at + 1));
            if (!Character.isDigit(c) && !pointHere) {
                break;
            }
            point |= pointHere;
            at++;
        }
        Kind kind = point ? Kind.FLOAT : Kind.INTEGER;
        tokens.add(new Token(kind, source.substring(start, at), start));
    }

    private void string(char quote) {
        int start = at;
        StringBuilder text = new StringBuilder();
        for (at++; at < source.length(); at++) {
            char c = source.charAt(at);
            if (c == quote) {
                at++;
                tokens.add(new Token(Kind.STRING, text.toString(), start));
                return;
            }
            if (c == '\\' && at + 1 < source.length()) {
                at++;
                escape(text, source.charAt(at));
            } else {
                text.append(c);
            }
        }
        throw wrong("a text that does not end");
    }

    private void escape(StringBuilder text, char c) {
        switch (c) {
            case 'n' -> text.append('\n');
            case 't' -> text.append('\t');
            case 'r' -> text.append('\r');
            case 'b' -> text.append('\b');
            case 'f' -> text.append('\f');
            case '\\', '\'', '"' -> text.append(c);
            case 'x' -> codePoint(text, 2);
            case 'u' -> codePoint(text, 4);
            case 'U' -> codePoint(text, 8);
            case '\n' -> {}
            default -> text.append('\\').append(c);
        }
    }

    private void codePoint(StringBuilder text, int digits) {
        try {
            text.appendCodePoint(Integer.parseInt(slice(at + 1, digits), 16));
        } catch (IllegalArgumentException e) {
            throw wrong("a character that does not exist");
        }
        at += digits;
    }

    private void skipSpace() {
        while (at < source.length() && Character.isWhitespace(source.charAt(at))) {
            at++;
        }
    }

    private static boolean isNameChar(char c) {
        return c == '_' || Character.isLetterOrDigit(c);
    }

    private TemplateException wrong(String what) {
        return new TemplateException("the chat template has " + what + ", at character " + at);
    }

    /** What a token is. */
    enum Kind {
        TEXT,
        VARIABLE_START,
        VARIABLE_END,
        BLOCK_START,
        BLOCK_END,
        NAME,
        STRING,
        INTEGER,
        FLOAT,
        OPERATOR
    }

    /** A piece of a template. */
    record Token(Kind kind, String text, int at) {
        boolean is(Kind wanted, String word) {
            return kind == wanted && text.equals(word);
        }
    }
}
