package dev.keyhole.examples.natlab;

import dev.keyhole.dht.Dht;
import dev.keyhole.dht.DhtConfig;
import java.util.ArrayList;
import java.util.List;

/** Persistent nodes in one process, one at each address; the first may begin a network. */
final class PublicNodes {

    private static final int PORT = DhtConfig.PREFERRED_PORT;

    private PublicNodes() {}

    /** Takes a bootstrap address, or "-" to begin a network, and the addresses to live at. */
    public static void main(String[] args) throws Exception {
        String bootstrap = args[0];
        List<Dht> nodes = new ArrayList<>();
        for (String host : List.of(args).subList(1, args.length)) {
            boolean first = bootstrap.equals("-");
            DhtConfig joining =
                    first
                            ? DhtConfig.bootstrapper(host, PORT)
                            : DhtConfig.of(bootstrap)
                                    .withHost(host)
                                    .withPort(PORT)
                                    .withEphemeral(false)
                                    .withFirewalled(false);
            Dht node = Dht.bind(joining);
            node.bootstrapped().block();
            nodes.add(node);
            if (first) {
                bootstrap = host + ":" + PORT;
            }
        }
        System.out.println("BOOTSTRAP " + bootstrap);
        while (System.in.read() >= 0) {
            // Until whoever started us is gone.
        }
        nodes.forEach(Dht::close);
        System.exit(0);
    }
}
