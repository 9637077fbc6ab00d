package dev.keyhole.model.text;

import dev.keyhole.model.text.TemplateLexer.Kind;
import dev.keyhole.model.text.TemplateLexer.Token;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Turns tokens into something that runs: statements that print, and expressions that compute. */
final class TemplateParser {

    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", ">", "<=", ">=");

    private final List<Token> tokens;
    private int at;
    private int depth;

    private TemplateParser(List<Token> tokens) {
        this.tokens = tokens;
    }

    static Node parse(String template) {
        TemplateParser parser = new TemplateParser(TemplateLexer.lex(template));
        Node body = parser.body(Set.of());
        if (parser.at < parser.tokens.size()) {
            throw parser.wrong("an end of nothing");
        }
        return body;
    }

    /** Statements up to one of these words, whose block start is consumed and word is not. */
    private Node body(Set<String> ends) {
        deeper();
        List<Node> nodes = new ArrayList<>();
        while (at < tokens.size()) {
            Token token = tokens.get(at);
            if (token.kind() == Kind.BLOCK_START && ends.contains(peek(1))) {
                at++;
                depth--;
                return Statements.sequence(nodes);
            }
            nodes.add(statement(token));
        }
        if (!ends.isEmpty()) {
            throw wrong("a block that does not end with " + String.join(" or ", ends));
        }
        depth--;
        return Statements.sequence(nodes);
    }

    private Node statement(Token token) {
        at++;
        if (token.kind() == Kind.TEXT) {
            return Statements.text(token.text());
        }
        if (token.kind() == Kind.VARIABLE_START) {
            Expression expression = expression();
            expect(Kind.VARIABLE_END, "}}");
            return Statements.print(expression);
        }
        String word = name();
        return switch (word) {
            case "if" -> ifBlock();
            case "for" -> forBlock();
            case "set" -> setBlock();
            case "macro" -> macroBlock();
            case "generation" -> {
                endOfBlock();
                Node body = body(Set.of("endgeneration"));
                at++;
                endOfBlock();
                yield body;
            }
            case "break", "continue" -> {
                endOfBlock();
                yield Statements.jump(word.equals("break"));
            }
            default -> throw wrong("the statement " + word + ", which is not known");
        };
    }

    private Node ifBlock() {
        List<Expression> conditions = new ArrayList<>();
        List<Node> branches = new ArrayList<>();
        conditions.add(expression());
        endOfBlock();
        while (true) {
            branches.add(body(Set.of("elif", "else", "endif")));
            String word = name();
            if (word.equals("elif")) {
                conditions.add(expression());
                endOfBlock();
                continue;
            }
            endOfBlock();
            Node otherwise = Statements.sequence(List.of());
            if (word.equals("else")) {
                otherwise = body(Set.of("endif"));
                at++;
                endOfBlock();
            }
            return Statements.choice(conditions, branches, otherwise);
        }
    }

    private Node forBlock() {
        List<String> targets = new ArrayList<>();
        do {
            targets.add(name());
        } while (accept(Kind.OPERATOR, ","));
        expect(Kind.NAME, "in");
        Expression elements = orExpression();
        Expression filter = accept(Kind.NAME, "if") ? expression() : null;
        accept(Kind.NAME, "recursive");
        endOfBlock();
        Node body = body(Set.of("else", "endfor"));
        Node otherwise = Statements.sequence(List.of());
        if (name().equals("else")) {
            endOfBlock();
            otherwise = body(Set.of("endfor"));
            at++;
        }
        endOfBlock();
        return Statements.loop(targets, elements, filter, body, otherwise);
    }

    private Node setBlock() {
        String name = name();
        String member = accept(Kind.OPERATOR, ".") ? name() : null;
        if (accept(Kind.OPERATOR, "=")) {
            Expression value = tuple();
            endOfBlock();
            return Statements.assign(name, member, value);
        }
        endOfBlock();
        Node body = body(Set.of("endset"));
        at++;
        endOfBlock();
        return Statements.assign(name, member, Statements.capture(body));
    }

    private Node macroBlock() {
        String name = name();
        expect(Kind.OPERATOR, "(");
        Map<String, @Nullable Expression> parameters = new LinkedHashMap<>();
        while (!accept(Kind.OPERATOR, ")")) {
            String parameter = name();
            parameters.put(parameter, accept(Kind.OPERATOR, "=") ? expression() : null);
            accept(Kind.OPERATOR, ",");
        }
        endOfBlock();
        Node body = body(Set.of("endmacro"));
        at++;
        endOfBlock();
        return Statements.macro(name, parameters, body);
    }

    private void endOfBlock() {
        expect(Kind.BLOCK_END, "%}");
    }

    /** An expression, or several with commas between them, which are a list. */
    private Expression tuple() {
        Expression first = expression();
        if (!is(Kind.OPERATOR, ",")) {
            return first;
        }
        List<Expression> elements = new ArrayList<>(List.of(first));
        while (accept(Kind.OPERATOR, ",") && !is(Kind.BLOCK_END, "%}") && !is(Kind.OPERATOR, ")")) {
            elements.add(expression());
        }
        return Expressions.list(elements);
    }

    private Expression expression() {
        deeper();
        Expression value = orExpression();
        while (accept(Kind.NAME, "if")) {
            Expression condition = orExpression();
            Expression otherwise =
                    accept(Kind.NAME, "else")
                            ? expression()
                            : Expressions.constant(Values.Nothing.UNDEFINED);
            value = Expressions.choice(condition, value, otherwise);
        }
        depth--;
        return value;
    }

    private Expression orExpression() {
        Expression left = andExpression();
        while (accept(Kind.NAME, "or")) {
            left = Expressions.or(left, andExpression());
        }
        return left;
    }

    private Expression andExpression() {
        Expression left = notExpression();
        while (accept(Kind.NAME, "and")) {
            left = Expressions.and(left, notExpression());
        }
        return left;
    }

    private Expression notExpression() {
        if (!accept(Kind.NAME, "not")) {
            return comparison();
        }
        deeper();
        Expression inner = notExpression();
        depth--;
        return Expressions.not(inner);
    }

    private Expression comparison() {
        Expression left = sum();
        Expression whole = null;
        while (true) {
            Expression right;
            Expression here;
            if (at < tokens.size()
                    && tokens.get(at).kind() == Kind.OPERATOR
                    && COMPARISONS.contains(tokens.get(at).text())) {
                String operator = tokens.get(at++).text();
                right = sum();
                here = Expressions.compare(operator, left, right);
            } else if (accept(Kind.NAME, "in")) {
                right = sum();
                here = Expressions.in(left, right);
            } else if (is(Kind.NAME, "not") && peek(1).equals("in")) {
                at += 2;
                right = sum();
                here = Expressions.not(Expressions.in(left, right));
            } else {
                return whole == null ? left : whole;
            }
            whole = whole == null ? here : Expressions.and(whole, here);
            left = right;
        }
    }

    private Expression sum() {
        Expression left = concatenation();
        while (true) {
            if (accept(Kind.OPERATOR, "+")) {
                left = Expressions.add(left, concatenation());
            } else if (accept(Kind.OPERATOR, "-")) {
                left = Expressions.arithmetic("-", left, concatenation());
            } else {
                return left;
            }
        }
    }

    private Expression concatenation() {
        Expression left = product();
        while (accept(Kind.OPERATOR, "~")) {
            left = Expressions.concatenate(left, product());
        }
        return left;
    }

    private Expression product() {
        Expression left = unary();
        while (at < tokens.size()
                && tokens.get(at).kind() == Kind.OPERATOR
                && Set.of("*", "/", "//", "%", "**").contains(tokens.get(at).text())) {
            String operator = tokens.get(at++).text();
            left = Expressions.arithmetic(operator, left, unary());
        }
        return left;
    }

    private Expression unary() {
        return filtered(postfix(signed()));
    }

    private Expression signed() {
        boolean minus = accept(Kind.OPERATOR, "-");
        if (!minus && !accept(Kind.OPERATOR, "+")) {
            return postfix(primary());
        }
        deeper();
        Expression inner = signed();
        depth--;
        return minus ? Expressions.arithmetic("-", Expressions.constant(0L), inner) : inner;
    }

    private Expression primary() {
        if (at >= tokens.size()) {
            throw wrong("an expression that is missing");
        }
        Token token = tokens.get(at++);
        return switch (token.kind()) {
            case STRING -> Expressions.constant(strings(token.text()));
            case INTEGER -> Expressions.constant(integer(token.text()));
            case FLOAT -> Expressions.constant(Double.valueOf(token.text()));
            case NAME -> named(token.text());
            case OPERATOR -> grouped(token.text());
            case TEXT, VARIABLE_START, VARIABLE_END, BLOCK_START, BLOCK_END -> {
                at--;
                throw wrong("an expression that is missing");
            }
        };
    }

    /** Texts that stand beside each other are one. */
    private String strings(String first) {
        StringBuilder text = new StringBuilder(first);
        while (at < tokens.size() && tokens.get(at).kind() == Kind.STRING) {
            text.append(tokens.get(at++).text());
        }
        return text.toString();
    }

    private Object integer(String digits) {
        try {
            return Long.valueOf(digits);
        } catch (NumberFormatException e) {
            throw wrong("the number " + digits + ", which is too large");
        }
    }

    private static Expression named(String name) {
        return switch (name) {
            case "true", "True" -> Expressions.constant(true);
            case "false", "False" -> Expressions.constant(false);
            case "none", "None" -> Expressions.constant(Values.Nothing.NONE);
            default -> Expressions.name(name);
        };
    }

    private Expression grouped(String operator) {
        switch (operator) {
            case "(" -> {
                if (accept(Kind.OPERATOR, ")")) {
                    return Expressions.list(List.of());
                }
                Expression inner = tuple();
                expect(Kind.OPERATOR, ")");
                return inner;
            }
            case "[" -> {
                List<Expression> elements = new ArrayList<>();
                while (!accept(Kind.OPERATOR, "]")) {
                    elements.add(expression());
                    commaUnless("]");
                }
                return Expressions.list(elements);
            }
            case "{" -> {
                List<Expression> keys = new ArrayList<>();
                List<Expression> values = new ArrayList<>();
                while (!accept(Kind.OPERATOR, "}")) {
                    keys.add(expression());
                    expect(Kind.OPERATOR, ":");
                    values.add(expression());
                    commaUnless("}");
                }
                return Expressions.map(keys, values);
            }
            default -> {
                at--;
                throw wrong("an expression that is missing");
            }
        }
    }

    private void commaUnless(String end) {
        if (!accept(Kind.OPERATOR, ",") && !is(Kind.OPERATOR, end)) {
            throw wrong("no comma where there should be one");
        }
    }

    private Expression postfix(Expression start) {
        Expression value = start;
        while (true) {
            if (accept(Kind.OPERATOR, ".")) {
                value = Expressions.member(value, memberName());
            } else if (accept(Kind.OPERATOR, "[")) {
                value = subscript(value);
            } else if (accept(Kind.OPERATOR, "(")) {
                value = Expressions.call(value, arguments());
            } else {
                return value;
            }
        }
    }

    private String memberName() {
        boolean number = at < tokens.size() && tokens.get(at).kind() == Kind.INTEGER;
        return number ? tokens.get(at++).text() : name();
    }

    private Expression subscript(Expression value) {
        Expression none = Expressions.constant(Values.Nothing.NONE);
        Expression from = is(Kind.OPERATOR, ":") ? none : expression();
        if (accept(Kind.OPERATOR, "]")) {
            return Expressions.item(value, from);
        }
        expect(Kind.OPERATOR, ":");
        boolean open = is(Kind.OPERATOR, ":") || is(Kind.OPERATOR, "]");
        Expression to = open ? none : expression();
        Expression by = none;
        if (accept(Kind.OPERATOR, ":") && !is(Kind.OPERATOR, "]")) {
            by = expression();
        }
        expect(Kind.OPERATOR, "]");
        return Expressions.slice(value, from, to, by);
    }

    private Expressions.Arguments arguments() {
        List<Expression> positional = new ArrayList<>();
        Map<String, Expression> named = new LinkedHashMap<>();
        while (!accept(Kind.OPERATOR, ")")) {
            boolean isNamed =
                    at + 1 < tokens.size()
                            && tokens.get(at).kind() == Kind.NAME
                            && tokens.get(at + 1).is(Kind.OPERATOR, "=");
            if (isNamed) {
                String name = name();
                at++;
                named.put(name, expression());
            } else {
                positional.add(expression());
            }
            commaUnless(")");
        }
        return new Expressions.Arguments(positional, named);
    }

    private Expression filtered(Expression start) {
        Expression value = start;
        while (true) {
            if (accept(Kind.OPERATOR, "|")) {
                String name = name();
                Expressions.Arguments arguments =
                        accept(Kind.OPERATOR, "(") ? arguments() : Expressions.Arguments.NONE;
                value = postfix(Expressions.filter(value, name, arguments));
            } else if (accept(Kind.NAME, "is")) {
                boolean not = accept(Kind.NAME, "not");
                String name = name();
                Expressions.Arguments arguments = testArguments();
                Expression test = Expressions.test(value, name, arguments);
                value = not ? Expressions.not(test) : test;
            } else {
                return value;
            }
        }
    }

    /** A test takes its argument with or without parentheses. */
    private Expressions.Arguments testArguments() {
        if (accept(Kind.OPERATOR, "(")) {
            return arguments();
        }
        if (at < tokens.size()) {
            Kind kind = tokens.get(at).kind();
            boolean literal = kind == Kind.STRING || kind == Kind.INTEGER || kind == Kind.FLOAT;
            if (literal) {
                return new Expressions.Arguments(List.of(primary()), Map.of());
            }
        }
        return Expressions.Arguments.NONE;
    }

    private boolean is(Kind kind, String text) {
        return at < tokens.size() && tokens.get(at).is(kind, text);
    }

    private boolean accept(Kind kind, String text) {
        boolean here = is(kind, text);
        if (here) {
            at++;
        }
        return here;
    }

    private void expect(Kind kind, String text) {
        if (!accept(kind, text)) {
            throw wrong("no " + text + " where there should be one");
        }
    }

    private String name() {
        if (at >= tokens.size() || tokens.get(at).kind() != Kind.NAME) {
            throw wrong("no name where there should be one");
        }
        return tokens.get(at++).text();
    }

    private String peek(int ahead) {
        return at + ahead < tokens.size() ? tokens.get(at + ahead).text() : "";
    }

    private void deeper() {
        if (++depth > Bounds.MAX_DEPTH) {
            throw Bounds.exceeded(Bounds.MAX_DEPTH, "levels");
        }
    }

    private TemplateException wrong(String what) {
        int index = Math.min(at, tokens.size() - 1);
        int place = index < 0 ? 0 : tokens.get(index).at();
        return new TemplateException("the chat template has " + what + ", at character " + place);
    }
}
