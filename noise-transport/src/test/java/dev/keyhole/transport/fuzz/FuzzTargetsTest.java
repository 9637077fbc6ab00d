package dev.keyhole.transport.fuzz;

import dev.keyhole.transport.noise.NoiseFuzz;
import dev.keyhole.transport.rpc.RpcFuzz;
import dev.keyhole.transport.stream.EncryptedStreamFuzz;
import dev.keyhole.transport.udx.SeqRangesFuzz;
import dev.keyhole.transport.udx.UdxStreamFuzz;
import org.junit.jupiter.api.Test;

/** What the fuzzer has once found worth keeping does no harm. */
class FuzzTargetsTest {

    @Test
    void packetsAndStreams() {
        Corpus.replay(UdxStreamFuzz.class, UdxStreamFuzz::fuzzerTestOneInput);
    }

    @Test
    void rangesOfNumbers() {
        Corpus.replay(SeqRangesFuzz.class, SeqRangesFuzz::fuzzerTestOneInput);
    }

    @Test
    void framesOfSecretStreams() {
        Corpus.replay(EncryptedStreamFuzz.class, EncryptedStreamFuzz::fuzzerTestOneInput);
    }

    @Test
    void framesOfRpc() {
        Corpus.replay(RpcFuzz.class, RpcFuzz::fuzzerTestOneInput);
    }

    @Test
    void messagesOfHandshakes() {
        Corpus.replay(NoiseFuzz.class, NoiseFuzz::fuzzerTestOneInput);
    }
}
