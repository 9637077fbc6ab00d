package dev.keyhole.transport.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.keyhole.transport.Seeds;
import dev.keyhole.transport.stream.CloseReason;
import dev.keyhole.transport.stream.LinkPair;
import dev.keyhole.transport.wire.Bytes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;
import reactor.test.scheduler.VirtualTimeScheduler;

class RpcPeerTest {

    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final CloseReason LOST = new CloseReason.TimedOut("silent");

    private final List<IncomingRequest> requests = new ArrayList<>();

    @Test
    void aReplyAnswersARequest() {
        LinkPair links = LinkPair.stepped(1);
        RpcPeer asker = asker(links);
        answerer(links, request -> request.reply(Bytes.concat(request.data(), utf8("!"))));

        StepVerifier answer =
                StepVerifier.create(asker.call(utf8("hello"), false))
                        .expectNext(new RpcEvent.Reply(utf8("hello!")))
                        .expectComplete()
                        .verifyLater();
        links.run();

        answer.verify(PATIENCE);
        assertThat(asker.inFlight()).isZero();
    }

    @Test
    void aFailedResponseIsAnErrorWithItsCode() {
        LinkPair links = LinkPair.stepped(1);
        RpcPeer asker = asker(links);
        answerer(links, request -> request.fail("no such model", "ENOMODEL", -2));

        Recorder answer = Recorder.of(asker.call(utf8("x"), false));
        links.run();

        assertThat(answer.error).isInstanceOf(RpcFailure.class).hasMessage("no such model");
        assertThat(((RpcFailure) answer.error).code()).isEqualTo("ENOMODEL");
        assertThat(((RpcFailure) answer.error).errno()).isEqualTo(-2);
    }

    @Seeds(20)
    void aStreamArrivesWholeHoweverTheLinkCutsIt(long seed) {
        LinkPair links = LinkPair.steppedWithCuts(seed);
        Random random = new Random(seed);
        List<Bytes> chunks = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            chunks.add(Bytes.random(random, 1 + random.nextInt(5000)));
        }
        RpcPeer asker = asker(links);
        answerer(links, request -> request.stream(Flux.fromIterable(chunks)));

        Recorder answer = Recorder.of(asker.call(utf8("go"), random.nextBoolean()));
        links.run();

        assertThat(answer.data).isEqualTo(chunks);
        assertThat(answer.completed).isTrue();
    }

    @Test
    void aPlainReplyAnswersARequestThatExpectedAStream() {
        LinkPair links = LinkPair.stepped(1);
        RpcPeer asker = asker(links);
        answerer(links, request -> request.reply(utf8("plain")));

        Recorder answer = Recorder.of(asker.call(utf8("x"), true));
        links.run();

        assertThat(answer.data).containsExactly(utf8("plain"));
        assertThat(answer.completed).isTrue();
    }

    @Test
    void aStreamThatFailsDeliversWhatCameBefore() {
        LinkPair links = LinkPair.stepped(1);
        RpcPeer asker = asker(links);
        Flux<Bytes> chunks =
                Flux.just(utf8("partial"))
                        .concatWith(Flux.error(new RpcFailure("model crashed", "ECRASH", 0)));
        answerer(links, request -> request.stream(chunks));

        Recorder answer = Recorder.of(asker.call(utf8("x"), true));
        links.run();

        assertThat(answer.data).containsExactly(utf8("partial"));
        assertThat(answer.error).isInstanceOf(RpcFailure.class).hasMessage("model crashed");
    }

    @Test
    void whatWentWrongInsideStaysInside() {
        LinkPair links = LinkPair.stepped(1);
        RpcPeer asker = asker(links);
        answerer(
                links,
                request -> request.stream(Flux.error(new IllegalStateException("/home/owner"))));

        Recorder answer = Recorder.of(asker.call(utf8("x"), true));
        links.run();

        assertThat(answer.error).isInstanceOf(RpcFailure.class).hasMessage("internal error");
    }

    @Test
    void aSlowReaderSlowsTheSourceDown() {
        LinkPair links = LinkPair.stepped(1);
        RpcPeer asker = asker(links);
        AtomicLong produced = new AtomicLong();
        Flux<Bytes> endless =
                Flux.<Bytes>generate(sink -> sink.next(Bytes.wrap(new byte[1000])))
                        .doOnNext(chunk -> produced.incrementAndGet());
        answerer(links, request -> request.stream(endless));

        Recorder answer = Recorder.of(asker.call(utf8("x"), true), 3);
        links.run();

        assertThat(answer.data).hasSize(3);
        assertThat(produced.get()).isBetween(3L, 40L);

        answer.request(500);
        links.run();

        assertThat(answer.data).hasSize(503);
    }

    @Test
    void cancellingReachesTheSourceAndLeavesTheConnectionInPeace() {
        LinkPair links = LinkPair.stepped(1);
        RpcPeer asker = asker(links);
        TestPublisher<Bytes> source = TestPublisher.create();
        AtomicBoolean abandoned = new AtomicBoolean();
        RpcPeer answerer =
                answerer(
                        links,
                        request -> {
                            request.abandoned().subscribe(null, null, () -> abandoned.set(true));
                            request.stream(source);
                        });
        Recorder answer = Recorder.of(asker.call(utf8("x"), true));
        links.run();
        source.next(utf8("one"));
        links.run();

        answer.cancel();
        links.run();

        source.assertCancelled();
        assertThat(abandoned).isTrue();
        assertThat(answerer.inFlight()).isZero();
        assertThat(asker.inFlight()).isZero();
        assertThat(Bytes.concat(links.writtenByLeft().toArray(Bytes[]::new)).toHex())
                .endsWith("050000000301fd4002");
    }

    @Test
    void cancellingBeforeTheAnswerReachesTheHandler() {
        LinkPair links = LinkPair.stepped(1);
        RpcPeer asker = asker(links);
        AtomicBoolean abandoned = new AtomicBoolean();
        AtomicBoolean subscribed = new AtomicBoolean();
        RpcPeer answerer =
                answerer(
                        links,
                        request -> {
                            requests.add(request);
                            request.abandoned().subscribe(null, null, () -> abandoned.set(true));
                        });
        Recorder answer = Recorder.of(asker.call(utf8("x"), true));
        links.run();

        answer.cancel();
        links.run();
        TestPublisher<Bytes> late = TestPublisher.create();
        requests.get(0).stream(late.flux().doOnSubscribe(s -> subscribed.set(true)));
        links.run();

        assertThat(abandoned).isTrue();
        assertThat(subscribed).isTrue();
        late.assertCancelled();
        assertThat(answerer.inFlight()).isZero();
    }

    @Test
    void aStreamThatComesAfterItsRequestWasGivenUpIsRefused() {
        LinkPair links = LinkPair.stepped(1);
        RpcPeer asker = asker(links);
        answerer(links, requests::add);
        Recorder answer = Recorder.of(asker.call(utf8("x"), false));
        links.run();
        answer.cancel();
        links.run();

        TestPublisher<Bytes> source = TestPublisher.create();
        requests.get(0).stream(source);
        links.run();

        source.assertCancelled();
    }

    @Test
    void aRequestMayBeAStreamToo() {
        LinkPair links = LinkPair.stepped(1);
        RpcPeer asker = asker(links);
        answerer(
                links,
                request -> {
                    assertThat(request.isDuplex()).isTrue();
                    request.stream(request.input().map(b -> Bytes.concat(utf8("echo "), b)));
                });

        Recorder answer = Recorder.of(asker.duplex(Flux.just(utf8("one"), utf8("two"))));
        links.run();

        assertThat(answer.data).containsExactly(utf8("echo one"), utf8("echo two"));
        assertThat(answer.completed).isTrue();
    }

    @Test
    void anAnswerToHalfAQuestionCancelsTheRest() {
        LinkPair links = LinkPair.stepped(1);
        RpcPeer asker = asker(links);
        TestPublisher<Bytes> input = TestPublisher.create();
        answerer(links, request -> request.reply(utf8("enough")));

        Recorder answer = Recorder.of(asker.duplex(input));
        links.run();

        assertThat(answer.data).containsExactly(utf8("enough"));
        input.assertCancelled();
    }

    @Test
    void anInputThatFailsFailsTheCall() {
        LinkPair links = LinkPair.stepped(1);
        RpcPeer asker = asker(links);
        Recorder[] heard = new Recorder[1];
        RpcPeer answerer = answerer(links, request -> heard[0] = Recorder.ofBytes(request.input()));
        Flux<Bytes> input =
                Flux.just(utf8("one")).concatWith(Mono.error(new IllegalStateException("disk")));

        Recorder answer = Recorder.of(asker.duplex(input));
        links.run();

        assertThat(answer.error).isInstanceOf(IllegalStateException.class).hasMessage("disk");
        assertThat(heard[0].data).containsExactly(utf8("one"));
        assertThat(heard[0].error).isInstanceOf(RpcFailure.class).hasMessage("internal error");
        assertThat(answerer.inFlight()).isZero();
    }

    @Test
    void aSlowReaderOfTheInputSlowsTheAskerDown() {
        LinkPair links = LinkPair.stepped(1);
        RpcPeer asker = asker(links);
        AtomicLong produced = new AtomicLong();
        Flux<Bytes> endless =
                Flux.<Bytes>generate(sink -> sink.next(Bytes.wrap(new byte[1000])))
                        .doOnNext(chunk -> produced.incrementAndGet());
        Recorder[] heard = new Recorder[1];
        answerer(links, request -> heard[0] = Recorder.ofBytes(request.input(), 2));

        Recorder.of(asker.duplex(endless));
        links.run();

        assertThat(heard[0].data).hasSize(2);
        assertThat(produced.get()).isBetween(2L, 40L);
    }

    @Test
    void aLinkThatTakesNoMoreSlowsTheSourceDown() {
        LinkPair links = LinkPair.stepped(1);
        links.window(10_000);
        RpcPeer asker = asker(links);
        AtomicLong produced = new AtomicLong();
        answerer(
                links,
                request ->
                        request.stream(
                                Flux.<Bytes>generate(s -> s.next(Bytes.wrap(new byte[1000])))
                                        .doOnNext(chunk -> produced.incrementAndGet())
                                        .take(300)));
        Recorder answer = Recorder.of(asker.call(utf8("x"), true));
        while (answer.data.isEmpty()) {
            links.step();
        }
        links.hold();
        links.run();

        assertThat(produced.get()).isLessThan(40);

        links.release();
        links.run();

        assertThat(answer.data).hasSize(300);
    }

    @Test
    void truncatedStreamIsReportedAsTruncated() {
        LinkPair links = LinkPair.stepped(1);
        RpcPeer asker = asker(links);
        TestPublisher<Bytes> source = TestPublisher.create();
        answerer(
                links,
                request -> {
                    if (request.id() == 1) {
                        request.stream(source);
                    }
                });
        Recorder stream = Recorder.of(asker.call(utf8("x"), true));
        Recorder plain = Recorder.of(asker.call(utf8("y"), false));
        links.run();
        source.next(utf8("one"));
        links.run();

        links.cut(new CloseReason.Ended());
        links.run();

        assertThat(stream.data).containsExactly(utf8("one"));
        assertThat(stream.completed).isFalse();
        assertThat(stream.error).isInstanceOf(RpcClosedException.class);
        assertThat(plain.completed).isFalse();
        assertThat(plain.error).isInstanceOf(RpcClosedException.class);
    }

    @Test
    void aCutLinkFailsWhoWaitsAndCancelsWhoAnswers() {
        LinkPair links = LinkPair.stepped(1);
        RpcPeer asker = asker(links);
        TestPublisher<Bytes> source = TestPublisher.create();
        AtomicBoolean abandoned = new AtomicBoolean();
        RpcPeer answerer =
                answerer(
                        links,
                        request -> {
                            if (request.id() == 1) {
                                request.stream(source);
                            } else {
                                request.abandoned()
                                        .subscribe(null, null, () -> abandoned.set(true));
                            }
                        });
        Recorder stream = Recorder.of(asker.call(utf8("x"), true));
        Recorder plain = Recorder.of(asker.call(utf8("y"), false));
        links.run();

        links.cut(LOST);
        links.run();

        assertThat(((RpcClosedException) stream.error).reason()).isEqualTo(LOST);
        assertThat(((RpcClosedException) plain.error).reason()).isEqualTo(LOST);
        source.assertCancelled();
        assertThat(abandoned).isTrue();
        assertThat(asker.closed().block(PATIENCE)).isEqualTo(LOST);
        assertThat(answerer.closed().block(PATIENCE)).isEqualTo(LOST);
        Recorder late = Recorder.of(asker.call(utf8("z"), false));
        links.run();
        assertThat(late.error).isInstanceOf(RpcClosedException.class);
    }

    @Test
    void closingLeavesEveryStreamBeforeItEndsTheLink() {
        LinkPair links = LinkPair.stepped(1);
        RpcPeer asker = asker(links);
        TestPublisher<Bytes> source = TestPublisher.create();
        RpcPeer answerer = answerer(links, request -> request.stream(source));
        Recorder answer = Recorder.of(asker.call(utf8("x"), true));
        links.run();

        asker.close();
        links.run();

        assertThat(answer.error).isInstanceOf(RpcClosedException.class);
        source.assertCancelled();
        assertThat(asker.closed().block(PATIENCE)).isEqualTo(new CloseReason.Ended());
        assertThat(answerer.closed().block(PATIENCE)).isEqualTo(new CloseReason.Ended());
        assertThat(Bytes.concat(links.writtenByLeft().toArray(Bytes[]::new)).toHex())
                .endsWith("050000000301fd4002");
    }

    @Test
    void closingDoesNotWaitForASilentPeerForEver() {
        VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet();
        try {
            LinkPair links = LinkPair.stepped(1);
            RpcPeer asker = asker(links);
            links.run();
            links.hold();

            asker.close();
            links.run();
            time.advanceTimeBy(RpcLimits.defaults().closeTimeout());
            links.run();

            assertThat(asker.closed().block(PATIENCE)).isEqualTo(new CloseReason.ByUs("closed"));
        } finally {
            VirtualTimeScheduler.reset();
        }
    }

    @Test
    void requestsAboveTheLimitAreMarked() {
        LinkPair links = LinkPair.stepped(1);
        RpcPeer asker = asker(links);
        RpcPeer.over(links.right(), requests::add, RpcLimits.defaults().withConcurrentRequests(2));
        for (int i = 0; i < 3; i++) {
            Recorder.of(asker.call(utf8("x"), false));
        }
        links.run();

        assertThat(requests)
                .extracting(IncomingRequest::overLimit)
                .containsExactly(false, false, true);

        requests.get(0).reply(Bytes.EMPTY);
        requests.get(1).reply(Bytes.EMPTY);
        links.run();
        Recorder.of(asker.call(utf8("x"), false));
        links.run();

        assertThat(requests.get(3).overLimit()).isFalse();
    }

    @Test
    void tooManyOpenRequestsEndTheConnection() {
        LinkPair links = LinkPair.stepped(1);
        RpcPeer asker = asker(links);
        RpcPeer answerer =
                RpcPeer.over(
                        links.right(), requests::add, RpcLimits.defaults().withOpenRequests(5));
        for (int i = 0; i < 6; i++) {
            Recorder.of(asker.call(utf8("x"), false));
        }
        links.run();

        assertThat(answerer.closed().block(PATIENCE)).isInstanceOf(CloseReason.Misbehaved.class);
    }

    @Test
    void aPeerThatDoesNotReadItsAnswersIsLetGo() {
        LinkPair links = LinkPair.stepped(1);
        links.window(1000);
        RpcPeer asker = asker(links);
        RpcPeer answerer =
                RpcPeer.over(
                        links.right(), requests::add, RpcLimits.defaults().withQueuedBytes(50_000));
        for (int i = 0; i < 100; i++) {
            Recorder.of(asker.call(utf8("x"), false));
        }
        links.run();
        links.hold();

        requests.forEach(request -> request.reply(Bytes.wrap(new byte[1000])));
        links.run();

        assertThat(answerer.closed().block(PATIENCE)).isInstanceOf(CloseReason.Misbehaved.class);
    }

    @Test
    void nonsenseEndsTheConnection() {
        LinkPair links = LinkPair.stepped(1);
        RpcPeer answerer = answerer(links, requests::add);

        links.run(() -> links.left().write(Bytes.ofHex("020000000901")));

        assertThat(answerer.closed().block(PATIENCE))
                .isEqualTo(new CloseReason.Misbehaved("RPC frame of unknown type 9"));
    }

    @Test
    void aHandlerThatFailsEndsTheConnectionAndNothingElse() {
        LinkPair links = LinkPair.stepped(1);
        RpcPeer asker = asker(links);
        answerer(
                links,
                request -> {
                    throw new IllegalStateException("bug");
                });

        Recorder answer = Recorder.of(asker.call(utf8("x"), true));
        links.run();

        assertThat(answer.error).isInstanceOf(RpcClosedException.class);
    }

    @Test
    void aLargeReplyIsSpreadOverSeveralMessages() {
        LinkPair links = LinkPair.stepped(1);
        Bytes large = Bytes.random(new Random(1), 300_000);
        RpcPeer asker = asker(links);
        answerer(links, request -> request.reply(large));

        Recorder answer = Recorder.of(asker.call(utf8("x"), false));
        links.run();

        assertThat(answer.data).containsExactly(large);
        assertThat(links.writtenByRight()).hasSizeGreaterThan(4);
        assertThat(links.writtenByRight()).allMatch(message -> message.length() <= 65536);
    }

    @Test
    void smallFramesOfOneTurnShareAMessage() {
        LinkPair links = LinkPair.stepped(1);
        RpcPeer asker = asker(links);

        Recorder.of(asker.call(utf8("x"), true));
        links.run();

        assertThat(links.writtenByLeft())
                .containsExactly(
                        Bytes.ofHex("06000000010101000178050000000301fd0102050000000301fd0802"));
    }

    @Test
    void aSecondAnswerIsTheHandlersMistake() {
        LinkPair links = LinkPair.stepped(1);
        RpcPeer asker = asker(links);
        answerer(links, requests::add);
        Recorder.of(asker.call(utf8("x"), false));
        links.run();

        requests.get(0).reply(Bytes.EMPTY);

        assertThatThrownBy(() -> requests.get(0).fail("again", "", 0))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("answered before");
    }

    @Test
    void dataAboveTheFrameLimitIsRefusedWhereItIsGiven() {
        LinkPair links = LinkPair.stepped(1);
        RpcPeer asker =
                RpcPeer.over(
                        links.left(), RpcHandler.NONE, RpcLimits.defaults().withFrameBytes(1000));

        assertThatThrownBy(() -> asker.call(Bytes.wrap(new byte[1000]), false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("data of 1000 bytes, above 936");
    }

    @Test
    void quietIsMeasuredFromTheLastMessageOfThePeer() {
        LinkPair links = LinkPair.stepped(1);
        AtomicLong clock = new AtomicLong(1000);
        RpcPeer asker =
                RpcPeer.over(links.left(), RpcHandler.NONE, RpcLimits.defaults(), clock::get);
        answerer(links, request -> request.reply(Bytes.EMPTY));
        clock.set(1500);
        assertThat(asker.quietNanos()).isEqualTo(500);

        Recorder.of(asker.call(utf8("x"), false));
        links.run();
        clock.set(1700);

        assertThat(asker.quietNanos()).isEqualTo(200);
    }

    @Test
    void bothSidesMayAskAtOnce() {
        LinkPair links = LinkPair.stepped(1);
        RpcPeer left = RpcPeer.over(links.left(), r -> r.reply(utf8("l")), RpcLimits.defaults());
        RpcPeer right = RpcPeer.over(links.right(), r -> r.reply(utf8("r")), RpcLimits.defaults());

        Recorder ofLeft = Recorder.of(left.call(utf8("x"), true));
        Recorder ofRight = Recorder.of(right.call(utf8("x"), true));
        links.run();

        assertThat(ofLeft.data).containsExactly(utf8("r"));
        assertThat(ofRight.data).containsExactly(utf8("l"));
    }

    @Test
    void everyThreadMayUseAPeer() {
        try (LinkPair links = LinkPair.threaded(1)) {
            RpcPeer asker = asker(links);
            answerer(
                    links,
                    request ->
                            request.stream(
                                    Flux.range(0, 200)
                                            .map(i -> utf8("chunk " + i))
                                            .subscribeOn(Schedulers.parallel())));

            List<Long> counts =
                    Flux.range(0, 20)
                            .flatMap(
                                    i ->
                                            asker.call(utf8("x"), true)
                                                    .subscribeOn(Schedulers.parallel())
                                                    .publishOn(Schedulers.parallel(), 16)
                                                    .count())
                            .collectList()
                            .block(PATIENCE);

            assertThat(counts).hasSize(20).allMatch(count -> count == 200);
            Sinks.One<CloseReason> closed = Sinks.one();
            asker.close();
            asker.closed().subscribe(closed::tryEmitValue);
            assertThat(closed.asMono().block(PATIENCE)).isEqualTo(new CloseReason.Ended());
        }
    }

    private RpcPeer asker(LinkPair links) {
        return RpcPeer.over(links.left(), RpcHandler.NONE, RpcLimits.defaults());
    }

    private RpcPeer answerer(LinkPair links, RpcHandler handler) {
        return RpcPeer.over(links.right(), handler, RpcLimits.defaults());
    }

    private static Bytes utf8(String text) {
        return Bytes.utf8(text);
    }
}
