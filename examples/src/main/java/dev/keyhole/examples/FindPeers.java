package dev.keyhole.examples;

import dev.keyhole.dht.Dht;
import dev.keyhole.dht.FoundPeers;
import dev.keyhole.transport.crypto.Blake2b;
import dev.keyhole.transport.wire.Bytes;

/** Finds out who announced a topic. */
public final class FindPeers {

    private FindPeers() {}

    /** Takes the name of the topic. */
    public static void main(String[] args) {
        Bytes topic = Blake2b.hash256(Bytes.utf8(args[0]));

        try (Dht dht = Dht.bind()) {
            dht.lookup(topic)
                    .flatMapIterable(FoundPeers::peers)
                    .map(FoundPeers.Peer::publicKey)
                    .distinct()
                    .doOnNext(System.out::println)
                    .blockLast();
        }
    }
}
