package dev.keyhole.examples;

import dev.keyhole.consumer.Consumer;
import dev.keyhole.consumer.ConsumerConfig;
import dev.keyhole.consumer.Delegate;
import dev.keyhole.consumer.LoadModel;
import dev.keyhole.model.Completion;
import dev.keyhole.model.CompletionRequest;
import dev.keyhole.model.Model;
import java.time.Duration;

/** Asks a question of a model that runs on somebody else's machine. */
public final class Ask {

    private Ask() {}

    /** Takes the provider's public key and a question. */
    public static void main(String[] args) {
        Delegate provider = Delegate.to(args[0]).withTimeout(Duration.ofSeconds(60));

        try (Consumer consumer = Consumer.open(ConsumerConfig.defaults());
                Model model =
                        consumer.loadModel(LoadModel.of("tiny-chat").withDelegate(provider))
                                .blockOptional()
                                .orElseThrow()) {
            Completion run = model.completion(CompletionRequest.user(args[1]));
            run.tokens().doOnNext(System.out::print).blockLast();
            System.out.println();
            System.out.println("served by " + run.servedBy().block());
        }
    }
}
