package dev.keyhole.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.keyhole.dht.ConnectOptions;
import dev.keyhole.dht.Connection;
import dev.keyhole.dht.Dht;
import dev.keyhole.dht.DhtException;
import dev.keyhole.dht.Firewall;
import dev.keyhole.dht.Testnet;
import dev.keyhole.model.Model;
import dev.keyhole.model.ModelSource;
import dev.keyhole.model.StopReason;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.rpc.RpcHandler;
import dev.keyhole.transport.rpc.RpcLimits;
import dev.keyhole.transport.rpc.RpcPeer;
import dev.keyhole.transport.stream.CloseReason;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** A provider on real sockets, found by its key alone in a network of our own on loopback. */
final class ProviderTest {

    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Duration REFUSED = Duration.ofMillis(700);

    private static Testnet testnet;

    private final KeyPair alice = KeyPair.random(new SecureRandom());
    private final BlockingQueue<HandModel> opened = new LinkedBlockingQueue<>();
    private final Dht dht = Dht.bind(testnet.config());
    private final Dht consumer = Dht.bind(testnet.config());

    @BeforeAll
    static void startNetwork() {
        testnet = Testnet.start(4);
    }

    @AfterAll
    static void stopNetwork() {
        testnet.close();
    }

    @AfterEach
    void close() {
        consumer.close();
        dht.close();
    }

    @Test
    void aConsumerThatKnowsTheKeyGetsItsTokens() {
        try (Provider provider = start(Firewall.allow(alice.publicKey()))) {
            Bench.Guest guest = connect(provider, alice);
            assertThat(guest.ask("{\"type\":\"heartbeat\"}").get("number").isNumber()).isTrue();
            String modelId = guest.load();
            Bench.Answer answer = guest.complete(modelId);
            HandModel.Run run = HandModel.taken(opened).run();
            for (int i = 0; i < 100; i++) {
                run.out().text("token " + i);
            }
            run.out().done(StopReason.EOS);

            assertThat(answer.rest()).hasSize(101);
            assertThat(provider.stats().connectionsOpen()).isEqualTo(1);
        }
    }

    @Test
    void anEmptyAllowListAdmitsNobody() {
        try (Provider provider = start(Firewall.allow())) {
            assertRefused(provider);
            assertThat(provider.stats().connections()).isZero();
        }
    }

    @Test
    void aFirewallThatChangesLetsGoOfThoseWhoAreHere() {
        try (Provider provider = start(Firewall.allow(alice.publicKey()))) {
            Bench.Guest guest = connect(provider, alice);
            guest.complete(guest.load());
            HandModel.Run run = HandModel.taken(opened).run();

            provider.firewall(Firewall.deny(alice.publicKey()));

            run.awaitStop();
            guest.peer().closed().block(LIMIT);
            assertRefused(provider);

            provider.firewall(Firewall.open());
            connect(provider, alice).ask("{\"type\":\"heartbeat\"}");
        }
    }

    @Test
    void aConsumerThatVanishesInTheMiddleStopsTheEngine() {
        try (Provider provider = start(Firewall.open())) {
            Bench.Guest guest = connect(provider, alice);
            guest.complete(guest.load());
            HandModel.Run run = HandModel.taken(opened).run();
            run.out().text("half");

            guest.peer().destroy(new CloseReason.ByUs("gone"));

            run.awaitStop();
            Bench.eventually(() -> provider.stats().connectionsOpen() == 0);
        }
    }

    @Test
    void aProviderThatClosesLetsAnswersEndAndThenIsGone() {
        Provider provider = start(Firewall.open());
        Bench.Guest guest = connect(provider, alice);
        Bench.Answer answer = guest.complete(guest.load());
        HandModel model = HandModel.taken(opened);
        HandModel.Run run = model.run();
        run.out().text("half");

        Mono<Void> closed = Mono.fromRunnable(provider::close);
        var future = closed.subscribeOn(Schedulers.boundedElastic()).toFuture();
        answer.next();
        run.out().text("whole");
        run.out().done(StopReason.EOS);

        JsonNode last = answer.rest().get(1);
        assertThat(last.get("done").asBoolean()).isTrue();
        assertThat(future).succeedsWithin(LIMIT);
        assertThat(model.isUnloaded()).isTrue();
        provider.closed().block(LIMIT);
        guest.peer().closed().block(LIMIT);
    }

    @Test
    void aProviderEndsWithItsNode() {
        Provider provider = start(Firewall.open());

        dht.close();

        provider.closed().block(LIMIT);
    }

    private Provider start(Firewall firewall) {
        ProviderConfig config =
                ProviderConfig.of(KeyPair.random(new SecureRandom()))
                        .withFirewall(firewall)
                        .withModel("tiny", ModelSource.named("tiny"));
        Provider provider =
                Provider.start(dht, config, (served, progress) -> Mono.fromSupplier(this::open));
        provider.ready().block(LIMIT);
        return provider;
    }

    private Model open() {
        HandModel model = new HandModel("tiny");
        opened.add(model);
        return model;
    }

    private Bench.Guest connect(Provider provider, KeyPair identity) {
        Connection connection =
                consumer.connect(
                                provider.publicKey(),
                                ConnectOptions.defaults().withKeyPair(identity))
                        .block(LIMIT);
        return new Bench.Guest(
                null, RpcPeer.over(connection, RpcHandler.NONE, RpcLimits.defaults()));
    }

    private void assertRefused(Provider provider) {
        ConnectOptions options = ConnectOptions.defaults().withKeyPair(alice).withTimeout(REFUSED);
        assertThatThrownBy(() -> consumer.connect(provider.publicKey(), options).block(LIMIT))
                .isInstanceOf(DhtException.class);
    }
}
