package dev.chancery.decision;

import dev.chancery.kernel.Fold;
import dev.chancery.kernel.Principal;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.identity.v1.AllSessionsEnded;
import dev.chancery.schema.identity.v1.SessionEnded;
import java.util.HashMap;
import java.util.Map;

/**
 * Which of a principal's sessions were ended before their time. A token carries its session and the principal's epoch, so nothing
 * depends on comparing clocks: what was signed before all sessions were ended has a lower epoch.
 *
 * @param epoch how often all were ended
 * @param ended by id, until when it would have lived; what is over anyway is dropped when the next one ends
 */
public record SessionEnds(int epoch, Map<String, Long> ended) {
    /** How long after its end a session is remembered, for processes whose clock is behind, in microseconds. */
    private static final long KEPT_MICROS = 3_600_000_000L;

    public static final Fold<SessionEnds, LogEvent> FOLD = new Fold<>() {
        @Override
        public SessionEnds initial() {
            return new SessionEnds(0, Map.of());
        }

        @Override
        public SessionEnds evolve(SessionEnds state, LogEvent event) {
            return switch (event.type()) {
                case "chancery.identity.v1.SessionEnded" ->
                    state.with(EventReading.read(SessionEnded.parser(), event.body()));
                case "chancery.identity.v1.AllSessionsEnded" ->
                    new SessionEnds(
                            EventReading.read(AllSessionsEnded.parser(), event.body())
                                    .getEpoch(),
                            Map.of());
                default -> state;
            };
        }
    };

    public static final Part<SessionEnds> PART = new Part<>("identity/session-ends/", FOLD);

    private SessionEnds with(SessionEnded event) {
        Map<String, Long> all = new HashMap<>(ended);
        all.values().removeIf(expires -> expires + KEPT_MICROS < event.getEndedAtMicros());
        all.put(event.getSessionId(), event.getExpiresAtMicros());
        return new SessionEnds(epoch, Map.copyOf(all));
    }

    /** Whether the session that a principal calls in is over. */
    public boolean ends(Principal principal) {
        return ends(principal.session(), principal.epoch());
    }

    /** Of whom a principal acts for: whether the session is over by which they let it. */
    public boolean endsActingBy(Principal principal) {
        return principal
                .theirs()
                .filter(session -> ends(session.id(), session.epoch()))
                .isPresent();
    }

    /** Whether a session is over that was begun in an epoch. */
    public boolean ends(String session, int begunIn) {
        return begunIn < epoch || ended.containsKey(session);
    }
}
