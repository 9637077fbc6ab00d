package dev.keyhole.transport.crypto;

import static dev.keyhole.transport.crypto.LittleEndian.intAt;
import static dev.keyhole.transport.crypto.LittleEndian.putInt;
import static dev.keyhole.transport.crypto.LittleEndian.putLong;
import static java.util.Objects.checkFromIndexSize;

import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * One direction of an encrypted stream: libsodium's secretstream of XChaCha20-Poly1305 ({@code
 * docs/protocol.md}, "Stream encryption").
 *
 * <p>Each message is {@code tag || ciphertext || mac}, and authenticates its place in the stream: none
 * can be left out, repeated or moved. Both ends change keys after a message whose tag says so, and
 * before their counter repeats.
 */
public final class SecretStream {

    public static final int KEY_BYTES = 32;
    public static final int HEADER_BYTES = 24;

    /** What encryption adds to a message: the tag in front and the mac behind. */
    public static final int OVERHEAD_BYTES = 17;

    /** The tag of a message that changes nothing. */
    public static final int TAG_MESSAGE = 0;

    /** The tag that ends a group of messages; means nothing here. */
    public static final int TAG_PUSH = 1;

    /** The tag after which both ends change keys. */
    public static final int TAG_REKEY = 2;

    /** The tag that ends a stream; here it changes keys like {@link #TAG_REKEY}, and that is all. */
    public static final int TAG_FINAL = 3;

    private static final int MAC_BYTES = Poly1305.TAG_BYTES;
    private static final byte[] PADDING = new byte[16];

    private SecretStream() {}

    /** The end that writes. */
    public static final class Encryptor {

        private final Bytes header;
        private final State state;

        private Encryptor(Bytes header, State state) {
            this.header = header;
            this.state = state;
        }

        /** Starts a stream under a key, with a header drawn from entropy. */
        public static Encryptor start(Bytes key, Random entropy) {
            return with(key, Bytes.random(entropy, HEADER_BYTES));
        }

        /** Starts a stream under a key, with a header that the key has never been used with. */
        public static Encryptor with(Bytes key, Bytes header) {
            return new Encryptor(header, new State(key, header, null));
        }

        static Encryptor with(Bytes key, Bytes header, KeyStream keyStream) {
            return new Encryptor(header, new State(key, header, new Scratch(keyStream)));
        }

        /** The 24 bytes the other end starts with. */
        public Bytes header() {
            return header;
        }

        /** The message, encrypted with {@link #TAG_MESSAGE}. */
        public Bytes encrypt(Bytes message) {
            byte[] out = new byte[message.length() + OVERHEAD_BYTES];
            encrypt(message.array(), message.offset(), message.length(), TAG_MESSAGE, out, 0);
            return Bytes.wrap(out);
        }

        /**
         * Encrypts a message from one array into another.
         *
         * <p>Both may be the same array if the message lies one byte behind the target.
         *
         * @return how many bytes were written: {@link #OVERHEAD_BYTES} more than the message has
         */
        public int encrypt(
                byte[] in, int inOffset, int length, int tag, byte[] out, int outOffset) {
            return encrypt(Bytes.EMPTY, in, inOffset, length, tag, out, outOffset);
        }

        int encrypt(
                Bytes associated,
                byte[] in,
                int inOffset,
                int length,
                int tag,
                byte[] out,
                int outOffset) {
            checkFromIndexSize(inOffset, length, in.length);
            checkFromIndexSize(outOffset, Math.addExact(length, OVERHEAD_BYTES), out.length);
            Scratch scratch = state.begin(length);
            out[outOffset] = State.tagBlock(scratch, tag);
            scratch.keyStream.xor(in, inOffset, length, out, outOffset + 1);
            State.authenticate(scratch, associated, out, outOffset + 1, length);
            System.arraycopy(scratch.mac, 0, out, outOffset + 1 + length, MAC_BYTES);
            state.advance(scratch, tag);
            return length + OVERHEAD_BYTES;
        }

        /** Changes keys without saying so; the other end must do the same at the same place. */
        public void rekey() {
            state.rekey();
        }

        /** Forgets the keys. The stream cannot be used any more. */
        public void wipe() {
            state.wipe();
        }

        State state() {
            return state;
        }
    }

    /** The end that reads. */
    public static final class Decryptor {

        private final State state;
        private int tag;

        private Decryptor(State state) {
            this.state = state;
        }

        /**
         * Starts to read a stream.
         *
         * @throws IllegalArgumentException if the key or the header has the wrong length
         */
        public static Decryptor with(Bytes key, Bytes header) {
            return new Decryptor(new State(key, header, null));
        }

        static Decryptor with(Bytes key, Bytes header, KeyStream keyStream) {
            return new Decryptor(new State(key, header, new Scratch(keyStream)));
        }

        /**
         * The message that was encrypted.
         *
         * @throws MalformedException if it is not the next message of the stream, just as it was
         */
        public Bytes decrypt(Bytes encrypted) throws MalformedException {
            byte[] out = new byte[Math.max(0, encrypted.length() - OVERHEAD_BYTES)];
            decrypt(encrypted.array(), encrypted.offset(), encrypted.length(), out, 0);
            return Bytes.wrap(out);
        }

        /**
         * Decrypts a message from one array into another.
         *
         * <p>Nothing is written before the message has proved authentic. Both may be the same array
         * if the target lies one byte behind the source. After a failure the state is what it was.
         *
         * @param length how many bytes the encrypted message has
         * @return how many bytes were written: {@link #OVERHEAD_BYTES} less
         * @throws MalformedException if it is not the next message of the stream, just as it was
         */
        public int decrypt(byte[] in, int inOffset, int length, byte[] out, int outOffset)
                throws MalformedException {
            return decrypt(Bytes.EMPTY, in, inOffset, length, out, outOffset);
        }

        int decrypt(
                Bytes associated, byte[] in, int inOffset, int length, byte[] out, int outOffset)
                throws MalformedException {
            checkFromIndexSize(inOffset, length, in.length);
            int messageLength = length - OVERHEAD_BYTES;
            if (messageLength < 0) {
                throw new MalformedException("encrypted message of " + length + " bytes");
            }
            checkFromIndexSize(outOffset, messageLength, out.length);
            Scratch scratch = state.begin(messageLength);
            int openedTag = State.openTagBlock(scratch, in[inOffset]);
            State.authenticate(scratch, associated, in, inOffset + 1, messageLength);
            if (!State.macEquals(scratch, in, inOffset + 1 + messageLength)) {
                throw new MalformedException("encrypted message is not authentic");
            }
            scratch.keyStream.xor(in, inOffset + 1, messageLength, out, outOffset);
            state.advance(scratch, openedTag);
            tag = openedTag;
            return messageLength;
        }

        /** The tag of the message decrypted last, 0 to 255. */
        public int tag() {
            return tag;
        }

        /** Changes keys without having been told; the other end must do so at the same place. */
        public void rekey() {
            state.rekey();
        }

        /** Forgets the keys. The stream cannot be used any more. */
        public void wipe() {
            state.wipe();
        }

        State state() {
            return state;
        }
    }

    /** The key and place of a stream, the same at both ends after the same messages. */
    static final class State {

        private static final int COUNTER_BYTES = 4;
        private static final int TAG_BLOCK = 64;
        private static final int TAG_BLOCK_BYTES = 64;

        private final @Nullable Scratch own;
        private final byte[] k;

        /** The counter, little-endian, and the eight bytes that each mac stirs. */
        private final byte[] nonce = new byte[KeyStream.NONCE_BYTES];

        /**
         * The state at the beginning.
         *
         * @param own what to compute in; null for whatever the thread has
         */
        State(Bytes key, Bytes header, @Nullable Scratch own) {
            if (key.length() != KEY_BYTES || header.length() != HEADER_BYTES) {
                throw new IllegalArgumentException(
                        "key of "
                                + key.length()
                                + " and header of "
                                + header.length()
                                + " bytes, not 32 and 24");
            }
            this.own = own;
            byte[] secret = key.toArray();
            k = ChaCha.subkey(secret, header.slice(0, 16).toArray());
            Secrets.wipe(secret);
            header.slice(16).copyTo(nonce, COUNTER_BYTES);
            setCounter(1);
        }

        /** Prepares for a message: the authenticator key and the block that hides the tag. */
        Scratch begin(int length) {
            Scratch scratch = scratch();
            scratch.keyStream.begin(k, nonce, scratch.head, length);
            scratch.poly.init(scratch.head, 0);
            return scratch;
        }

        private Scratch scratch() {
            return own != null ? own : Scratch.ofThread();
        }

        /** Hides the tag in its block; the first byte of that is sent. */
        static byte tagBlock(Scratch scratch, int tag) {
            scratch.head[TAG_BLOCK] ^= (byte) tag;
            return scratch.head[TAG_BLOCK];
        }

        /** Takes in the first byte of a tag block, and says which tag it hides. */
        static int openTagBlock(Scratch scratch, byte sent) {
            int opened = (scratch.head[TAG_BLOCK] ^ sent) & 0xff;
            scratch.head[TAG_BLOCK] = sent;
            return opened;
        }

        /**
         * Computes the mac over the tag block and the ciphertext.
         *
         * <p>The padding behind the ciphertext is the original's: as many zeros as the last block
         * has bytes, not as many as it lacks.
         */
        static void authenticate(
                Scratch scratch, Bytes associated, byte[] ciphertext, int offset, int length) {
            Poly1305 poly = scratch.poly;
            poly.update(associated.array(), associated.offset(), associated.length());
            poly.update(PADDING, 0, -associated.length() & 15);
            poly.update(scratch.head, TAG_BLOCK, TAG_BLOCK_BYTES);
            poly.update(ciphertext, offset, length);
            poly.update(PADDING, 0, length & 15);
            putLong(scratch.lengths, 0, (long) associated.length());
            putLong(scratch.lengths, 8, (long) TAG_BLOCK_BYTES + length);
            poly.update(scratch.lengths, 0, scratch.lengths.length);
            poly.finish(scratch.mac, 0);
            Secrets.wipe(scratch.head);
        }

        /** Compares in a time that says nothing about where they differ. */
        static boolean macEquals(Scratch scratch, byte[] other, int offset) {
            int difference = 0;
            for (int i = 0; i < MAC_BYTES; i++) {
                difference |= scratch.mac[i] ^ other[offset + i];
            }
            return difference == 0;
        }

        /** Moves on to the next message. */
        void advance(Scratch scratch, int tag) {
            for (int i = 0; i < 8; i++) {
                nonce[COUNTER_BYTES + i] ^= scratch.mac[i];
            }
            int counter = intAt(nonce, 0) + 1;
            setCounter(counter);
            if ((tag & TAG_REKEY) != 0 || counter == 0) {
                rekey();
            }
        }

        void rekey() {
            Scratch scratch = scratch();
            byte[] head = scratch.head;
            scratch.keyStream.begin(k, nonce, head, 0);
            for (int i = 0; i < KEY_BYTES; i++) {
                k[i] ^= head[i];
            }
            for (int i = 0; i < 8; i++) {
                nonce[COUNTER_BYTES + i] ^= head[KEY_BYTES + i];
            }
            setCounter(1);
            Secrets.wipe(head);
        }

        void wipe() {
            Secrets.wipe(k, nonce);
            scratch().wipe();
        }

        void setCounter(int counter) {
            putInt(nonce, 0, counter);
        }

        Bytes key() {
            return Bytes.copyOf(k);
        }

        Bytes nonce() {
            return Bytes.copyOf(nonce);
        }
    }
}
