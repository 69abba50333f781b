package dev.chancery.kernel;

/**
 * How a stream's events become a state. Pure: the same events give the same state, and states are immutable.
 *
 * @param <S> the state
 * @param <E> the event
 */
public interface Fold<S, E> {
    S initial();

    S evolve(S state, E event);
}
