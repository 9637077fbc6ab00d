package dev.keyhole.transport.noise;

import dev.keyhole.transport.fuzz.FuzzInput;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.Seed;
import dev.keyhole.transport.wire.Bytes;
import java.util.Random;

/** Each step of both handshakes, with a message of the step before it that somebody has changed. */
public final class NoiseFuzz {

    private static final KeyPair ALICE = keyPair(1);
    private static final KeyPair BOB = keyPair(2);
    private static final Bytes PROLOGUE = Bytes.utf8("prologue");
    private static final Bytes PAYLOAD = Bytes.utf8("payload");

    private NoiseFuzz() {}

    public static void fuzzerTestOneInput(byte[] bytes) {
        FuzzInput input = new FuzzInput(bytes);
        int step = input.u8() % 5;
        int way = input.u8() % 4;
        try {
            switch (step) {
                case 0 -> {
                    Bytes first = ikInitiator().message();
                    Bytes message = changed(first, way, input);
                    IkResponder responder = IkResponder.read(BOB, PROLOGUE, message);
                    require(message.equals(first) && responder.payload().equals(PAYLOAD));
                }
                case 1 -> {
                    Bytes answer = ikAnswer();
                    Bytes message = changed(answer, way, input);
                    Finished finished = ikInitiator().read(message);
                    require(message.equals(answer) && finished.payload().equals(PAYLOAD));
                }
                // The first message of XX says nothing that could be wrong.
                case 2 -> XxResponder.read(BOB, PROLOGUE, changed(xxFirst(), way, input));
                case 3 -> {
                    Bytes answer = xxReplied().message();
                    Bytes message = changed(answer, way, input);
                    xxInitiator().read(message);
                    require(message.equals(answer));
                }
                default -> {
                    Bytes last = xxInitiator().read(xxReplied().message()).write(PAYLOAD).message();
                    Bytes message = changed(last, way, input);
                    require(xxReplied().read(message).payload().equals(PAYLOAD));
                    require(message.equals(last));
                }
            }
        } catch (HandshakeException e) {
            // As it should be.
        }
    }

    private static void require(boolean condition) {
        if (!condition) {
            throw new AssertionError("a message was believed that nobody wrote");
        }
    }

    private static Bytes changed(Bytes message, int way, FuzzInput input) {
        return switch (way) {
            case 0 -> input.rest();
            case 1 -> message.slice(0, Math.min(input.u8(), message.length()));
            case 2 -> Bytes.concat(message, input.rest());
            default -> replaced(message, input.u8(), input.rest());
        };
    }

    private static Bytes replaced(Bytes message, int at, Bytes by) {
        byte[] bytes = message.toArray();
        for (int i = 0; i < by.length() && at + i < bytes.length; i++) {
            bytes[at + i] = (byte) by.unsignedAt(i);
        }
        return Bytes.wrap(bytes);
    }

    private static IkInitiator ikInitiator() throws HandshakeException {
        return IkInitiator.write(ALICE, BOB.publicKey(), PROLOGUE, PAYLOAD, new Random(3));
    }

    private static Bytes ikAnswer() throws HandshakeException {
        return IkResponder.read(BOB, PROLOGUE, ikInitiator().message())
                .reply(PAYLOAD, new Random(4))
                .message();
    }

    private static XxInitiator xxInitiator() {
        return XxInitiator.write(ALICE, PROLOGUE, PAYLOAD, new Random(3));
    }

    private static Bytes xxFirst() {
        return xxInitiator().message();
    }

    private static XxResponder.Replied xxReplied() throws HandshakeException {
        return XxResponder.read(BOB, PROLOGUE, xxFirst()).reply(PAYLOAD, new Random(4));
    }

    private static KeyPair keyPair(long seed) {
        return KeyPair.fromSeed(Seed.of(Bytes.random(new Random(seed), Seed.LENGTH)));
    }
}
