package dev.keyhole.dht.connect;

import dev.keyhole.dht.holepunch.HolepunchPayload;
import dev.keyhole.dht.message.AnnounceValue;
import dev.keyhole.dht.message.LookupValue;
import dev.keyhole.dht.message.MutablePut;
import dev.keyhole.dht.message.MutableValue;
import dev.keyhole.dht.message.PeerRecord;
import dev.keyhole.dht.message.PluginRequest;
import dev.keyhole.dht.message.Reply;
import dev.keyhole.dht.message.Request;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * All messages of the network: whatever arrives is read or malformed, and what was read says the same
 * when it is written and read again.
 */
public final class DhtMessagesFuzz {

    private static final List<Codec<?>> CODECS =
            List.of(
                    written(Request::decode, Request::encode),
                    written(Reply::decode, Reply::encode),
                    written(PeerRecord::decode, PeerRecord::encode),
                    written(AnnounceValue::decode, AnnounceValue::encode),
                    written(LookupValue::decode, LookupValue::encode),
                    written(MutablePut::decode, MutablePut::encode),
                    written(MutableValue::decode, MutableValue::encode),
                    written(PluginRequest::decode, PluginRequest::encode),
                    whole(HandshakeValue::decode, HandshakeValue::encode),
                    whole(HolepunchValue::decode, HolepunchValue::encode),
                    whole(HolepunchPayload::decode, HolepunchPayload::encode),
                    whole(NoisePayload::decode, NoisePayload::encode));

    private DhtMessagesFuzz() {}

    /** How a message is read. */
    @FunctionalInterface
    private interface Reading<T> {
        T of(Bytes bytes) throws MalformedException;
    }

    private record Codec<T>(Reading<T> reading, Function<T, Bytes> writing) {

        void test(Bytes bytes) {
            T message;
            try {
                message = reading.of(bytes);
            } catch (MalformedException e) {
                return;
            }
            Bytes again = writing.apply(message);
            try {
                if (!message.equals(reading.of(again))) {
                    throw new AssertionError("read as something else: " + message);
                }
            } catch (MalformedException e) {
                throw new AssertionError("cannot be read again: " + message, e);
            }
        }
    }

    /** The first byte says which message. */
    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length > 0) {
            Codec<?> codec = CODECS.get((input[0] & 0xff) % CODECS.size());
            codec.test(Bytes.wrap(input).slice(1));
        }
    }

    private static <T> Codec<T> written(
            WireReader.Decoder<T> decoder, BiConsumer<T, WireWriter> encoder) {
        return new Codec<>(
                bytes -> decoder.decode(new WireReader(bytes)),
                message -> {
                    WireWriter writer = new WireWriter();
                    encoder.accept(message, writer);
                    return writer.toBytes();
                });
    }

    private static <T> Codec<T> whole(Reading<T> reading, Function<T, Bytes> writing) {
        return new Codec<>(reading, writing);
    }
}
