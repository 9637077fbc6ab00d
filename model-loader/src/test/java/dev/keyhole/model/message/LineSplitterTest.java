package dev.keyhole.model.message;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LineSplitterTest {

    @Test
    void theLinesAreTheSameWhereverTheStreamIsCut() throws Exception {
        byte[] stream = "{\"a\":\"é😀\"}\n\n  \r\n{\"b\":2}\n".getBytes(UTF_8);
        for (int cut = 0; cut <= stream.length; cut++) {
            LineSplitter splitter = new LineSplitter();

            List<byte[]> lines = new ArrayList<>();
            lines.addAll(splitter.split(Arrays.copyOf(stream, cut)));
            lines.addAll(splitter.split(Arrays.copyOfRange(stream, cut, stream.length)));

            assertThat(lines)
                    .extracting(line -> new String(line, UTF_8))
                    .containsExactly("{\"a\":\"é😀\"}", "{\"b\":2}");
        }
    }

    @Test
    void aLastLineWithoutItsLineFeedIsNotLost() throws Exception {
        LineSplitter splitter = new LineSplitter();
        assertThat(splitter.split("a\nb".getBytes(UTF_8))).hasSize(1);

        assertThat(splitter.rest()).hasValueSatisfying(rest -> assertThat(rest).contains('b'));
        assertThat(splitter.rest()).isEmpty();
    }

    @Test
    void aLineMayBeAsLongAsTheLimitAndNotLonger() throws Exception {
        LineSplitter splitter = new LineSplitter(1000);
        assertThat(splitter.split(new byte[1000])).isEmpty();
        assertThat(splitter.split("\n".getBytes(UTF_8))).hasSize(1);

        splitter.split(new byte[999]);
        assertThatThrownBy(() -> splitter.split(new byte[2]))
                .isInstanceOf(InvalidMessageException.class)
                .hasMessageContaining("1000");
    }

    @Test
    void manyLinesInOneChunkNeedNotFitTheLimitTogether() throws Exception {
        LineSplitter splitter = new LineSplitter(10);

        assertThat(splitter.split("12345678\n".repeat(50).getBytes(UTF_8))).hasSize(50);
    }
}
