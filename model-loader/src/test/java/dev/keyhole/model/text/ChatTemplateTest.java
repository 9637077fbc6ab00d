package dev.keyhole.model.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.InputStream;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

final class ChatTemplateTest {

    private static final LocalDateTime NOW = LocalDateTime.of(2026, 3, 5, 14, 7, 9);
    private static final ObjectMapper MAPPER = new ObjectMapper();

    @TestFactory
    Stream<DynamicTest> theTextIsThatOfJinja() throws Exception {
        JsonNode cases = cases();
        return StreamSupport.stream(cases.spliterator(), false)
                .map(c -> DynamicTest.dynamicTest(c.path("name").asText(), () -> check(c)));
    }

    private static void check(JsonNode c) {
        String template = c.path("template").asText();
        Map<String, Object> values =
                MAPPER.convertValue(c.path("values"), new TypeReference<Map<String, Object>>() {});
        if (c.path("refused").asBoolean()) {
            assertThatThrownBy(() -> render(template, values))
                    .isInstanceOf(TemplateException.class);
        } else {
            assertThat(render(template, values)).isEqualTo(c.path("text").asText());
        }
    }

    @Test
    void aTemplateThatRefusesSaysWhy() {
        assertThatThrownBy(() -> render("{{ raise_exception('roles must alternate') }}", Map.of()))
                .hasMessage("roles must alternate");
    }

    @Test
    void whatIsNotUnderstoodIsSaidWithItsPlace() {
        assertThatThrownBy(() -> ChatTemplate.parse("abc {% include 'x' %}"))
                .isInstanceOf(TemplateException.class)
                .hasMessageContaining("include")
                .hasMessageContaining("at character");
    }

    @Test
    void aTemplateThatWouldNotEndIsStopped() {
        String loops =
                "{% for a in range(999999) %}{% for b in range(999999) %}x{% endfor %}{% endfor %}";
        assertThatThrownBy(() -> render(loops, Map.of()))
                .hasMessageContaining("" + Bounds.MAX_STEPS);
    }

    @Test
    void aTemplateThatWouldFillTheMemoryIsStopped() {
        for (String template :
                List.of(
                        "{{ range(1000000000) }}",
                        "{{ 'x' * 1000000000000 }}",
                        "{% set ns = namespace(s='xxxxxxxx') %}{% for i in range(100) %}"
                                + "{% set ns.s = ns.s + ns.s %}{% endfor %}",
                        "{% set ns = namespace(s='xxxxxxxx') %}{% for i in range(100) %}"
                                + "{% set ns.s = ns.s.replace('x', 'xxxxxxxxxxx') %}{% endfor %}",
                        "{% set ns = namespace(s=[1, 2]) %}{% for i in range(100) %}"
                                + "{% set ns.s = ns.s + ns.s %}{% endfor %}",
                        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
                        "{{ " + "(".repeat(10_000) + "1" + ")".repeat(10_000) + " }}",
                        "{{ " + "not ".repeat(10_000) + "1 }}",
                        "{% if 1 %}".repeat(10_000))) {
            assertThatThrownBy(() -> render(template, Map.of()))
                    .isInstanceOf(TemplateException.class)
                    .hasMessageContaining("more than");
        }
    }

    @Test
    void damagedTemplatesOnlyEverYieldTheirException() throws Exception {
        Random random = new Random(11);
        JsonNode cases = cases();
        for (int round = 0; round < 500; round++) {
            JsonNode c = cases.get(random.nextInt(cases.size()));
            StringBuilder template = new StringBuilder(c.path("template").asText());
            for (int i = random.nextInt(3); i >= 0; i--) {
                int at = random.nextInt(template.length());
                if (random.nextBoolean()) {
                    template.deleteCharAt(at);
                } else {
                    template.insert(at, "{}%|.'[]()-+ x1".charAt(random.nextInt(15)));
                }
            }
            Map<String, Object> values =
                    MAPPER.convertValue(
                            c.path("values"), new TypeReference<Map<String, Object>>() {});
            try {
                assertThat(render(template.toString(), values)).isNotNull();
            } catch (TemplateException e) {
                assertThat(e.getMessage()).isNotNull();
            }
        }
    }

    private static String render(String template, Map<String, ?> values) {
        return ChatTemplate.parse(template).render(values, () -> NOW);
    }

    private static JsonNode cases() throws Exception {
        try (InputStream in =
                ChatTemplateTest.class.getResourceAsStream("/chat-templates/expected.json")) {
            return MAPPER.readTree(in);
        }
    }
}
