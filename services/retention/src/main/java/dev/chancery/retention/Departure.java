package dev.chancery.retention;

import dev.chancery.kernel.Fold;
import dev.chancery.log.Streams.StoredEvent;
import java.util.OptionalLong;

/**
 * Whether a principal has left its organisation: what is kept of it is kept for a time from then on.
 *
 * @param position of the record that deactivated it; empty: it is there, or is there again
 */
record Departure(OptionalLong position) {
    static final String LEFT = "chancery.identity.v1.PrincipalDeactivated";
    static final String BACK = "chancery.identity.v1.PrincipalReactivated";

    static final Fold<Departure, StoredEvent> FOLD = new Fold<>() {
        @Override
        public Departure initial() {
            return new Departure(OptionalLong.empty());
        }

        @Override
        public Departure evolve(Departure state, StoredEvent event) {
            return switch (event.type()) {
                case LEFT -> new Departure(OptionalLong.of(event.position()));
                case BACK -> initial();
                default -> state;
            };
        }
    };
}
