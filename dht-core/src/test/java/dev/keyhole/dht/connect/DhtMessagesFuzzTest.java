package dev.keyhole.dht.connect;

import dev.keyhole.transport.fuzz.Corpus;
import org.junit.jupiter.api.Test;

/** What the fuzzer has once found worth keeping does no harm. */
class DhtMessagesFuzzTest {

    @Test
    void messagesOfTheNetwork() {
        Corpus.replay(DhtMessagesFuzz.class, DhtMessagesFuzz::fuzzerTestOneInput);
    }
}
