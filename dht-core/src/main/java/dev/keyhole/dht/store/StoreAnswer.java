package dev.keyhole.dht.store;

import dev.keyhole.dht.message.ErrorCode;
import dev.keyhole.transport.wire.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * What to say to somebody who wants something stored or read.
 *
 * @param value the body of a full answer
 * @param error the code of an error answer, otherwise {@link ErrorCode#OK}
 */
public record StoreAnswer(Shape shape, @Nullable Bytes value, ErrorCode error) {

    /** Nothing at all: what was asked makes no sense, or is not allowed. */
    public static final StoreAnswer SILENT = new StoreAnswer(Shape.SILENT, null, ErrorCode.OK);

    /** Neither token nor closer nodes. */
    public static final StoreAnswer BARE = new StoreAnswer(Shape.BARE, null, ErrorCode.OK);

    /** How an answer looks. */
    public enum Shape {
        SILENT,
        BARE,
        FULL,
        ERROR
    }

    static StoreAnswer full(@Nullable Bytes value) {
        return new StoreAnswer(Shape.FULL, value, ErrorCode.OK);
    }

    static StoreAnswer error(ErrorCode error) {
        return new StoreAnswer(Shape.ERROR, null, error);
    }
}
