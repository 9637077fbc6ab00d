package dev.keyhole.transport;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Runs a test once for each of so many seeds; the test takes one {@code long}.
 *
 * <p>The seeds are the same on every run and every machine, and each names its test. {@code
 * -Dseed=17} runs the one seed 17 instead, whether or not it is among them.
 */
@Documented
@TestTemplate
@ExtendWith(SeedsExtension.class)
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Seeds {

    /** How many seeds. */
    int value();
}
