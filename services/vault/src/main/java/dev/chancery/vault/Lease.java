package dev.chancery.vault;

import dev.chancery.decision.EventReading;
import dev.chancery.kernel.Fold;
import dev.chancery.kernel.StreamId;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.vault.v1.LeaseIssued;
import dev.chancery.schema.vault.v1.LeaseRenewed;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A credential of a database, for a time.
 *
 * @param issued empty: there was never one of this id
 * @param position of the record that issued it
 * @param untilMicros with its renewals
 * @param ended its role is to be dropped
 * @param dropped its role is gone
 */
record Lease(Optional<LeaseIssued> issued, long position, long untilMicros, boolean ended, boolean dropped) {
    static final Fold<Lease, LogEvent> FOLD = new Fold<>() {
        @Override
        public Lease initial() {
            return new Lease(Optional.empty(), -1, 0, false, false);
        }

        @Override
        public Lease evolve(Lease state, LogEvent event) {
            return switch (event.type()) {
                case "chancery.vault.v1.LeaseIssued" -> {
                    var issued = EventReading.read(LeaseIssued.parser(), event.body());
                    yield new Lease(Optional.of(issued), event.position(), issued.getUntilMicros(), false, false);
                }
                case "chancery.vault.v1.LeaseRenewed" ->
                    new Lease(
                            state.issued(),
                            state.position(),
                            EventReading.read(LeaseRenewed.parser(), event.body())
                                    .getUntilMicros(),
                            state.ended(),
                            state.dropped());
                case "chancery.vault.v1.LeaseEnded" ->
                    new Lease(state.issued(), state.position(), state.untilMicros(), true, state.dropped());
                case "chancery.vault.v1.LeaseRoleDropped" ->
                    new Lease(state.issued(), state.position(), state.untilMicros(), state.ended(), true);
                default -> state;
            };
        }
    };

    static StreamId stream(String leaseId) {
        return StreamId.of("vault", "lease", leaseId);
    }

    /** Whether one of these leaked after it was issued. */
    boolean restsOnALeak(Secret... secrets) {
        return Stream.of(secrets).anyMatch(secret -> position < secret.leak().position());
    }

    boolean isLive(long atMicros) {
        return issued.isPresent() && !ended && atMicros < untilMicros;
    }
}
