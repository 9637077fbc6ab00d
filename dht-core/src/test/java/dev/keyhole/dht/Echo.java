package dev.keyhole.dht;

import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.stream.Link;
import dev.keyhole.transport.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Both ends of the simplest protocol: what is said comes back. */
public final class Echo {

    private Echo() {}

    /** Sends every message back, with back-pressure, and ends when the other side has. */
    public static void serve(Link link) {
        link.start(
                new Link.Receiver() {
                    @Override
                    public void message(Bytes message) {
                        if (!link.write(message)) {
                            link.pause();
                        }
                    }

                    @Override
                    public void writable() {
                        link.resume();
                    }

                    @Override
                    public void ended() {
                        link.end();
                    }

                    @Override
                    public void closed(CloseReason reason) {}
                });
    }

    /** Sends a message and collects what comes back until the other side has ended. */
    public static Mono<Bytes> ask(Connection link, Bytes message) {
        Sinks.One<Bytes> answer = Sinks.one();
        Collector collector = new Collector(message.length(), link, answer);
        link.loop()
                .execute(
                        () -> {
                            link.start(collector);
                            int step = 65_536;
                            for (int at = 0; at < message.length(); at += step) {
                                link.write(
                                        message.slice(at, Math.min(at + step, message.length())));
                            }
                        });
        return answer.asMono();
    }

    /** Hears when a link is closed. */
    public static void watch(Link link, Consumer<CloseReason> onClosed) {
        link.loop()
                .execute(
                        () ->
                                link.start(
                                        new Link.Receiver() {
                                            @Override
                                            public void message(Bytes message) {}

                                            @Override
                                            public void writable() {}

                                            @Override
                                            public void ended() {}

                                            @Override
                                            public void closed(CloseReason reason) {
                                                onClosed.accept(reason);
                                            }
                                        }));
    }

    private static final class Collector implements Link.Receiver {

        private final int expected;
        private final Link link;
        private final Sinks.One<Bytes> answer;
        private final List<Bytes> parts = new ArrayList<>();
        private @Nullable CloseReason reason;
        private int received;

        private Collector(int expected, Link link, Sinks.One<Bytes> answer) {
            this.expected = expected;
            this.link = link;
            this.answer = answer;
        }

        @Override
        public void message(Bytes message) {
            parts.add(message);
            received += message.length();
            if (received == expected) {
                link.end();
            }
        }

        @Override
        public void writable() {}

        @Override
        public void ended() {
            answer.tryEmitValue(Bytes.concat(parts.toArray(Bytes[]::new)));
        }

        @Override
        public void closed(CloseReason closed) {
            reason = closed;
            answer.tryEmitError(new IllegalStateException("closed: " + reason.text()));
        }
    }
}
