package dev.keyhole.transport.stream;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import dev.keyhole.transport.crypto.SecretStream.Encryptor;
import dev.keyhole.transport.fuzz.FuzzInput;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.Effects;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.udx.StreamMultiplexer;
import dev.keyhole.transport.udx.UdxStream;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.WireWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * One encrypted stream whose peer cuts, changes, repeats and leaves out what an honest one has sent.
 *
 * <p>Nothing is thrown, what the frame at hand takes stays within its bound, and the messages are the
 * first of those that were sent.
 */
public final class EncryptedStreamFuzz {

    private static final int MAX_STEPS = 200;
    private static final int FRAME_BYTES = 4096;
    private static final int DATA = 1;
    private static final int END = 2;

    private static final EncryptedStream.Settings SETTINGS =
            EncryptedStream.Settings.defaults().withFrameBytes(FRAME_BYTES);

    private static final Sessions SESSIONS = Sessions.of(1);
    private static final LocalSocket SOCKET = new LocalSocket(1, Address.loopback(1001));
    private static final Address PEER = Address.loopback(2001);

    private final FuzzInput input;
    private final Diary diary = new Diary();
    private final Forwarder forwarder = new Forwarder();
    private final StreamMultiplexer streams = new StreamMultiplexer(new Random(1));
    private final UdxStream raw = streams.open(forwarder);
    private final Encryptor encryptor = Encryptor.start(SESSIONS.initiator().tx(), new Random(3));
    private final EncryptedStream stream;

    /** What an honest peer has sent and the stream has not got. */
    private Bytes queued;

    private final List<Bytes> said = new ArrayList<>();
    private int seq;
    private long now;

    private EncryptedStreamFuzz(FuzzInput input) {
        this.input = input;
        stream =
                new EncryptedStream(SESSIONS.responder(), raw, diary, new Random(2), SETTINGS, now);
        forwarder.target = stream;
        raw.connect(SOCKET, PEER, 9, now);
        queued =
                new WireWriter()
                        .u24(EncryptedStream.HEADER_BYTES)
                        .bytes(EncryptedStream.streamId(SESSIONS.initiator(), true))
                        .bytes(encryptor.header())
                        .toBytes();
    }

    public static void fuzzerTestOneInput(byte[] bytes) {
        new EncryptedStreamFuzz(new FuzzInput(bytes)).run();
    }

    private void run() {
        for (int step = 0; step < MAX_STEPS && !input.isEmpty(); step++) {
            act();
            streams.expire(now);
            streams.drain(new Nowhere(), now);
            check();
        }
        stream.resume(now);
        now += SECONDS.toNanos(60);
        stream.expire(now);
        check();
        if (stream.deadlineNanos() <= now) {
            throw new AssertionError("a deadline that has passed");
        }
    }

    private void act() {
        switch (input.u8() % 12) {
            case 0, 1, 2 -> say(Bytes.wrap(new byte[input.u16() % 6000]));
            case 3, 4, 5, 6 -> receive(take(1 + input.u16() % 3000));
            case 7 -> receive(takeDamaged(1 + input.u8(), input.u8(), input.u8()));
            case 8 -> receive(input.bytes(input.u8()));
            case 9 -> {
                if (input.u8() % 2 == 0) {
                    stream.pause(now);
                } else {
                    stream.resume(now);
                }
            }
            case 10 -> manage();
            default -> {
                now += MILLISECONDS.toNanos(input.u16());
                stream.expire(now);
            }
        }
    }

    private void say(Bytes message) {
        Bytes sealed = encryptor.encrypt(message);
        if (sealed.length() <= FRAME_BYTES && !message.isEmpty()) {
            said.add(message);
        }
        queued =
                Bytes.concat(queued, new WireWriter().u24(sealed.length()).bytes(sealed).toBytes());
    }

    private Bytes take(int count) {
        int length = Math.min(count, queued.length());
        Bytes taken = queued.slice(0, length);
        queued = queued.slice(length);
        return taken;
    }

    private Bytes takeDamaged(int count, int at, int change) {
        byte[] bytes = take(count).toArray();
        if (bytes.length > 0) {
            bytes[at % bytes.length] ^= (byte) change;
        }
        return Bytes.wrap(bytes);
    }

    private void receive(Bytes chunk) {
        receive(DATA, chunk);
    }

    private void receive(int flags, Bytes chunk) {
        Bytes packet =
                new WireWriter()
                        .u8(0xff)
                        .u8(1)
                        .u8(flags)
                        .u8(0)
                        .u32(raw.localId() & 0xffff_ffffL)
                        .u32(4_194_304)
                        .u32(seq++)
                        .u32(0)
                        .bytes(chunk)
                        .toBytes();
        streams.receive(new Datagram(SOCKET, PEER, packet), now);
    }

    private void manage() {
        switch (input.u8() % 8) {
            case 0 -> receive(END, Bytes.EMPTY);
            case 1 -> stream.end(now);
            case 2 -> stream.message(input.bytes(input.u8()), now);
            case 3 -> stream.sendMessage(Bytes.wrap(new byte[input.u8()]), now);
            case 4 -> stream.close(SECONDS.toNanos(input.u8()), now);
            default -> stream.keepAlive(now);
        }
    }

    private void check() {
        int heard = diary.messages.size();
        if (heard > said.size() || !said.subList(0, heard).equals(diary.messages)) {
            throw new AssertionError("heard what nobody said");
        }
        if (!diary.unordered.isEmpty()) {
            throw new AssertionError("heard a message that nobody sent");
        }
        if (stream.frameCapacity() > 2 * FRAME_BYTES) {
            throw new AssertionError("a frame takes " + stream.frameCapacity() + " bytes");
        }
    }

    /** What becomes of what the stream sends. */
    private static final class Nowhere implements Effects {

        @Override
        public void send(LocalSocket socket, Address destination, Bytes payload) {}

        @Override
        public void open(int request) {
            throw new AssertionError("streams open no sockets");
        }

        @Override
        public void close(LocalSocket socket) {
            throw new AssertionError("streams close no sockets");
        }

        @Override
        public void deliver(Runnable notice) {
            throw new AssertionError("streams tell their listener directly");
        }
    }

    /** Passes on what the raw stream says. */
    private static final class Forwarder implements UdxStream.Listener {

        private EncryptedStream target;

        @Override
        public void data(Bytes data, long nowNanos) {
            target.data(data, nowNanos);
        }

        @Override
        public void message(Bytes message, long nowNanos) {
            target.message(message, nowNanos);
        }

        @Override
        public void ended(long nowNanos) {
            target.ended(nowNanos);
        }

        @Override
        public void writable(long nowNanos) {
            target.writable(nowNanos);
        }

        @Override
        public void closed(CloseReason reason, long nowNanos) {
            target.closed(reason, nowNanos);
        }
    }
}
