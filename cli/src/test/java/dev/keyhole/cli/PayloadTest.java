package dev.keyhole.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.keyhole.transport.wire.Bytes;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.Test;

class PayloadTest {

    @Test
    void beginsAsOtherProgramsBeginIt() {
        assertThat(new Payload(1).next(8)).isEqualTo(Bytes.ofHex("2120040001060804"));
    }

    @Test
    void itsFirstKibibyteHasTheKnownHash() {
        Bytes kibibyte = new Payload(1).next(1024);

        assertThat(DigestUtils.sha256Hex(kibibyte.toArray()))
                .isEqualTo("b3992d40104b3cdedee3550755009b044c1af4908483240a30845c9ab3ed51d9");
    }

    @Test
    void isTheSameInPiecesOfAnyLength() {
        var inPieces = new Payload(7);

        Bytes joined = Bytes.concat(inPieces.next(3), inPieces.next(0), inPieces.next(14));

        assertThat(joined).isEqualTo(new Payload(7).next(17));
    }

    @Test
    void zeroIsRefused() {
        assertThatThrownBy(() -> new Payload(0)).hasMessageContaining("must not be 0");
    }
}
