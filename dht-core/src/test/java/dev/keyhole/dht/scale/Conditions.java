package dev.keyhole.dht.scale;

/**
 * How large a network is and how hard its life.
 *
 * @param nodes nodes of all kinds at a time
 * @param behindNats the share of them that is behind NATs and so stores nothing
 * @param churnPerHour the share of them that is replaced within an hour
 * @param loss the share of datagrams that get lost
 * @param hostile the share of the storing nodes that work against the others
 * @param servers how many of the nodes serve a key, and announce a topic each
 */
record Conditions(
        int nodes,
        double behindNats,
        double churnPerHour,
        double loss,
        double hostile,
        int servers) {

    /** A network such as there are: half of it behind NATs, a fifth of it new every hour. */
    static Conditions of(int nodes) {
        return new Conditions(nodes, 0.5, 0.2, 0.01, 0, Math.max(10, nodes / 30));
    }

    Conditions withHostile(double share) {
        return new Conditions(nodes, behindNats, churnPerHour, loss, share, servers);
    }

    Conditions withChurn(double perHour) {
        return new Conditions(nodes, behindNats, perHour, loss, hostile, servers);
    }

    Conditions withLoss(double share) {
        return new Conditions(nodes, behindNats, churnPerHour, share, hostile, servers);
    }

    Conditions withServers(int count) {
        return new Conditions(nodes, behindNats, churnPerHour, loss, hostile, count);
    }
}
