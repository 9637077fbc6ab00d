package dev.keyhole.provider;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.keyhole.model.GenerationParams;
import dev.keyhole.model.LoadProgress;
import dev.keyhole.model.Model;
import dev.keyhole.model.ModelLoadException;
import dev.keyhole.model.ModelSource;
import dev.keyhole.transport.identity.PublicKey;
import dev.keyhole.transport.wire.Bytes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

final class ModelShelfTest {

    private static final ServedModel TINY =
            ServedModel.of("tiny", ModelSource.named("tiny"))
                    .withAliases("small", "registry://*/tiny*.gguf", "*")
                    .withIdleUnload(Duration.ofMinutes(10));
    private static final ServedModel LARGE =
            ServedModel.of("large", ModelSource.named("large"))
                    .withAliases("registry://*")
                    .withIdleUnload(ServedModel.NEVER);

    private final PublicKey alice = Peers.key(1);
    private final PublicKey bob = Peers.key(2);
    private final Map<String, Sinks.One<Model>> loads = new ConcurrentHashMap<>();
    private final List<Consumer<LoadProgress>> loading = new ArrayList<>();
    private final List<HandModel> models = new ArrayList<>();

    private long now = SECONDS.toNanos(1000);
    private ModelShelf shelf = shelf(TINY, LARGE);

    @Test
    void aNameComesBeforeAnAliasAndAnAliasBeforeAPattern() {
        assertThat(shelf.find("large")).contains(LARGE);
        assertThat(shelf.find("small")).contains(TINY);
        assertThat(shelf.find("registry://s3/tiny-q4.gguf")).contains(TINY);
        assertThat(shelf(LARGE, TINY).find("registry://s3/tiny-q4.gguf")).contains(LARGE);
        assertThat(shelf(LARGE).find("tiny")).isEmpty();
    }

    @Test
    void everybodySharesOneLoadedModel() {
        Model first = shelf.claim(claim(alice, "a", TINY), progress -> {}).block();
        Model second = shelf.claim(claim(bob, "b", TINY), progress -> {}).block();

        assertThat(second).isSameAs(first);
        assertThat(shelf.loaded()).containsExactly("tiny");
    }

    @Test
    void thoseWhoComeDuringALoadWaitForTheSame() {
        shelf = slowShelf();
        List<Model> loaded = new ArrayList<>();
        List<LoadProgress> seen = new ArrayList<>();
        shelf.claim(claim(alice, "a", TINY), seen::add).subscribe(loaded::add);
        shelf.claim(claim(bob, "b", TINY), seen::add).subscribe(loaded::add);
        assertThat(loading).hasSize(1);

        loading.get(0).accept(LoadProgress.of(1, 2, "tiny"));
        finish("tiny");

        assertThat(seen).hasSize(2);
        assertThat(loaded).hasSize(2);
        assertThat(shelf.claimed(alice, "a")).isPresent();
        assertThat(shelf.claimed(bob, "b")).isPresent();
    }

    @Test
    void whoLeavesDuringALoadClaimsNothingAndStopsNobody() {
        shelf = slowShelf();
        List<Model> loaded = new ArrayList<>();
        Disposable leaver =
                shelf.claim(claim(alice, "a", TINY), progress -> {}).subscribe(loaded::add);
        shelf.claim(claim(bob, "b", TINY), progress -> {}).subscribe(loaded::add);

        leaver.dispose();
        finish("tiny");

        assertThat(loaded).hasSize(1);
        assertThat(shelf.claimed(alice, "a")).isEmpty();
        assertThat(shelf.claimed(bob, "b")).isPresent();
    }

    @Test
    void aLoadThatFailedIsTriedAgainByTheNext() {
        shelf = slowShelf();
        var first = shelf.claim(claim(alice, "a", TINY), progress -> {}).toFuture();
        loads.get("tiny").tryEmitError(new ModelLoadException("broken")).orThrow();
        assertThat(first).isCompletedExceptionally();
        assertThat(shelf.claimed(alice, "a")).isEmpty();

        var second = shelf.claim(claim(alice, "a", TINY), progress -> {}).toFuture();
        finish("tiny");

        assertThat(second).isCompleted();
    }

    @Test
    void aClaimIsKnownToItsConsumerOnly() {
        shelf.claim(claim(alice, "a", TINY), progress -> {}).block();

        assertThat(shelf.claimed(alice, "a")).isPresent();
        assertThat(shelf.claimed(bob, "a")).isEmpty();
        assertThat(shelf.drop(bob, "a")).isFalse();
        assertThat(shelf.drop(alice, "a")).isTrue();
        assertThat(shelf.claimed(alice, "a")).isEmpty();
    }

    @Test
    void aModelThatNobodyHoldsLeavesMemoryAfterItsTime() {
        shelf.arrived(alice);
        shelf.claim(claim(alice, "a", TINY), progress -> {}).block();
        pass(Duration.ofHours(5));
        assertThat(shelf.loaded()).as("held by a consumer who is here").containsExactly("tiny");

        shelf.drop(alice, "a");
        pass(Duration.ofMinutes(9));
        assertThat(shelf.loaded()).containsExactly("tiny");
        pass(Duration.ofMinutes(1));

        assertThat(shelf.loaded()).isEmpty();
        assertThat(models.get(0).isUnloaded()).isTrue();
    }

    @Test
    void aModelWhoseConsumersAreAwayLeavesMemoryAndComesBackWithThem() {
        shelf.arrived(alice);
        Claim claim = claim(alice, "a", TINY);
        shelf.claim(claim, progress -> {}).block();
        shelf.left(alice);
        pass(Duration.ofMinutes(10));
        assertThat(shelf.loaded()).isEmpty();

        shelf.arrived(alice);
        Model again = shelf.lend(shelf.claimed(alice, "a").orElseThrow(), Flux::just).blockLast();

        assertThat(again).isSameAs(models.get(1));
        assertThat(shelf.loaded()).containsExactly("tiny");
    }

    @Test
    void aModelDoesNotLeaveWhileSomethingRunsOnIt() {
        Claim claim = claim(alice, "a", TINY);
        shelf.claim(claim, progress -> {}).block();
        Disposable run = shelf.lend(claim, model -> Flux.never()).subscribe();
        pass(Duration.ofHours(1));
        assertThat(shelf.loaded()).containsExactly("tiny");

        run.dispose();
        pass(Duration.ofMinutes(9));
        assertThat(shelf.loaded()).containsExactly("tiny");
        pass(Duration.ofMinutes(1));
        assertThat(shelf.loaded()).isEmpty();
    }

    @Test
    void aModelThatTheOwnerKeepsNeverLeaves() {
        shelf.claim(claim(alice, "a", LARGE), progress -> {}).block();
        pass(Duration.ofDays(1000));

        assertThat(shelf.loaded()).containsExactly("large");
    }

    @Test
    void aClaimWaitsADayForItsConsumer() {
        shelf.claim(claim(alice, "a", TINY), progress -> {}).block();
        pass(ModelShelf.CLAIM_KEPT.minusSeconds(1));
        assertThat(shelf.claimed(alice, "a")).isPresent();

        pass(Duration.ofSeconds(1));
        assertThat(shelf.claimed(alice, "a")).isEmpty();
    }

    @Test
    void theClaimThatWasNotUsedForLongestMakesRoom() {
        Claim oldest = claim(alice, "m0", TINY);
        shelf.claim(oldest, progress -> {}).block();
        for (int i = 1; i < ModelShelf.MAX_CLAIMS_PER_PEER; i++) {
            shelf.claim(claim(alice, "m" + i, TINY), progress -> {}).block();
        }
        shelf.lend(oldest, Flux::just).blockLast();

        shelf.claim(claim(alice, "one more", TINY), progress -> {}).block();

        assertThat(shelf.claims(alice)).isEqualTo(ModelShelf.MAX_CLAIMS_PER_PEER);
        assertThat(shelf.claimed(alice, "m0")).isPresent();
        assertThat(shelf.claimed(alice, "m1")).isEmpty();
    }

    @Test
    void theConsumerWhoIsAwayForLongestMakesRoom() {
        shelf.arrived(alice);
        shelf.claim(claim(alice, "a", TINY), progress -> {}).block();
        shelf.claim(claim(bob, "b", TINY), progress -> {}).block();
        var random = new Random(7);
        PublicKey last = bob;
        for (int i = 0; i < ModelShelf.MAX_PEERS - 1; i++) {
            last = new PublicKey(Bytes.random(random, PublicKey.LENGTH));
            shelf.claim(claim(last, "m", TINY), progress -> {}).block();
        }

        assertThat(shelf.claimed(alice, "a")).as("still connected").isPresent();
        assertThat(shelf.claimed(bob, "b")).isEmpty();
        assertThat(shelf.claimed(last, "m")).isPresent();
    }

    @Test
    void whoLeftLastIsNotAwayForLongest() {
        shelf.arrived(alice);
        shelf.claim(claim(alice, "a", TINY), progress -> {}).block();
        shelf.claim(claim(bob, "b", TINY), progress -> {}).block();
        shelf.left(alice);
        var random = new Random(7);
        for (int i = 0; i < ModelShelf.MAX_PEERS - 1; i++) {
            PublicKey other = new PublicKey(Bytes.random(random, PublicKey.LENGTH));
            shelf.claim(claim(other, "m", TINY), progress -> {}).block();
        }

        assertThat(shelf.claimed(bob, "b")).isEmpty();
        assertThat(shelf.claimed(alice, "a")).isPresent();
    }

    @Test
    void closingUnloadsEverythingAndLoadsNothingMore() {
        shelf.claim(claim(alice, "a", TINY), progress -> {}).block();

        shelf.close().block();

        assertThat(models.get(0).isUnloaded()).isTrue();
        assertThatThrownBy(() -> shelf.claim(claim(alice, "a", TINY), progress -> {}).block())
                .isInstanceOf(ModelLoadException.class);
    }

    @Test
    void aLoadThatEndsAfterTheShelfIsClosedIsUndone() {
        shelf = slowShelf();
        shelf.claim(claim(alice, "a", TINY), progress -> {}).subscribe();
        shelf.close().block();

        finish("tiny");

        assertThat(models.get(0).isUnloaded()).isTrue();
        assertThat(shelf.loaded()).isEmpty();
    }

    @Test
    void twoModelsOfOneNameAreRefused() {
        assertThatThrownBy(() -> shelf(TINY, TINY)).hasMessageContaining("tiny");
    }

    private ModelShelf shelf(ServedModel... served) {
        return new ModelShelf(
                List.of(served),
                (model, progress) -> Mono.fromSupplier(() -> open(model.name())),
                () -> now);
    }

    private ModelShelf slowShelf() {
        return new ModelShelf(
                List.of(TINY, LARGE),
                (model, progress) -> {
                    loading.add(progress);
                    return loads.compute(model.name(), (name, old) -> Sinks.one()).asMono();
                },
                () -> now);
    }

    private void finish(String name) {
        loads.get(name).tryEmitValue(open(name)).orThrow();
    }

    private HandModel open(String name) {
        HandModel model = new HandModel(name);
        models.add(model);
        return model;
    }

    private void pass(Duration duration) {
        now += TimeUnit.NANOSECONDS.convert(duration);
        shelf.expire().block();
    }

    private static Claim claim(PublicKey peer, String modelId, ServedModel served) {
        return new Claim(
                peer,
                modelId,
                served,
                "llamacpp-completion",
                GenerationParams.defaults(),
                null,
                Instant.EPOCH);
    }
}
