package dev.chancery.retention;

import dev.chancery.decision.EventReading;
import dev.chancery.kernel.Fold;
import dev.chancery.kernel.StreamId;
import dev.chancery.log.Streams.StoredEvent;
import dev.chancery.schema.options.v1.RetentionClass;
import dev.chancery.schema.retention.v1.ScheduleSet;
import java.time.Instant;
import java.time.Period;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * For how long an organisation keeps personal values, by what they are kept for.
 *
 * <p>A period is one of the calendar's, in UTC, and is over for what began at or before the time that is so much earlier than now: seven years
 * before 29 February is 28 February.
 *
 * @param set those that were set; of the others the default is in force
 */
record Schedules(Map<RetentionClass, ScheduleSet> set) {
    static final StreamId STREAM = StreamId.of("retention", "schedules");

    /** In force where none was set. */
    static final String DEFAULT = "P7Y";

    static final String UNLIMITED = "UNLIMITED";

    /** The last moment that a time may be, at the end of the year 9999. */
    static final long LAST_MICROS = 253_402_300_799_999_999L;

    private static final Pattern PERIOD = Pattern.compile("P(?<count>[0-9]{1,5})(?<unit>[DMY])");

    /** A hundred years. */
    private static final Map<String, Integer> MOST = Map.of("D", 36_525, "M", 1_200, "Y", 100);

    static final Fold<Schedules, StoredEvent> FOLD = new Fold<>() {
        @Override
        public Schedules initial() {
            return new Schedules(Map.of());
        }

        @Override
        public Schedules evolve(Schedules state, StoredEvent event) {
            if (!event.type().equals("chancery.retention.v1.ScheduleSet")) {
                return state;
            }
            var one = EventReading.read(ScheduleSet.parser(), event.body());
            Map<RetentionClass, ScheduleSet> all = new TreeMap<>(state.set);
            all.put(one.getRetentionClass(), one);
            return new Schedules(all);
        }
    };

    Schedules {
        set = Collections.unmodifiableMap(new TreeMap<>(set));
    }

    static boolean isPeriod(String text) {
        Matcher period = PERIOD.matcher(text);
        return text.equals(UNLIMITED)
                || period.matches()
                        && Integer.parseInt(period.group("count")) <= MOST.getOrDefault(period.group("unit"), 0);
    }

    String period(RetentionClass retention) {
        return Optional.ofNullable(set.get(retention))
                .map(ScheduleSet::getPeriod)
                .orElse(DEFAULT);
    }

    /** Whether a period that began then is over. */
    static boolean isOver(String period, long beganMicros, long atMicros) {
        return beganMicros <= latestBegin(period, atMicros);
    }

    /** What began later than this goes on at a time; a time before all others: everything does. */
    static long latestBegin(String period, long atMicros) {
        if (period.equals(UNLIMITED)) {
            return Long.MIN_VALUE;
        }
        return ChronoUnit.MICROS.between(
                Instant.EPOCH,
                Instant.EPOCH
                        .plus(atMicros, ChronoUnit.MICROS)
                        .atOffset(ZoneOffset.UTC)
                        .minus(Period.parse(period))
                        .toInstant());
    }
}
