package dev.keyhole.dht.connect;

import dev.keyhole.transport.net.Address;
import dev.keyhole.transport.wire.Bytes;

/**
 * What a node does with one PEER_HANDSHAKE or PEER_HOLEPUNCH request.
 *
 * <p>Values without behaviour: the {@link Router} finds them, a {@link Hands} carries them out.
 */
public sealed interface RelayDecision {

    RelayDecision SILENT = new Silent();
    RelayDecision CLOSER_NODES = new CloserNodes();

    /** Calls the one method of the hands that fits. */
    void carryOut(Hands hands);

    /** What can be done with a request. */
    interface Hands {

        /** Sends the request on: same transaction, command and target, another value, no token. */
        void forward(Address to, Bytes value);

        /** Answers it, bare, towards somebody who need not be its sender. */
        void answer(Address to, Bytes value);

        /** Answers its sender with closer nodes and nothing else. */
        void closerNodes();

        /** Asks the server of this node. */
        void serve(Serve serve);
    }

    /** Nothing is sent at all. */
    record Silent() implements RelayDecision {
        @Override
        public void carryOut(Hands hands) {}
    }

    record CloserNodes() implements RelayDecision {
        @Override
        public void carryOut(Hands hands) {
            hands.closerNodes();
        }
    }

    record Forward(Address to, Bytes value) implements RelayDecision {
        @Override
        public void carryOut(Hands hands) {
            hands.forward(to, value);
        }
    }

    record Answer(Address to, Bytes value) implements RelayDecision {
        @Override
        public void carryOut(Hands hands) {
            hands.answer(to, value);
        }
    }

    /**
     * This node is the server.
     *
     * @param message what the client sent: a Noise message, or a sealed payload
     * @param id the handshake slot of a sealed payload, else 0
     * @param client where the client is: its datagram's source if direct, else a relay's claim
     * @param relay who gets the answer and passes it on; the client itself if direct
     */
    record Serve(Bytes message, long id, Address client, Address relay) implements RelayDecision {

        public boolean direct() {
            return relay.equals(client);
        }

        /** What to do with the server's answer to a handshake. */
        public RelayDecision answerHandshake(Bytes noise) {
            return direct()
                    ? new Answer(client, new HandshakeValue(Mode.REPLY, noise, null, null).encode())
                    : new Forward(
                            relay,
                            new HandshakeValue(Mode.FROM_SERVER, noise, client, null).encode());
        }

        /** What to do with the server's answer to a holepunch message. */
        public RelayDecision answerHolepunch(Bytes payload) {
            return new Forward(
                    relay, new HolepunchValue(Mode.FROM_SERVER, 0, payload, client).encode());
        }

        @Override
        public void carryOut(Hands hands) {
            hands.serve(this);
        }
    }
}
