package dev.chancery.auditor;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a {@code chancery.log.v1.Statement} says, as far as a rule looks at it. The rest was checked for its shape and let go. */
@SuppressWarnings("ArrayRecordComponent") // its records are never compared
record Statement(
        String origin,
        long position,
        long recordedAtMicros,
        String feature,
        int sourceKey,
        int actorType,
        String actorId,
        String action,
        String requestId,
        Kind kind) {

    static final int ACTOR_SYSTEM = 1;

    sealed interface Kind {}

    record Intent(long deadlineMicros) implements Kind {}

    record Outcome(
            Result result,
            @Nullable IntentRef intent,
            String code,
            boolean effectUnknown,
            List<EventRef> events,
            @Nullable EventList eventList,
            long denials)
            implements Kind {

        boolean hasEvents() {
            return !events.isEmpty() || eventList != null;
        }

        /** How many bodies the record has: one an event, and the list where there is one. */
        long bodies() {
            return eventList == null ? events.size() : 1 + eventList.count();
        }
    }

    enum Result {
        SUCCESS,
        FAILURE,
        DENIED,
        ABANDONED
    }

    record IntentRef(long position, byte[] hash) {}

    record EventList(byte[] root, long count) {}
}
