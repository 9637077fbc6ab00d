package dev.keyhole.dht.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.keyhole.dht.message.AnnounceValue;
import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.message.LookupValue;
import dev.keyhole.dht.message.MutablePut;
import dev.keyhole.dht.message.PeerRecord;
import dev.keyhole.dht.message.Reply;
import dev.keyhole.dht.message.Request;
import dev.keyhole.transport.Seeds;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Whatever is done to real datagrams, it is dropped and counted, and the node lives on. */
class MalformedInputTest {

    private static final List<Bytes> CORPUS = new ArrayList<>();

    static {
        for (String file : List.of("dht-rpc-messages", "dht-announce", "dht-storage")) {
            CORPUS.addAll(Vectors.allHex(Vectors.load(file)));
        }
        CORPUS.removeIf(bytes -> bytes.length() > RpcNode.MAX_DATAGRAM);
    }

    @Seeds(20)
    void damagedMessagesOnlyEverYieldMalformedException(long seed) {
        Random random = new Random(seed);
        List<WireReader.Decoder<?>> decoders =
                List.of(
                        Request::decode,
                        Reply::decode,
                        PeerRecord::decode,
                        AnnounceValue::decode,
                        LookupValue::decode,
                        MutablePut::decode);

        for (Bytes bytes : CORPUS) {
            Bytes damaged = damage(bytes, random);
            for (WireReader.Decoder<?> decoder : decoders) {
                try {
                    decoder.decode(new WireReader(damaged));
                } catch (MalformedException e) {
                    assertThat(e.getStackTrace()).isEmpty();
                }
            }
        }
    }

    @Seeds(1)
    void nodeUnderGarbageStillAnswers(long seed) {
        Swarm swarm = new Swarm(seed, 4);
        RpcNode node = swarm.nodes.get(0);
        RpcNode asker = swarm.bystander(50);
        Address at = node.serverSocket().local();
        Random random = new Random(seed);

        for (int i = 0; i < 20_000; i++) {
            Address from = Address.of("10.2." + random.nextInt(3) + ".1", random.nextInt(65536));
            Datagram garbage =
                    new Datagram(
                            random.nextBoolean() ? node.serverSocket() : node.clientSocket(),
                            from,
                            garbage(random));
            assertThatCode(() -> node.receive(garbage, swarm.net.now()))
                    .as(garbage.payload().toHex())
                    .doesNotThrowAnyException();
            if (i % 100 == 0) {
                swarm.net.run(1_000_000);
            }
        }

        assertThat(node.malformedDatagrams()).isGreaterThan(1000);
        assertThat(node.ignoredDatagrams()).isGreaterThan(1000);
        assertThat(swarm.ask(asker, at, Command.PING)).isNotNull();
        swarm.net.run(60_000_000_000L);
        assertThat(node.tableSize()).as("nobody forged is in").isLessThanOrEqualTo(3);
        assertThat(node.requestsInFlight()).isLessThan(50);
    }

    private static Bytes garbage(Random random) {
        Bytes seed = CORPUS.get(random.nextInt(CORPUS.size()));
        return switch (random.nextInt(4)) {
            case 0 -> Bytes.random(random, random.nextInt(100));
            case 1 -> damage(seed, random);
            default ->
                    // A valid beginning, so that what is behind it is looked at.
                    damage(
                            new WireWriter()
                                    .u8(random.nextBoolean() ? Request.TYPE : Reply.TYPE)
                                    .uint(random.nextInt(32))
                                    .bytes(seed)
                                    .toBytes(),
                            random);
        };
    }

    private static Bytes damage(Bytes bytes, Random random) {
        byte[] array = bytes.toArray();
        int changes = random.nextInt(4);
        for (int i = 0; i < changes && array.length > 0; i++) {
            int at = random.nextInt(array.length);
            array[at] =
                    switch (random.nextInt(4)) {
                        case 0 -> (byte) 0xff;
                        case 1 -> (byte) 0xfe;
                        case 2 -> (byte) (array[at] ^ 1 << random.nextInt(8));
                        default -> (byte) random.nextInt(256);
                    };
        }
        Bytes changed = Bytes.wrap(array);
        return switch (random.nextInt(3)) {
            case 0 -> changed.slice(0, random.nextInt(array.length + 1));
            case 1 -> Bytes.concat(changed, Bytes.random(random, random.nextInt(20)));
            default -> changed;
        };
    }
}
