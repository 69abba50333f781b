package dev.chancery.ledger;

/** Where checkpoints go once they are kept for ever: {@code ledger.checkpoints.v1}. */
@FunctionalInterface
public interface CheckpointPublisher {
    /**
     * Returns when the note is stored safely, within a bounded time. The same note may be published more than once.
     *
     * @throws RuntimeException when it may not be; it is then published again
     */
    void publish(String origin, byte[] note);
}
