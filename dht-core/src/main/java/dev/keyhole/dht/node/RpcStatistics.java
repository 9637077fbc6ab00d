package dev.keyhole.dht.node;

import dev.keyhole.dht.message.Command;
import java.util.Map;

/**
 * What a node has done and seen since it was made.
 *
 * @param nodes nodes it knows now
 * @param stored entries it stores for others now
 * @param activeQueries walks under way
 * @param queries walks there have ever been
 * @param activeRequests requests that have not ended
 * @param requests requests there have ever been
 * @param answers requests that were answered
 * @param timeouts requests that were not
 * @param retransmissions sendings beyond the first of a request
 * @param sent how often each internal command was asked of others
 * @param received how often others asked it
 * @param refused what came in and was not acted upon
 */
public record RpcStatistics(
        int nodes,
        int stored,
        int activeQueries,
        long queries,
        int activeRequests,
        long requests,
        long answers,
        long timeouts,
        long retransmissions,
        Map<Command.Internal, Long> sent,
        Map<Command.Internal, Long> received,
        Refused refused) {

    public RpcStatistics {
        sent = Map.copyOf(sent);
        received = Map.copyOf(received);
    }

    /**
     * What came in and was not acted upon, by what was wrong with it or which limit it met.
     *
     * @param ignored datagrams that were neither requests nor replies
     * @param malformed requests and replies that did not decode
     * @param strayReplies replies that nobody waited for, or from somebody who was not asked
     * @param shortenedAnswers answers cut short because their host had too many
     * @param newcomers nodes not pinged because too many others were being pinged
     * @param downHints hints not followed because too many nodes were being checked
     * @param delayedPings pings for later that were too many or too late
     * @param entries valid entries not stored because somebody's share was used up
     */
    public record Refused(
            long ignored,
            long malformed,
            long strayReplies,
            long shortenedAnswers,
            long newcomers,
            long downHints,
            long delayedPings,
            long entries) {}
}
