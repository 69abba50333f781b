package dev.chancery.testkit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * A test of minutes: a whole instance that is filled, broken and started again. Continuous integration runs all of them; {@code ./mvnw
 * verify} leaves them out, and reports each as skipped.
 */
@Documented
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@EnabledIfSystemProperty(
        named = "chancery.rounds",
        matches = "ci|full",
        disabledReason = "it takes minutes: run with -Dchancery.rounds=ci, as continuous integration does")
public @interface LongTest {}
