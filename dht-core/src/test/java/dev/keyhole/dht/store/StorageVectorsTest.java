package dev.keyhole.dht.store;

import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.dht.announce.AnnounceSignature;
import dev.keyhole.dht.message.AnnounceValue;
import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.message.LookupValue;
import dev.keyhole.dht.message.MutablePut;
import dev.keyhole.dht.message.MutableValue;
import dev.keyhole.dht.message.PeerRecord;
import dev.keyhole.dht.routing.NodeId;
import dev.keyhole.dht.store.StoreAnswer.Shape;
import dev.keyhole.transport.Vectors;
import dev.keyhole.transport.crypto.Blake2b;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.identity.Seed;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class StorageVectorsTest {

    private static final JsonNode ANNOUNCE = Vectors.load("dht-announce");
    private static final JsonNode VALUES = Vectors.load("dht-storage");
    private static final NodeId SELF = new NodeId(Vectors.hex(ANNOUNCE.get("node"), "id"));
    private static final KeyPair KEY_A =
            KeyPair.fromSeed(Seed.of(Vectors.hex(ANNOUNCE.get("keyA"), "seed")));
    private static final Bytes TOPIC = Vectors.hex(ANNOUNCE, "topic");
    private static final Bytes TOKEN = Vectors.hex(ANNOUNCE, "token");
    private static final Address ASKER = Address.parse("10.1.2.3:40001");

    /** The vector whose bump was changed after it was signed. */
    private static final String OTHER_BUMP = "bump is not covered";

    private static final int BUFFER_BYTES = 1 << 16;
    private static final long WALL_CLOCK = 1_750_000_000_000L;

    private final Storage storage = new Storage(StoreLimits.DEFAULT, new Random(1));

    @TestFactory
    Stream<DynamicTest> announcesAreSignedAndJudgedAsTheOriginals() {
        return Vectors.each(
                ANNOUNCE.get("announces"),
                vector -> {
                    Storage fresh = new Storage(StoreLimits.DEFAULT, new Random(1));
                    Bytes target = Vectors.hex(vector, "target");
                    boolean accepted = vector.get("accepted").asBoolean();
                    Bytes value = Vectors.hex(vector, "value");

                    StoreAnswer answer =
                            handle(
                                    fresh,
                                    Command.External.ANNOUNCE,
                                    target,
                                    optional(vector.get("sentToken")),
                                    value);

                    assertThat(answer.shape()).isEqualTo(accepted ? Shape.BARE : Shape.SILENT);
                    if (accepted) {
                        if (!Vectors.text(vector, "name").startsWith(OTHER_BUMP)) {
                            assertThat(resigned(vector)).isEqualTo(value);
                        }
                        checkStored(fresh, vector);
                    } else {
                        assertThat(fresh.size()).isZero();
                    }
                });
    }

    @TestFactory
    Stream<DynamicTest> unannouncesAreSignedAndJudgedAsTheOriginals() {
        return Vectors.each(
                ANNOUNCE.get("unannounces"),
                vector -> {
                    Storage fresh = new Storage(StoreLimits.DEFAULT, new Random(1));
                    Bytes target = Vectors.hex(vector, "target");
                    AnnounceSignature signature = new AnnounceSignature(target, SELF, TOKEN);
                    handle(
                            fresh,
                            Command.External.ANNOUNCE,
                            target,
                            TOKEN,
                            signature.announce(KEY_A, List.of(), null, 0));
                    assertThat(fresh.size()).isEqualTo(1);

                    StoreAnswer answer =
                            handle(
                                    fresh,
                                    Command.External.UNANNOUNCE,
                                    target,
                                    TOKEN,
                                    Vectors.hex(vector, "value"));

                    boolean accepted = vector.get("accepted").asBoolean();
                    assertThat(answer.shape()).isEqualTo(accepted ? Shape.BARE : Shape.SILENT);
                    assertThat(fresh.size()).isEqualTo(accepted ? 0 : 1);
                });
    }

    @Test
    void refreshPreimageReAddsTheRecordAndRotates() {
        for (JsonNode step : ANNOUNCE.get("refresh").get("steps")) {
            storage.forget(TOPIC, KEY_A.publicKey());

            StoreAnswer answer = announce(TOPIC, Vectors.hex(step, "value"));

            boolean accepted = step.get("accepted").asBoolean();
            assertThat(answer.shape())
                    .as(Vectors.text(step, "name"))
                    .isEqualTo(accepted ? Shape.BARE : Shape.SILENT);
            assertThat(lookup(TOPIC).value() != null)
                    .as(Vectors.text(step, "name"))
                    .isEqualTo(accepted);
        }
    }

    @Test
    void lookupReplyCarriesBarePeerRecordsAndBump() {
        AnnounceSignature signature = new AnnounceSignature(TOPIC, SELF, TOKEN);
        List<Address> relays = List.of(Address.parse("10.20.30.1:41000"));
        JsonNode lookups = ANNOUNCE.get("lookups");
        assertThat(lookup(TOPIC).value()).isNull();
        assertThat(find(KEY_A.publicKey().target()).value()).isNull();

        announce(TOPIC, signature.announce(KEY_A, relays, null, 0));
        assertThat(lookup(TOPIC).value()).isEqualTo(valueOf(lookups.get(2)));

        announce(TOPIC, signature.announce(KEY_A, relays, null, 1_700_000_000_000L));
        assertThat(lookup(TOPIC).value()).isEqualTo(valueOf(lookups.get(3)));

        Bytes target = KEY_A.publicKey().target();
        announce(
                target,
                new AnnounceSignature(target, SELF, TOKEN).announce(KEY_A, List.of(), null, 0));
        assertThat(find(target).value()).isEqualTo(valueOf(lookups.get(4)));
        assertThat(lookup(target).value()).isEqualTo(valueOf(lookups.get(5)));
    }

    @Test
    void lookupReturnsARandomSampleOfAtMostTwentyRecords() throws Exception {
        List<PublicKey> keys = new ArrayList<>();
        List<Address> relays =
                List.of(ASKER, ASKER.withPort(2), ASKER.withPort(3), ASKER.withPort(4));
        for (int i = 0; i < 25; i++) {
            KeyPair keyPair = KeyPair.fromSeed(Seed.of(Bytes.random(new Random(i), 32)));
            keys.add(keyPair.publicKey());
            announce(
                    TOPIC,
                    new AnnounceSignature(TOPIC, SELF, TOKEN).announce(keyPair, relays, null, 0));
        }

        Bytes first = lookup(TOPIC).value();
        Bytes second = lookup(TOPIC).value();

        assertThat(first.length()).isEqualTo(1022);
        LookupValue value = LookupValue.decode(new WireReader(first));
        assertThat(value.peers()).hasSize(20).doesNotHaveDuplicates();
        assertThat(keys).containsAll(value.peers().stream().map(PeerRecord::publicKey).toList());
        assertThat(second).isNotEqualTo(first);
    }

    @Test
    void lookupAddsTheForwardEntryIfThereIsRoom() throws Exception {
        Bytes target = KEY_A.publicKey().target();
        AnnounceSignature signature = new AnnounceSignature(target, SELF, TOKEN);
        announce(target, signature.announce(KEY_A, List.of(), null, 0));
        for (int i = 0; i < 19; i++) {
            KeyPair keyPair = KeyPair.fromSeed(Seed.of(Bytes.random(new Random(i), 32)));
            announce(target, signature.announce(keyPair, List.of(), null, 0));
        }

        assertThat(LookupValue.decode(new WireReader(lookup(target).value())).peers())
                .hasSize(20)
                .last()
                .extracting(PeerRecord::publicKey)
                .isEqualTo(KEY_A.publicKey());

        KeyPair last = KeyPair.fromSeed(Seed.of(Bytes.random(new Random(20), 32)));
        announce(target, signature.announce(last, List.of(), null, 0));
        assertThat(LookupValue.decode(new WireReader(lookup(target).value())).peers())
                .hasSize(20)
                .extracting(PeerRecord::publicKey)
                .doesNotContain(KEY_A.publicKey());
    }

    @Test
    void storedRecordIsThePeerRecordNotTheAnnounce() {
        List<Address> relays = List.of(ASKER);
        Bytes secret = Bytes.random(new Random(8), 32);
        announce(
                TOPIC,
                new AnnounceSignature(TOPIC, SELF, TOKEN).announce(KEY_A, relays, secret, 77));

        Bytes expected =
                new WireWriter()
                        .uint(1)
                        .bytes(new PeerRecord(KEY_A.publicKey(), relays).toBytes())
                        .uint(77)
                        .toBytes();
        assertThat(lookup(TOPIC).value()).isEqualTo(expected);
    }

    @Test
    void signatureIsCheckedBeforeTheRelayListIsCut() throws Exception {
        List<Address> five =
                List.of(
                        ASKER,
                        ASKER.withPort(2),
                        ASKER.withPort(3),
                        ASKER.withPort(4),
                        ASKER.withPort(5));
        Bytes signed = new AnnounceSignature(TOPIC, SELF, TOKEN).announce(KEY_A, five, null, 0);
        AnnounceValue value = AnnounceValue.decode(new WireReader(signed));
        Bytes cutByAStranger =
                new AnnounceValue(
                                new PeerRecord(KEY_A.publicKey(), five.subList(0, 3)),
                                null,
                                value.signature(),
                                0)
                        .toBytes();

        assertThat(announce(TOPIC, cutByAStranger).shape()).isEqualTo(Shape.SILENT);
        assertThat(announce(TOPIC, signed).shape()).isEqualTo(Shape.BARE);
        assertThat(LookupValue.decode(new WireReader(lookup(TOPIC).value())).peers())
                .extracting(PeerRecord::relayAddresses)
                .containsExactly(five.subList(0, 3));
    }

    @Test
    void forwardEntryIsMadeOnlyByASelfAnnounce() {
        Bytes target = KEY_A.publicKey().target();
        KeyPair other = KeyPair.fromSeed(Seed.of(Bytes.random(new Random(9), 32)));
        AnnounceSignature signature = new AnnounceSignature(target, SELF, TOKEN);

        announce(target, signature.announce(other, List.of(), null, 0));
        announce(
                TOPIC,
                new AnnounceSignature(TOPIC, SELF, TOKEN).announce(KEY_A, List.of(), null, 0));
        assertThat(storage.forwards().find(target, 0)).isEmpty();
        assertThat(storage.forwards().find(TOPIC, 0)).isEmpty();

        announce(target, signature.announce(KEY_A, List.of(), null, 0));
        assertThat(storage.forwards().find(target, 0).orElseThrow().relayAddress()).contains(ASKER);
    }

    @Test
    void keptSlicesDoNotPinReceiveBuffers() {
        Bytes value = Bytes.utf8("kept");
        Bytes hash = Blake2b.hash256(value);
        AnnounceSignature signature = new AnnounceSignature(TOPIC, SELF, TOKEN);
        Bytes target = KEY_A.publicKey().target();
        MutableValue mutable = MutableValue.sign(KEY_A, 1, value);
        Bytes put = new MutablePut(KEY_A.publicKey(), mutable).toBytes();

        handle(storage, Command.External.IMMUTABLE_PUT, inBuffer(hash), TOKEN, inBuffer(value));
        handle(storage, Command.External.MUTABLE_PUT, inBuffer(target), TOKEN, inBuffer(put));
        announce(inBuffer(TOPIC), inBuffer(signature.announce(KEY_A, List.of(), TOKEN, 5)));

        assertThat(storage.size()).isEqualTo(5);
        assertThat(reachableBytes(storage, Collections.newSetFromMap(new IdentityHashMap<>())))
                .isLessThan(BUFFER_BYTES);
    }

    /** The length of all byte arrays that an object of ours holds on to. */
    private static long reachableBytes(@Nullable Object from, Set<Object> seen) {
        if (from == null || !seen.add(from)) {
            return 0;
        }
        if (from instanceof byte[] array) {
            return array.length;
        }
        long sum = 0;
        if (from instanceof Map<?, ?> map) {
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                sum += reachableBytes(entry.getKey(), seen);
                sum += reachableBytes(entry.getValue(), seen);
            }
        } else if (from instanceof Collection<?> collection) {
            for (Object element : collection) {
                sum += reachableBytes(element, seen);
            }
        } else if (from.getClass().getName().startsWith("dev.keyhole")) {
            for (Field field : from.getClass().getDeclaredFields()) {
                if (!Modifier.isStatic(field.getModifiers()) && !field.getType().isPrimitive()) {
                    sum += reachableBytes(valueOf(field, from), seen);
                }
            }
        }
        return sum;
    }

    private static @Nullable Object valueOf(Field field, Object of) {
        try {
            field.setAccessible(true);
            return field.get(of);
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        }
    }

    /** A slice of a buffer that many datagrams share. */
    private static Bytes inBuffer(Bytes bytes) {
        byte[] buffer = new byte[BUFFER_BYTES];
        bytes.copyTo(buffer, 1000);
        return Bytes.wrap(buffer, 1000, bytes.length());
    }

    @Test
    void reannounceReplacesTheStoredRecord() throws Exception {
        AnnounceSignature signature = new AnnounceSignature(TOPIC, SELF, TOKEN);
        announce(TOPIC, signature.announce(KEY_A, List.of(ASKER), null, 0));

        announce(TOPIC, signature.announce(KEY_A, List.of(ASKER.withPort(9)), null, 0));

        LookupValue value = LookupValue.decode(new WireReader(lookup(TOPIC).value()));
        assertThat(value.peers())
                .extracting(PeerRecord::relayAddresses)
                .containsExactly(List.of(ASKER.withPort(9)));
    }

    @Test
    void bumpIsKeptOnlyIfNewerAndNotFromTheFuture() {
        AnnounceSignature signature = new AnnounceSignature(TOPIC, SELF, TOKEN);

        assertThat(bumpAfter(signature, 500)).isEqualTo(500);
        assertThat(bumpAfter(signature, 400)).isEqualTo(500);
        assertThat(bumpAfter(signature, WALL_CLOCK + 60_000)).isEqualTo(WALL_CLOCK + 60_000);
        assertThat(bumpAfter(signature, WALL_CLOCK + 60_001)).isEqualTo(WALL_CLOCK + 60_000);

        storage.forget(TOPIC, KEY_A.publicKey());
        assertThat(lookup(TOPIC).value()).as("no records, no value").isNull();
        Bytes target = KEY_A.publicKey().target();
        AnnounceSignature self = new AnnounceSignature(target, SELF, TOKEN);
        announce(target, self.announce(KEY_A, List.of(), null, 500));
        assertThat(lookup(target).value().at(lookup(target).value().length() - 1))
                .as("topics only")
                .isZero();
    }

    @Test
    void forwardEntriesExpireButLocalServersDoNot() {
        Bytes target = KEY_A.publicKey().target();
        Bytes other = Bytes.random(new Random(4), 32);
        announce(
                target,
                new AnnounceSignature(target, SELF, TOKEN).announce(KEY_A, List.of(), null, 0));
        storage.forwards().addLocal(other, TOKEN);
        long old = MINUTES.toNanos(30);

        assertThat(storage.forwards().find(target, 0)).isPresent();
        assertThat(storage.forwards().find(target, old)).isEmpty();
        assertThat(storage.forwards().find(other, old)).isPresent();
    }

    @Test
    void remoteUnannounceCannotUnlinkALocalServer() {
        Bytes target = KEY_A.publicKey().target();
        storage.forwards().addLocal(target, TOKEN);
        AnnounceSignature signature = new AnnounceSignature(target, SELF, TOKEN);

        handle(storage, Command.External.UNANNOUNCE, target, TOKEN, signature.unannounce(KEY_A));
        announce(target, signature.announce(KEY_A, List.of(), null, 0));

        assertThat(storage.forwards().find(target, 0).orElseThrow().isLocal()).isTrue();
    }

    @TestFactory
    Stream<DynamicTest> mutableValuesAreTheOriginals() {
        return Vectors.each(
                VALUES.get("mutables"),
                vector -> {
                    MutableValue value =
                            MutableValue.sign(KEY_A, vector.get("seq").asLong(), value(vector));

                    assertThat(value.signature()).isEqualTo(Vectors.hex(vector, "signature"));
                    assertThat(value.toBytes()).isEqualTo(Vectors.hex(vector, "getResponseValue"));
                    assertThat(new MutablePut(KEY_A.publicKey(), value).toBytes())
                            .isEqualTo(Vectors.hex(vector, "putValue"));
                    assertThat(KEY_A.publicKey().target()).isEqualTo(Vectors.hex(vector, "target"));
                });
    }

    @Test
    void mutableRulesAreTheOriginals() {
        Bytes target = KEY_A.publicKey().target();
        for (JsonNode rule : VALUES.get("mutableRules")) {
            StoreAnswer answer =
                    handle(
                            storage,
                            Command.External.valueOf(Vectors.text(rule, "command")),
                            target,
                            optional(rule.get("token")),
                            optional(rule.get("value")));

            String name = Vectors.text(rule, "name");
            switch (Vectors.text(rule, "result")) {
                case "no reply" -> assertThat(answer.shape()).as(name).isEqualTo(Shape.SILENT);
                case "error 16", "error 17" ->
                        assertThat("error " + answer.error().number())
                                .as(name)
                                .isEqualTo(Vectors.text(rule, "result"));
                default -> {
                    assertThat(answer.shape()).as(name).isEqualTo(Shape.FULL);
                    assertThat(answer.value())
                            .as(name)
                            .isEqualTo(optional(rule.get("answer").get("value")));
                }
            }
        }
    }

    @TestFactory
    Stream<DynamicTest> immutableValuesAreJudgedAsTheOriginals() {
        return Vectors.each(
                VALUES.get("immutables"),
                vector -> {
                    Storage fresh = new Storage(StoreLimits.DEFAULT, new Random(1));
                    Bytes target = Vectors.hex(vector, "target");
                    boolean token = !vector.has("token");

                    StoreAnswer put =
                            handle(
                                    fresh,
                                    Command.External.IMMUTABLE_PUT,
                                    target,
                                    token ? TOKEN : null,
                                    Vectors.hex(vector, "putValue"));
                    StoreAnswer get =
                            handle(fresh, Command.External.IMMUTABLE_GET, target, null, null);

                    boolean accepted = vector.path("accepted").asBoolean(true);
                    assertThat(put.shape()).isEqualTo(accepted ? Shape.FULL : Shape.SILENT);
                    assertThat(get.value()).isEqualTo(optional(vector.path("getResponseValue")));
                });
    }

    @Test
    void mutableAndImmutableValuesLiveForTwoDays() {
        Bytes value = Bytes.utf8("hello");
        Bytes target = Blake2b.hash256(value);
        handle(storage, Command.External.IMMUTABLE_PUT, target, TOKEN, value);
        StoreRequest get =
                new StoreRequest(Command.External.IMMUTABLE_GET, ASKER, target, null, null);

        announce(
                TOPIC,
                new AnnounceSignature(TOPIC, SELF, TOKEN).announce(KEY_A, List.of(), null, 9));
        StoreRequest lookup = new StoreRequest(Command.External.LOOKUP, ASKER, TOPIC, null, null);
        assertThat(storage.handle(lookup, SELF, MINUTES.toNanos(13), 0).value()).isNotNull();
        assertThat(storage.handle(lookup, SELF, MINUTES.toNanos(27), 0).value()).isNull();

        StoreAnswer afterADay = storage.handle(get, SELF, MINUTES.toNanos(24 * 60), 0);
        StoreAnswer afterThree = storage.handle(get, SELF, MINUTES.toNanos(72 * 60), 0);

        assertThat(afterADay.value()).isEqualTo(value);
        assertThat(afterThree.value()).isNull();
    }

    private long bumpAfter(AnnounceSignature signature, long bump) {
        announce(TOPIC, signature.announce(KEY_A, List.of(), null, bump));
        try {
            return LookupValue.decode(new WireReader(lookup(TOPIC).value())).bump();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static Bytes resigned(JsonNode vector) {
        List<Address> relays = new ArrayList<>();
        for (JsonNode relay : vector.get("relayAddresses")) {
            relays.add(Address.of(relay.get("host").asText(), relay.get("port").asInt()));
        }
        return new AnnounceSignature(
                        Vectors.hex(vector, "target"),
                        new NodeId(Vectors.hex(vector, "nodeId")),
                        Vectors.hex(vector, "token"))
                .announce(
                        KEY_A,
                        relays,
                        optional(vector.get("refresh")),
                        vector.get("bump").asLong());
    }

    private void checkStored(Storage fresh, JsonNode vector) throws Exception {
        Bytes target = Vectors.hex(vector, "target");
        Bytes record = Vectors.hex(vector, "storedRecord");
        boolean self = target.equals(KEY_A.publicKey().target());
        Bytes found =
                handle(
                                fresh,
                                self ? Command.External.FIND_PEER : Command.External.LOOKUP,
                                target,
                                null,
                                null)
                        .value();
        if (self) {
            assertThat(found).isEqualTo(record);
            assertThat(fresh.forwards().find(target, 0).orElseThrow().relayAddress())
                    .contains(ASKER);
            return;
        }
        LookupValue value = LookupValue.decode(new WireReader(found));
        assertThat(value.peers()).extracting(PeerRecord::toBytes).containsExactly(record);
        assertThat(value.bump()).isEqualTo(vector.get("storedBump").asLong());
        AnnounceValue announced =
                AnnounceValue.decode(new WireReader(Vectors.hex(vector, "value")));
        assertThat(announced.toBytes()).isEqualTo(Vectors.hex(vector, "value"));
    }

    private StoreAnswer announce(Bytes target, Bytes value) {
        return handle(storage, Command.External.ANNOUNCE, target, TOKEN, value);
    }

    private StoreAnswer lookup(Bytes target) {
        return handle(storage, Command.External.LOOKUP, target, null, null);
    }

    private StoreAnswer find(Bytes target) {
        return handle(storage, Command.External.FIND_PEER, target, null, null);
    }

    private static StoreAnswer handle(
            Storage storage, Command.External command, Bytes target, Bytes token, Bytes value) {
        return storage.handle(
                new StoreRequest(command, ASKER, target, token, value), SELF, 0, WALL_CLOCK);
    }

    private static Bytes valueOf(JsonNode lookup) {
        return Vectors.hex(lookup.get("answer"), "value");
    }

    private static Bytes value(JsonNode vector) {
        return Vectors.hex(vector, "value");
    }

    private static Bytes optional(JsonNode node) {
        return node.isNull() || node.isMissingNode() ? null : Vectors.hex(node);
    }
}
