package dev.chancery.log;

import dev.chancery.kernel.StreamId;
import dev.chancery.schema.log.v1.IntentRef;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Result;
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
    public static final int MAX_BASIS = 2_048;

    /** Claims a draft has at most. */
    public static final int MAX_CLAIMS = 16;

    private static final int ENTRY_ID_BYTES = 16;

    public Draft {
        events = List.copyOf(events);
        claims = List.copyOf(claims);
        basis = Map.copyOf(basis);
        require(
                events.size() <= MAX_EVENTS && claims.size() <= MAX_CLAIMS && basis.size() <= MAX_BASIS,
                "a draft has at most 256 events and 16 claims and rests on at most 2,048 streams");
        require(statement.getEntryId().size() == ENTRY_ID_BYTES, "an entry id has 16 bytes");
        boolean reserves =
                receipt.filter(r -> r.effect() instanceof Receipt.Reserve).isPresent();
        if (statement.hasIntent()) {
            require(
                    events.isEmpty() && claims.isEmpty() && deadlineMillis > 0,
                    "an intent has a deadline and no effect");
            require(reserves || receipt.isEmpty(), "an intent reserves its key");
        } else {
            require(statement.hasOutcome(), "a statement is an intent or an outcome");
            require(!reserves, "only an intent reserves a key");
            require(
                    statement.getOutcome().getResult() == Result.SUCCESS || (events.isEmpty() && claims.isEmpty()),
                    "only a success has an effect");
        }
        for (NewEvent event : events) {
            require(basis.containsKey(event.stream()), "an event's stream was not read before it was decided");
        }
    }

    private static void require(boolean holds, String rule) {
        if (!holds) {
            throw new IllegalArgumentException(rule);
        }
    }

    public static Draft intent(String tenant, Statement statement, long deadlineMillis, Optional<Receipt> receipt) {
        return new Draft(tenant, statement, deadlineMillis, List.of(), List.of(), receipt, Map.of());
    }

    boolean isIntent() {
        return statement.hasIntent();
    }

    /** The intent whose outcome this is. */
    Optional<IntentRef> ends() {
        Outcome outcome = statement.getOutcome();
        return outcome.hasIntent() ? Optional.of(outcome.getIntent()) : Optional.empty();
    }
}
