package dev.keyhole.transport.rpc;

import dev.keyhole.transport.wire.Bytes;
import dev.keyhole.transport.wire.MalformedException;
import dev.keyhole.transport.wire.WireReader;
import dev.keyhole.transport.wire.WireWriter;
import org.jspecify.annotations.Nullable;

/** What one RPC frame says ({@code docs/protocol.md}, "Frames of an RPC connection"). */
public sealed interface RpcMessage {

    int REQUEST = 1;
    int RESPONSE = 2;
    int STREAM = 3;

    /** Joins the frames of one request; each side numbers its own from 1. */
    long id();

    /** Writes the body of the frame, without its length. */
    void encode(WireWriter writer);

    /** Calls the method for this kind of message. */
    void handTo(Reader reader);

    /** Takes messages apart by kind. */
    interface Reader {
        void request(Request request);

        void streamedRequest(StreamedRequest request);

        void reply(Reply reply);

        void failure(Failure failure);

        void streamedReply(StreamedReply reply);

        void stream(Stream frame);

        /** A frame that the rules allow and that does nothing. */
        void nothing(Nothing frame);
    }

    /** Asks something; with id 0 it is an event, which nobody can answer. */
    record Request(long id, long command, Bytes data) implements RpcMessage {
        @Override
        public void encode(WireWriter writer) {
            writer.uint(REQUEST).uint(id).uint(command).uint(0).buffer(data);
        }

        @Override
        public void handTo(Reader reader) {
            reader.request(this);
        }
    }

    /** Asks something whose data comes as a stream. */
    record StreamedRequest(long id, long command) implements RpcMessage {
        @Override
        public void encode(WireWriter writer) {
            writer.uint(REQUEST).uint(id).uint(command).uint(StreamAction.OPEN.bit);
        }

        @Override
        public void handTo(Reader reader) {
            reader.streamedRequest(this);
        }
    }

    /** The whole answer. */
    record Reply(long id, Bytes data) implements RpcMessage {
        @Override
        public void encode(WireWriter writer) {
            writer.uint(RESPONSE).uint(id).bool(false).uint(0).buffer(data);
        }

        @Override
        public void handTo(Reader reader) {
            reader.reply(this);
        }
    }

    /** Says that there will be no answer, and why. */
    record Failure(long id, RpcError error) implements RpcMessage {
        @Override
        public void encode(WireWriter writer) {
            writer.uint(RESPONSE).uint(id).bool(true).uint(0);
            error.encode(writer);
        }

        @Override
        public void handTo(Reader reader) {
            reader.failure(this);
        }
    }

    /** Says that the answer comes as a stream. */
    record StreamedReply(long id) implements RpcMessage {
        @Override
        public void encode(WireWriter writer) {
            writer.uint(RESPONSE).uint(id).bool(false).uint(StreamAction.OPEN.bit);
        }

        @Override
        public void handTo(Reader reader) {
            reader.streamedReply(this);
        }
    }

    /**
     * Moves one of the streams of a request.
     *
     * @param data empty unless the action is {@link StreamAction#DATA}
     * @param error only with {@link StreamAction#CLOSE} and {@link StreamAction#DESTROY}
     */
    record Stream(
            long id, StreamSide side, StreamAction action, Bytes data, @Nullable RpcError error)
            implements RpcMessage {

        static Stream of(long id, StreamSide side, StreamAction action) {
            return new Stream(id, side, action, Bytes.EMPTY, null);
        }

        static Stream data(long id, StreamSide side, Bytes data) {
            return new Stream(id, side, StreamAction.DATA, data, null);
        }

        static Stream failed(long id, StreamSide side, StreamAction action, RpcError error) {
            return new Stream(id, side, action, Bytes.EMPTY, error);
        }

        @Override
        public void encode(WireWriter writer) {
            int errorBit = error == null ? 0 : StreamAction.ERROR_BIT;
            writer.uint(STREAM).uint(id).uint(side.bit | action.bit | errorBit);
            if (error != null) {
                error.encode(writer);
            } else if (action == StreamAction.DATA) {
                writer.buffer(data);
            }
        }

        @Override
        public void handTo(Reader reader) {
            reader.stream(this);
        }
    }

    /**
     * A stream frame without an action or without a stream.
     *
     * @param bits what it has instead
     */
    record Nothing(long id, long bits) implements RpcMessage {
        @Override
        public void encode(WireWriter writer) {
            writer.uint(STREAM).uint(id).uint(bits);
        }

        @Override
        public void handTo(Reader reader) {
            reader.nothing(this);
        }
    }

    /** Reads the body of a frame; what is left behind the last field is nobody's fault. */
    static RpcMessage decode(WireReader reader) throws MalformedException {
        long type = reader.uint();
        long id = reader.uint();
        if (type == REQUEST) {
            return decodeRequest(id, reader);
        }
        if (type == RESPONSE) {
            return decodeResponse(id, reader);
        }
        if (type == STREAM) {
            return decodeStream(id, reader);
        }
        throw new MalformedException("RPC frame of unknown type " + type);
    }

    private static RpcMessage decodeRequest(long id, WireReader reader) throws MalformedException {
        long command = reader.uint();
        boolean streamed = reader.uint() != 0;
        return streamed
                ? new StreamedRequest(id, command)
                : new Request(id, command, reader.buffer());
    }

    private static RpcMessage decodeResponse(long id, WireReader reader) throws MalformedException {
        boolean failed = reader.bool();
        boolean streamed = reader.uint() != 0;
        if (failed) {
            return new Failure(id, RpcError.decode(reader));
        }
        return streamed ? new StreamedReply(id) : new Reply(id, reader.buffer());
    }

    private static RpcMessage decodeStream(long id, WireReader reader) throws MalformedException {
        long bits = reader.uint();
        RpcError error = null;
        Bytes data = Bytes.EMPTY;
        if ((bits & StreamAction.ERROR_BIT) != 0) {
            error = RpcError.decode(reader);
        } else if ((bits & StreamAction.DATA.bit) != 0) {
            data = reader.buffer();
        }
        StreamAction action = StreamAction.of(bits);
        if (action == null || (bits & (StreamSide.REQUEST.bit | StreamSide.RESPONSE.bit)) == 0) {
            return new Nothing(id, bits);
        }
        StreamSide side =
                (bits & StreamSide.REQUEST.bit) != 0 ? StreamSide.REQUEST : StreamSide.RESPONSE;
        return switch (action) {
            case CLOSE, DESTROY -> new Stream(id, side, action, Bytes.EMPTY, error);
            case DATA -> new Stream(id, side, action, data, null);
            case OPEN, PAUSE, RESUME, END -> new Stream(id, side, action, Bytes.EMPTY, null);
        };
    }
}
