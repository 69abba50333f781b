package dev.chancery.kernel;

import java.util.List;

/** What a command comes to: events, nothing since it is true already, or a rejection. */
public sealed interface Decision<E> {
    record Events<E>(List<E> events) implements Decision<E> {
        public Events {
            events = List.copyOf(events);
        }
    }

    record Nothing<E>() implements Decision<E> {}

    record Rejected<E>(Rejection rejection) implements Decision<E> {}

    @SafeVarargs
    static <E> Decision<E> events(E... events) {
        return new Events<>(List.of(events));
    }

    static <E> Decision<E> nothing() {
        return new Nothing<>();
    }

    static <E> Decision<E> reject(Rejection rejection) {
        return new Rejected<>(rejection);
    }
}
