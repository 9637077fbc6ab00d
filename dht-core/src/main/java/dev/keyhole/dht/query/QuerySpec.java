package dev.keyhole.dht.query;

import dev.keyhole.dht.message.Command;
import dev.keyhole.dht.request.Answer;
import dev.keyhole.dht.request.RequestSpec;
import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What to walk towards and what to ask on the way.
 *
 * @param start nodes to begin with, such as the closest ones of an earlier walk
 * @param onlyStart whether to ask nobody but them
 * @param retries how often each visit is sent again
 * @param forced whether to leave without regard to the congestion window
 * @param background whether to make way for everything else
 * @param followUp what to ask a node on top of its answer, null for nothing; awaited before commits
 * @param commit what to ask the closest nodes in the end, null for nothing
 */
public record QuerySpec(
        Bytes target,
        Command command,
        @Nullable Bytes value,
        List<Address> start,
        boolean onlyStart,
        int retries,
        boolean forced,
        boolean background,
        @Nullable FollowUp followUp,
        @Nullable Commit commit) {

    public static final int DEFAULT_RETRIES = 5;

    public QuerySpec {
        start = List.copyOf(start);
    }

    /** Says what else to ask a node that answered. */
    @FunctionalInterface
    public interface FollowUp {

        /** The further request, or null for none. */
        @Nullable RequestSpec after(Answer answer);
    }

    /** Says what to ask each of the closest nodes once the walk is over. */
    @FunctionalInterface
    public interface Commit {

        /** The request to this node; null if its answer allows none, and counts as failed. */
        @Nullable RequestSpec to(Answer closest);
    }

    public static QuerySpec of(Bytes target, Command command) {
        return new QuerySpec(
                target, command, null, List.of(), false, DEFAULT_RETRIES, false, false, null, null);
    }

    public QuerySpec withValue(@Nullable Bytes newValue) {
        return new QuerySpec(
                target,
                command,
                newValue,
                start,
                onlyStart,
                retries,
                forced,
                background,
                followUp,
                commit);
    }

    public QuerySpec withStart(List<Address> nodes) {
        return new QuerySpec(
                target,
                command,
                value,
                nodes,
                onlyStart,
                retries,
                forced,
                background,
                followUp,
                commit);
    }

    public QuerySpec withOnlyStart(boolean only) {
        return new QuerySpec(
                target, command, value, start, only, retries, forced, background, followUp, commit);
    }

    public QuerySpec withRetries(int count) {
        return new QuerySpec(
                target,
                command,
                value,
                start,
                onlyStart,
                count,
                forced,
                background,
                followUp,
                commit);
    }

    /** Leaves at once and asks everybody once only. */
    public QuerySpec asForced() {
        return new QuerySpec(
                target, command, value, start, onlyStart, 0, true, background, followUp, commit);
    }

    public QuerySpec asBackground() {
        return new QuerySpec(
                target, command, value, start, onlyStart, retries, forced, true, followUp, commit);
    }

    public QuerySpec withFollowUp(@Nullable FollowUp newFollowUp) {
        return new QuerySpec(
                target,
                command,
                value,
                start,
                onlyStart,
                retries,
                forced,
                background,
                newFollowUp,
                commit);
    }

    public QuerySpec withCommit(@Nullable Commit newCommit) {
        return new QuerySpec(
                target,
                command,
                value,
                start,
                onlyStart,
                retries,
                forced,
                background,
                followUp,
                newCommit);
    }
}
