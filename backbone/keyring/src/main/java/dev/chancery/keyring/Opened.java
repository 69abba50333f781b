package dev.chancery.keyring;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** What opening a sealed value came to. */
public sealed interface Opened {
    /** The value as text, unless it is forgotten or hidden. */
    Optional<String> text();

    /** The value. Its text form never shows it. */
    final class Plain implements Opened {
        private final byte[] value;

        Plain(byte[] value) {
            this.value = value;
        }

        /** A copy of the value's bytes. */
        public byte[] bytes() {
            return value.clone();
        }

        @Override
        public Optional<String> text() {
            return Optional.of(new String(value, StandardCharsets.UTF_8));
        }

        @Override
        public String toString() {
            return "Plain[hidden]";
        }
    }

    /** There is a commitment to it and no more: {@link Keyring#matches} tells whether it is a value that the asker has. */
    record Hidden() implements Opened {
        @Override
        public Optional<String> text() {
            return Optional.empty();
        }
    }

    /** Its key was destroyed: nobody can ever read it again. */
    record Forgotten() implements Opened {
        @Override
        public Optional<String> text() {
            return Optional.empty();
        }
    }
}
