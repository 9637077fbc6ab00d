package dev.keyhole.examples;

import dev.keyhole.dht.Dht;
import dev.keyhole.dht.DhtConfig;
import dev.keyhole.dht.Firewall;
import dev.keyhole.model.ModelSource;
import dev.keyhole.provider.Provider;
import dev.keyhole.provider.ProviderConfig;
import dev.keyhole.transport.identity.KeyPair;
import dev.keyhole.transport.identity.PublicKey;
import java.security.SecureRandom;

/** Serves the embedded model to one consumer. */
public final class Serve {

    private Serve() {}

    /** Takes the public key of the consumer that may connect. */
    public static void main(String[] args) {
        KeyPair identity = KeyPair.random(new SecureRandom());
        PublicKey friend = PublicKey.parse(args[0]);

        try (Dht dht = Dht.bind(DhtConfig.defaults());
                Provider provider =
                        Provider.start(
                                dht,
                                ProviderConfig.of(identity)
                                        .withFirewall(Firewall.allow(friend))
                                        .withModel(
                                                "tiny-chat", ModelSource.embedded("tiny-chat")))) {
            provider.ready().block();
            System.out.println("Provider public key: " + provider.publicKey());
            provider.closed().block();
        }
    }
}
