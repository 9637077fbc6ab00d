package dev.keyhole.dht.query;

import static java.util.stream.Collectors.toUnmodifiableList;

import dev.keyhole.dht.request.Answer;
import dev.keyhole.dht.request.RequestFailure;
import dev.keyhole.transport.net.Address;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a walk ended.
 *
 * @param closest the answers of the nodes nearest to the target, nearest first
 * @param commits what became of the commit at each of them, in the order they answered
 * @param cause null if the walk did what it should
 */
public record QueryResult(
        List<Answer> closest, List<CommitOutcome> commits, @Nullable QueryFailure cause) {

    public QueryResult {
        closest = List.copyOf(closest);
        commits = List.copyOf(commits);
    }

    /**
     * One closest node's word on the commit.
     *
     * @param error the number it answered with; 0 means it accepted
     * @param failure why it did not answer, null if it did
     */
    public record CommitOutcome(Answer node, long error, @Nullable RequestFailure failure) {
        public boolean accepted() {
            return error == 0 && failure == null;
        }
    }

    /** Why a walk failed. */
    public enum QueryFailure {
        /** Nobody was there to commit to. */
        TOO_FEW_NODES,
        /** None of the closest nodes accepted the commit. */
        REFUSED,
        /** The asker lost interest, or the node was closed. */
        CANCELLED,
        /** The node is off the network until it is resumed. */
        SUSPENDED
    }

    public Optional<QueryFailure> failure() {
        return Optional.ofNullable(cause);
    }

    /** Where an equal walk had best start. */
    public List<Address> closestNodes() {
        return closest.stream().map(Answer::from).collect(toUnmodifiableList());
    }
}
