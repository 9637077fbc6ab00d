package dev.keyhole.dht.request;

/** Who asked. Hears exactly one of {@link #answered} and {@link #failed}. */
public interface ReplyListener {

    void answered(Answer answer, long nowNanos);

    void failed(RequestFailure failure, long nowNanos);

    /** Another sending went unanswered, and there will be one more. */
    default void unanswered(int sendings, long nowNanos) {}
}
