package dev.keyhole.provider;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ModelIdsTest {

    @Test
    void theConfigIsSortedAndWrittenAsJavaScriptWritesIt() throws Exception {
        Map<String, Object> one =
                config("{\"b\":1.0,\"a\":{\"y\":\"\\u001f\\\"/\",\"x\":[1e21,1e-7,0.5,-0.0]}}");
        Map<String, Object> other =
                config(
                        "{\"a\":{\"x\":[1000000000000000000000,1.0e-7,5e-1,0],\"y\":\"\\u001f\\\"/\"},\"b\":1}");

        assertThat(ModelIds.of("t", "s", one)).isEqualTo(ModelIds.of("t", "s", other));
        // SHA-256 of t:s:{"a":{"x":[1e+21,1e-7,0.5,0],"y":"\u001f\"/"},"b":1}, the text written by
        // JSON.stringify
        assertThat(ModelIds.of("t", "s", one)).isEqualTo("2849fa01676b1167");
    }

    @Test
    void aDescriptorCountsAsItsSource() throws Exception {
        assertThat(
                        ModelIds.of(
                                "t",
                                "s",
                                config("{\"vadModelSrc\":{\"src\":\"v\",\"name\":\"V\"}}")))
                .isEqualTo(ModelIds.of("t", "s", config("{\"vadModelSrc\":\"v\"}")));
    }

    @Test
    void everyPartCounts() throws Exception {
        Map<String, Object> none = config("{}");

        assertThat(ModelIds.of("t", "s", none))
                .hasSize(16)
                .isNotEqualTo(ModelIds.of("u", "s", none))
                .isNotEqualTo(ModelIds.of("t", "r", none))
                .isNotEqualTo(ModelIds.of("t", "s", config("{\"a\":null}")));
    }

    private static Map<String, Object> config(String json) throws Exception {
        return new ObjectMapper().readValue(json, new TypeReference<>() {});
    }
}
