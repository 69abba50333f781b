package dev.chancery.log;

import dev.chancery.kernel.StreamId;
import dev.chancery.schema.log.v1.Statement;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A record that wants to be appended.
 *
 * @param tenant whose log
 * @param statement all that is known before the head is locked: everything but origin, position, time, feature and signer; of an
 *     outcome, not its event references either
 * @param deadlineMillis for an intent, how long its outcome may take
 * @param events of an outcome, in order; each stream they go to is in the basis
 * @param claims names taken and released with it
 * @param receipt what becomes of the command's idempotency key
 * @param basis every stream the decision rests on with the version that was read, 0 for one that was empty; append refuses when
 *     any of them has moved
 */
public record Draft(
        String tenant,
        Statement statement,
        long deadlineMillis,
        List<NewEvent> events,
        List<Claim> claims,
        Optional<Receipt> receipt,
        Map<StreamId, Long> basis) {

    /** Events an outcome has at most; more would need the list to travel as a body. */
    public static final int MAX_EVENTS = 256;

    /** Streams a basis names at most. */
    public static final int MAX_BASIS = 64;

    public Draft {
        events = List.copyOf(events);
        claims = List.copyOf(claims);
        basis = Map.copyOf(basis);
        if (events.size() > MAX_EVENTS || basis.size() > MAX_BASIS) {
            throw new IllegalArgumentException("a draft has at most 256 events and rests on at most 64 streams");
        }
        for (NewEvent event : events) {
            if (!basis.containsKey(event.stream())) {
                throw new IllegalArgumentException("an event's stream was not read before it was decided");
            }
        }
    }

    public static Draft intent(String tenant, Statement statement, long deadlineMillis, Optional<Receipt> receipt) {
        return new Draft(tenant, statement, deadlineMillis, List.of(), List.of(), receipt, Map.of());
    }

    boolean isIntent() {
        return statement.hasIntent();
    }
}
