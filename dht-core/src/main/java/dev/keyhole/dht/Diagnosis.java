package dev.keyhole.dht;

import static java.util.stream.Collectors.toUnmodifiableList;

import dev.keyhole.dht.announce.Walks;
import dev.keyhole.dht.holepunch.NatType;
import dev.keyhole.dht.node.RpcNode;
import dev.keyhole.dht.query.Query;
import dev.keyhole.dht.query.QueryResult;
import dev.keyhole.dht.request.Answer;
import dev.keyhole.transport.identity.PublicKey;
import java.time.Duration;
import java.util.List;
import reactor.core.publisher.MonoSink;

/** What a node finds out for somebody who wonders why a peer cannot be reached. */
final class Diagnosis {

    private final Dht dht;

    Diagnosis(Dht dht) {
        this.dht = dht;
    }

    void reachability(MonoSink<Reachability> sink) {
        dht.command(
                now ->
                        dht.node()
                                .checkNat(
                                        (type, seen, later) -> answer(sink, describe(type, seen)),
                                        now),
                () -> sink.error(new DhtException.Closed()));
    }

    void findPeer(PublicKey publicKey, MonoSink<KeySearch> sink) {
        dht.command(
                now -> {
                    Query query =
                            dht.node()
                                    .rpc()
                                    .query(
                                            Walks.findPeer(publicKey),
                                            (result, later) ->
                                                    answer(sink, found(publicKey, result)),
                                            now);
                    sink.onCancel(() -> dht.command(query::cancel));
                },
                () -> sink.error(new DhtException.Closed()));
    }

    private <T> void answer(MonoSink<T> sink, T answer) {
        dht.tell(() -> sink.success(answer));
    }

    private Reachability describe(NatType type, List<Answer> sightings) {
        RpcNode rpc = dht.node().rpc();
        return new Reachability(
                rpc.observedAddress(),
                rpc.isFirewalled(),
                rpc.isFirewalled() ? type : NatType.OPEN,
                sightings.stream().map(Diagnosis::sighting).collect(toUnmodifiableList()),
                rpc.localAddresses(),
                rpc.tableSize(),
                !rpc.isEphemeral());
    }

    private static Reachability.Sighting sighting(Answer answer) {
        return new Reachability.Sighting(
                answer.from(), answer.to(), Duration.ofNanos(answer.roundTripNanos()));
    }

    private static KeySearch found(PublicKey publicKey, QueryResult result) {
        return new KeySearch(
                publicKey,
                result.closest().size(),
                result.closest().stream()
                        .filter(answer -> Walks.peer(answer, publicKey).isPresent())
                        .map(Answer::from)
                        .collect(toUnmodifiableList()));
    }
}
