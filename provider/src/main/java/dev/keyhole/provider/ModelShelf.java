package dev.keyhole.provider;

import dev.keyhole.model.LoadProgress;
import dev.keyhole.model.Model;
import dev.keyhole.model.ModelLoadException;
import dev.keyhole.transport.identity.PublicKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The owner's models, which of them are in memory, and who may use them.
 *
 * <p>One loaded model serves everybody. A consumer sees only what it claimed itself, and gives up
 * nothing but its own claim. A model that nobody connected claims, and on which nothing runs, leaves
 * memory after its time; a claim outlives that and the connection, and brings the model back with its
 * next use.
 *
 * <p>Safe for all threads. Nothing of an owner's is ever deleted.
 */
final class ModelShelf {

    /** How many models one consumer may claim; the one it has not used for longest makes room. */
    static final int MAX_CLAIMS_PER_PEER = 64;

    /** How many consumers may hold claims; whoever is away for longest makes room. */
    static final int MAX_PEERS = 4096;

    /** How long a consumer that went away finds its claims again. */
    static final Duration CLAIM_KEPT = Duration.ofHours(24);

    private final Map<String, Slot> slots = new LinkedHashMap<>();
    private final ModelOpener opener;
    private final LongSupplier clock;

    /** Whoever came, claimed or left last is last. */
    private final Map<PublicKey, Shelved> peers = new LinkedHashMap<>();

    private boolean closed;

    ModelShelf(Collection<ServedModel> models, ModelOpener opener, LongSupplier clock) {
        this.opener = opener;
        this.clock = clock;
        for (ServedModel served : models) {
            if (slots.put(served.name(), new Slot(served)) != null) {
                throw new IllegalArgumentException("two models are named " + served.name());
            }
        }
    }

    /**
     * The model that a request means: the first whose name or alias is the text itself, else the
     * first with a pattern that fits.
     */
    Optional<ServedModel> find(String text) {
        for (Slot slot : slots.values()) {
            if (slot.served.isNamed(text)) {
                return Optional.of(slot.served);
            }
        }
        for (Slot slot : slots.values()) {
            if (slot.served.answersTo(text)) {
                return Optional.of(slot.served);
            }
        }
        return Optional.empty();
    }

    /** Loads those that the owner wants in memory from the start; each may fail on its own. */
    Flux<Model> preload() {
        return Flux.fromIterable(slots.values())
                .filter(slot -> slot.served.preload())
                .concatMapDelayError(slot -> load(slot, progress -> {}));
    }

    /** Loads the claim's model if need be, and records the claim once it is there. */
    Mono<Model> claim(Claim claim, Consumer<LoadProgress> progress) {
        return Mono.defer(() -> load(slot(claim.served()), progress))
                .doOnNext(model -> record(claim));
    }

    /** What this consumer, and no other, knows under an id. */
    synchronized Optional<Claim> claimed(PublicKey peer, String modelId) {
        Shelved shelved = peers.get(peer);
        return shelved == null
                ? Optional.empty()
                : Optional.ofNullable(shelved.claims.get(modelId));
    }

    synchronized int claims(PublicKey peer) {
        Shelved shelved = peers.get(peer);
        return shelved == null ? 0 : shelved.claims.size();
    }

    /** Gives up one claim. The model stays until its time is over. */
    synchronized boolean drop(PublicKey peer, String modelId) {
        Shelved shelved = peers.get(peer);
        Claim claim = shelved == null ? null : shelved.claims.remove(modelId);
        if (shelved == null || claim == null) {
            return false;
        }
        slot(claim.served()).usedAt = clock.getAsLong();
        forgetIfEmpty(peer, shelved);
        return true;
    }

    /**
     * Uses the model behind a claim, loaded again if it had left memory. It stays there until the use
     * is over, in whatever way.
     */
    <T> Flux<T> lend(Claim claim, Function<Model, Flux<T>> use) {
        return Flux.defer(
                () -> {
                    Slot slot = take(claim);
                    return load(slot, progress -> {})
                            .flatMapMany(use)
                            .doFinally(signal -> giveBack(slot));
                });
    }

    /** A connection of this consumer opened; what it claims stays in memory. */
    synchronized void arrived(PublicKey peer) {
        shelved(peer).connections++;
    }

    /** A connection of this consumer ended. */
    synchronized void left(PublicKey peer) {
        Shelved shelved = peers.get(peer);
        if (shelved == null) {
            return;
        }
        peers.remove(peer);
        peers.put(peer, shelved);
        shelved.connections--;
        shelved.leftAt = clock.getAsLong();
        for (Claim claim : shelved.claims.values()) {
            slot(claim.served()).usedAt = clock.getAsLong();
        }
        forgetIfEmpty(peer, shelved);
    }

    /** Lets go of the models and claims whose time is over; completes when they are unloaded. */
    Mono<Void> expire() {
        List<Model> leaving = new ArrayList<>();
        synchronized (this) {
            long now = clock.getAsLong();
            peers.values()
                    .removeIf(
                            shelved ->
                                    shelved.connections == 0
                                            && now - shelved.leftAt >= CLAIM_KEPT.toNanos());
            for (Slot slot : slots.values()) {
                Model model = slot.model;
                if (model != null && idle(slot, now)) {
                    leaving.add(model);
                    slot.model = null;
                    slot.loading = null;
                }
            }
        }
        return Flux.fromIterable(leaving).concatMapDelayError(Model::unload).then();
    }

    /** The names of the models that are in memory. */
    synchronized List<String> loaded() {
        return slots.values().stream()
                .filter(slot -> slot.model != null)
                .map(slot -> slot.served.name())
                .toList();
    }

    /** Unloads everything, and loads nothing any more. */
    Mono<Void> close() {
        List<Model> leaving = new ArrayList<>();
        synchronized (this) {
            closed = true;
            peers.clear();
            for (Slot slot : slots.values()) {
                Model model = slot.model;
                if (model != null) {
                    leaving.add(model);
                }
                slot.model = null;
                slot.loading = null;
            }
        }
        return Flux.fromIterable(leaving).concatMapDelayError(Model::unload).then();
    }

    private boolean idle(Slot slot, long now) {
        if (slot.leases > 0 || now - slot.usedAt < nanos(slot.served.idleUnload())) {
            return false;
        }
        return peers.values().stream()
                .filter(shelved -> shelved.connections > 0)
                .flatMap(shelved -> shelved.claims.values().stream())
                .noneMatch(claim -> slot(claim.served()) == slot);
    }

    private synchronized void record(Claim claim) {
        if (closed) {
            return;
        }
        Shelved shelved = shelved(claim.peer());
        shelved.claims.remove(claim.modelId());
        shelved.claims.put(claim.modelId(), claim);
        if (shelved.claims.size() > MAX_CLAIMS_PER_PEER) {
            shelved.claims.remove(shelved.claims.keySet().iterator().next());
        }
        slot(claim.served()).usedAt = clock.getAsLong();
    }

    private synchronized Slot take(Claim claim) {
        Shelved shelved = peers.get(claim.peer());
        if (shelved != null && shelved.claims.remove(claim.modelId(), claim)) {
            shelved.claims.put(claim.modelId(), claim);
        }
        Slot slot = slot(claim.served());
        slot.leases++;
        return slot;
    }

    private synchronized void giveBack(Slot slot) {
        slot.leases--;
        slot.usedAt = clock.getAsLong();
    }

    private Mono<Model> load(Slot slot, Consumer<LoadProgress> progress) {
        synchronized (this) {
            if (closed) {
                return Mono.error(() -> new ModelLoadException("the provider is closing"));
            }
            Mono<Model> loading = slot.loading;
            if (loading == null) {
                loading = open(slot);
                slot.loading = loading;
            }
            if (slot.model != null) {
                return loading;
            }
            slot.listeners.add(progress);
            return loading.doFinally(signal -> unlisten(slot, progress));
        }
    }

    /** One load for all who want it; it goes on when they leave, since others will come. */
    private Mono<Model> open(Slot slot) {
        return Mono.defer(() -> opener.open(slot.served, step -> tell(slot, step)))
                .doOnNext(model -> loaded(slot, model))
                .doOnError(error -> failed(slot))
                .cache();
    }

    private void loaded(Slot slot, Model model) {
        boolean unwanted;
        synchronized (this) {
            unwanted = closed;
            if (!unwanted) {
                slot.model = model;
                slot.usedAt = clock.getAsLong();
            }
        }
        if (unwanted) {
            model.unload().subscribe();
        }
    }

    private synchronized void failed(Slot slot) {
        slot.loading = null;
    }

    private void tell(Slot slot, LoadProgress step) {
        List<Consumer<LoadProgress>> listeners;
        synchronized (this) {
            listeners = List.copyOf(slot.listeners);
        }
        listeners.forEach(listener -> listener.accept(step));
    }

    private synchronized void unlisten(Slot slot, Consumer<LoadProgress> progress) {
        slot.listeners.remove(progress);
    }

    private Shelved shelved(PublicKey peer) {
        Shelved shelved = peers.remove(peer);
        if (shelved == null) {
            shelved = new Shelved();
            shelved.leftAt = clock.getAsLong();
            makeRoom();
        }
        peers.put(peer, shelved);
        return shelved;
    }

    private void makeRoom() {
        if (peers.size() < MAX_PEERS) {
            return;
        }
        for (Map.Entry<PublicKey, Shelved> entry : peers.entrySet()) {
            if (entry.getValue().connections == 0) {
                peers.remove(entry.getKey());
                return;
            }
        }
    }

    private void forgetIfEmpty(PublicKey peer, Shelved shelved) {
        if (shelved.connections == 0 && shelved.claims.isEmpty()) {
            peers.remove(peer);
        }
    }

    private Slot slot(ServedModel served) {
        Slot slot = slots.get(served.name());
        if (slot == null) {
            throw new IllegalArgumentException("not on this shelf: " + served.name());
        }
        return slot;
    }

    private static long nanos(Duration duration) {
        try {
            return duration.toNanos();
        } catch (ArithmeticException e) {
            return Long.MAX_VALUE;
        }
    }

    /** A place for one model. */
    private static final class Slot {

        private final ServedModel served;
        private final List<Consumer<LoadProgress>> listeners = new ArrayList<>();
        private @Nullable Mono<Model> loading;
        private @Nullable Model model;
        private int leases;
        private long usedAt;

        Slot(ServedModel served) {
            this.served = served;
        }
    }

    /** What one consumer has here, least recently used first. */
    private static final class Shelved {

        private final Map<String, Claim> claims = new LinkedHashMap<>();
        private int connections;
        private long leftAt;
    }
}
