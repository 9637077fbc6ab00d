package dev.keyhole.dht.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.sun.management.ThreadMXBean;
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
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever is done to real datagrams, it is dropped and counted, and the node lives on. */
class MalformedInputTest {

    private static final List<Bytes> CORPUS = new ArrayList<>();
    private static final Bytes ADDRESS = Bytes.of(10, 0, 0, 1, 1, 0);
    private static final Bytes KEY = Bytes.random(new Random(1), 32);

    private static final List<WireReader.Decoder<?>> DECODERS =
            List.of(
                    Request::decode,
                    Reply::decode,
                    PeerRecord::decode,
                    AnnounceValue::decode,
                    LookupValue::decode,
                    MutablePut::decode);

    static {
        for (String file : List.of("dht-rpc-messages", "dht-announce", "dht-storage")) {
            CORPUS.addAll(Vectors.allHex(Vectors.load(file)));
        }
        CORPUS.removeIf(bytes -> bytes.length() > RpcNode.MAX_DATAGRAM);
    }

    @Seeds(20)
    void damagedMessagesOnlyEverYieldMalformedException(long seed) {
        Random random = new Random(seed);
        for (Bytes bytes : CORPUS) {
            Bytes damaged = damage(bytes, random);
            for (WireReader.Decoder<?> decoder : DECODERS) {
                try {
                    decoder.decode(new WireReader(damaged));
                } catch (MalformedException e) {
                    assertThat(e.getStackTrace()).isEmpty();
                }
            }
        }
    }

    @Test
    void claimedLengthsNeverDriveAllocation() {
        Address from = Address.parse("10.2.3.4:5");
        long most = (1L << 53) - 1;
        List<Bytes> liars = new ArrayList<>();
        for (long claim : new long[] {1000, 0x100000, Integer.MAX_VALUE, 1L << 32, most}) {
            // A value, closer nodes, a peer's relays and a lookup's peers, of a claimed length.
            liars.add(
                    new WireWriter()
                            .u8(Request.TYPE)
                            .uint(16)
                            .u16(1)
                            .bytes(ADDRESS)
                            .uint(9)
                            .uint(claim)
                            .toBytes());
            liars.add(
                    new WireWriter()
                            .u8(Reply.TYPE)
                            .uint(4)
                            .u16(1)
                            .bytes(ADDRESS)
                            .uint(claim)
                            .bytes(ADDRESS)
                            .toBytes());
            liars.add(new WireWriter().uint(1).bytes(KEY).uint(claim).bytes(ADDRESS).toBytes());
            liars.add(new WireWriter().uint(claim).bytes(KEY).uint(0).toBytes());
            liars.add(new WireWriter().bytes(KEY).uint(1).uint(claim).bytes(KEY).toBytes());
        }
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

        long before = threads.getCurrentThreadAllocatedBytes();
        int refused = 0;
        for (Bytes liar : liars) {
            for (WireReader.Decoder<?> decoder : DECODERS) {
                try {
                    decoder.decode(new WireReader(liar));
                } catch (MalformedException e) {
                    refused++;
                }
            }
        }

        assertThat(refused).isGreaterThan(liars.size());
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(1 << 20);
        Swarm swarm = new Swarm(1, 2);
        RpcNode node = swarm.nodes.get(0);
        long malformed = node.malformedDatagrams();
        liars.forEach(l -> node.receive(new Datagram(node.serverSocket(), from, l), 0));
        assertThat(node.malformedDatagrams() - malformed).isEqualTo(10);
    }

    @Seeds(1)
    void malformedMessageIsDroppedAndNeverThrown(long seed) {
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
