package dev.keyhole.transport.udx;

import static java.util.concurrent.TimeUnit.MICROSECONDS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.MINUTES;

import dev.keyhole.transport.fuzz.FuzzInput;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.net.Datagram;
import dev.keyhole.transport.net.LocalSocket;
import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import java.util.stream.IntStream;

/**
 * One stream, its application and its peer, all of whom do what the input says.
 *
 * <p>Whatever they do, nothing is thrown, no bound is passed and no timer is lost; and a peer that
 * numbers the same data the same way is heard in order and once.
 */
public final class UdxStreamFuzz {

    private static final int MAX_STEPS = 400;

    private final FuzzInput input;
    private final int windowBytes;
    private final int firstSeq;
    private final int firstRemoteSeq;
    private final Listener inbox = new Listener();
    private final LoneStream lone;

    private boolean peerIsHonest = true;
    private boolean ending;

    private UdxStreamFuzz(FuzzInput input) {
        this.input = input;
        int habits = input.u8();
        this.windowBytes =
                (habits & 1) == 0
                        ? UdxStream.DEFAULT_WINDOW_BYTES
                        : UdxStream.MIN_WINDOW_BYTES + input.u16();
        this.firstSeq = (habits & 2) == 0 ? 0 : -input.u8();
        this.firstRemoteSeq = (habits & 4) == 0 ? 0 : Integer.MAX_VALUE - input.u8();
        inbox.packet = firstRemoteSeq;
        this.lone = new LoneStream(inbox, LoneStream.LOCAL_ID, windowBytes);
        lone.stream.startAt(firstSeq, firstRemoteSeq);
        lone.now = (habits & 8) == 0 ? 0 : MINUTES.toNanos(1_000_000);
        inbox.paused = (habits & 16) != 0;
        if ((habits & 32) == 0) {
            lone.connect(LoneStream.REMOTE_ID);
        }
    }

    public static void fuzzerTestOneInput(byte[] bytes) {
        new UdxStreamFuzz(new FuzzInput(bytes)).run();
    }

    private void run() {
        for (int step = 0; step < MAX_STEPS && !input.isEmpty(); step++) {
            act();
            lone.drain();
            lone.recorder.take();
            check();
        }
        lone.now += MINUTES.toNanos(2);
        lone.multiplexer.expire(lone.now);
        lone.drain();
        check();
    }

    private void act() {
        switch (input.u8() % 16) {
            case 0, 1, 2, 3 -> receiveData();
            case 4, 5 -> receiveAck();
            case 6 -> receiveAnything();
            case 7 -> receiveRaw();
            case 8 -> write();
            case 9 -> read();
            case 10, 11 -> pass();
            case 12 -> manage();
            case 13 -> move();
            case 14 -> lone.stream.sendMessage(Bytes.wrap(new byte[input.u8()]), lone.now);
            default -> receiveMany();
        }
    }

    /** A packet whose data depend on nothing but its number. */
    private void receiveData() {
        int flags = PacketHeader.DATA | input.u8() & PacketHeader.SACK;
        receiveNumbered(flags, nearby(nextRemote()));
    }

    private void receiveNumbered(int flags, int seq) {
        receive(flags, seq, nearbyAck(), payload(seq));
    }

    /** A row of packets, with gaps. */
    private void receiveMany() {
        int seq = nearby(nextRemote());
        int step = 1 + input.u8() % 3;
        int count = input.u8();
        for (int i = 0; i < count; i++) {
            receiveNumbered(PacketHeader.DATA, seq);
            seq += step;
        }
    }

    private void receiveAck() {
        int blocks = input.u8() % 64;
        Bytes body =
                LoneStream.blocks(
                        IntStream.range(0, 2 * blocks)
                                .map(i -> nearby(lone.stream.nextSeq()))
                                .toArray());
        receive(blocks > 0 ? PacketHeader.SACK : 0, nextRemote(), nearbyAck(), body);
    }

    private void receiveAnything() {
        int flags = input.u8();
        boolean alters = (flags & (PacketHeader.DATA | PacketHeader.END)) != 0;
        peerIsHonest &= !alters;
        receive(flags, nearby(nextRemote()), nearbyAck(), input.bytes(input.u8()));
    }

    /** A datagram as it is, but for the beginning without which it is somebody else's. */
    private void receiveRaw() {
        byte[] bytes = input.bytes(input.u8()).toArray();
        if (bytes.length >= PacketHeader.LENGTH) {
            bytes[0] = (byte) 0xff;
            bytes[1] = 1;
            PacketHeader.putInt32(bytes, PacketHeader.STREAM_ID_AT, LoneStream.LOCAL_ID);
            peerIsHonest = false;
            checkHeader(Bytes.wrap(bytes));
        }
        deliver(LoneStream.SOCKET, Bytes.wrap(bytes));
    }

    private static void checkHeader(Bytes packet) {
        try {
            PacketHeader header = PacketHeader.decode(new WireReader(packet));
            if (!header.equals(PacketHeader.of(packet))) {
                throw new AssertionError("read in two ways: " + packet);
            }
            byte[] written = new byte[PacketHeader.LENGTH];
            header.writeTo(written);
            if (!Bytes.wrap(written).equals(packet.slice(0, PacketHeader.LENGTH))) {
                throw new AssertionError("not what was read: " + packet);
            }
        } catch (MalformedException e) {
            throw new AssertionError(e);
        }
    }

    private void write() {
        if (!ending) {
            lone.stream.write(Bytes.wrap(new byte[4 * input.u16()]), lone.now);
        }
    }

    private void read() {
        inbox.paused = input.u8() % 2 == 0;
        int unread = (int) lone.stream.stats().unreadBytes();
        int taken = (int) ((input.int32() & 0xffff_ffffL) % (unread + 1L));
        lone.stream.consumed(taken, lone.now);
    }

    private void pass() {
        long nanos =
                switch (input.u8() % 4) {
                    case 0 -> MICROSECONDS.toNanos(input.u16());
                    case 1 -> MILLISECONDS.toNanos(input.u8());
                    case 2 -> Math.max(0, lone.multiplexer.deadlineNanos() - lone.now);
                    default -> MILLISECONDS.toNanos(input.u16());
                };
        if (nanos < MINUTES.toNanos(10)) {
            lone.now += nanos;
        }
        lone.multiplexer.expire(lone.now);
    }

    private void manage() {
        UdxStream stream = lone.stream;
        switch (input.u8() % 8) {
            case 0 -> {
                stream.end(lone.now);
                ending = true;
            }
            case 1 -> {
                if (!stream.isConnected()) {
                    lone.connect(LoneStream.REMOTE_ID);
                }
            }
            case 2 -> stream.patient(input.u8() % 2 == 0);
            case 3 -> {
                if (input.u8() == 7) {
                    stream.destroy(lone.now);
                }
            }
            default -> stream.knock(LoneStream.OTHER_SOCKET, LoneStream.OTHER_PEER, 9, lone.now);
        }
    }

    private void move() {
        boolean other = input.u8() % 2 == 0;
        LocalSocket socket = other ? LoneStream.OTHER_SOCKET : LoneStream.SOCKET;
        Address peer = other ? LoneStream.OTHER_PEER : LoneStream.PEER;
        if (input.u8() % 4 == 0) {
            lone.stream.redirect(socket, peer, input.u8(), lone.now);
        } else if (lone.stream.isConnected()) {
            lone.stream.changeRemote(socket, peer, input.u8(), lone.now);
        }
    }

    private void receive(int flags, int seq, int ack, Bytes body) {
        long window = input.u8() % 4 == 0 ? input.u16() : UdxStream.DEFAULT_WINDOW_BYTES;
        LocalSocket at = input.u8() % 8 == 0 ? LoneStream.OTHER_SOCKET : LoneStream.SOCKET;
        deliver(at, LoneStream.packet(flags, window, seq, ack, body));
    }

    private void deliver(LocalSocket at, Bytes packet) {
        lone.multiplexer.receive(new Datagram(at, LoneStream.PEER, packet), lone.now);
    }

    private int nextRemote() {
        return lone.stream.nextRemoteSeq();
    }

    private int nearby(int seq) {
        int choice = input.u8();
        if (choice < 200) {
            return seq + choice - 16;
        }
        return choice < 250 ? seq + (short) input.u16() : input.int32();
    }

    private int nearbyAck() {
        int choice = input.u8();
        int next = lone.stream.nextSeq();
        if (choice < 128) {
            return next;
        }
        return choice < 250 ? next - (choice - 128) : input.int32();
    }

    /** What the packet with a number carries; its length, too, depends on the number alone. */
    private static Bytes payload(int seq) {
        byte[] payload = new byte[lengthOf(seq)];
        for (int i = 0; i < payload.length; i++) {
            payload[i] = (byte) (seq * 31 + i);
        }
        return Bytes.wrap(payload);
    }

    private static int lengthOf(int seq) {
        return seq % 5 == 0 ? 0 : (seq & 0x3ff) + 1;
    }

    private void check() {
        UdxExchange.Bounds.check(lone.multiplexer.deadlineNanos(), lone.stream, windowBytes);
    }

    /** The application: takes note, and checks what an honest peer has sent. */
    private final class Listener extends Inbox {

        private int packet;
        private int taken;

        @Override
        public boolean firewall(LocalSocket socket, Address source, long now) {
            return (lone.now & 1) == 0;
        }

        @Override
        public void data(Bytes bytes, long now) {
            compare(bytes);
            super.data(bytes, now);
            data.clear();
        }

        @Override
        public void message(Bytes message, long now) {
            super.message(message, now);
            messages.clear();
        }

        /** However the bytes of the packets are cut or joined. */
        private void compare(Bytes bytes) {
            Bytes left = peerIsHonest ? bytes : Bytes.EMPTY;
            while (!left.isEmpty()) {
                Bytes due = payload(packet).slice(taken);
                int length = Math.min(due.length(), left.length());
                if (!left.slice(0, length).equals(due.slice(0, length))) {
                    throw new AssertionError("not what packet " + packet + " carries");
                }
                left = left.slice(length);
                taken += length;
                if (taken == lengthOf(packet)) {
                    packet++;
                    taken = 0;
                }
            }
        }
    }
}
