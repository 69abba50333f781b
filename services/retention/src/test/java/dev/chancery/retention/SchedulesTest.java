package dev.chancery.retention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.kernel.Decision;
import dev.chancery.schema.options.v1.DataClass;
import dev.chancery.schema.options.v1.RetentionClass;
import dev.chancery.schema.retention.v1.ScheduleSet;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SchedulesTest {
    private static long micros(String time) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.parse(time));
    }

    @ParameterizedTest
    @ValueSource(strings = {"P0D", "P36525D", "P18M", "P1200M", "P7Y", "P100Y", "UNLIMITED"})
    void aPeriodIsDaysMonthsOrYearsOrUnlimited(String period) {
        assertThat(Schedules.isPeriod(period)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "P",
                "PD",
                "7Y",
                "P7",
                "P-1D",
                "P7W",
                "P36526D",
                "P1201M",
                "P101Y",
                "P1Y6M",
                "PT1H",
                "p7y",
                "P999999D"
            })
    void nothingElseIs(String text) {
        assertThat(Schedules.isPeriod(text)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "P7Y, 2020-03-01T12:00:00Z, 2027-03-01T12:00:00Z, true",
        "P7Y, 2020-03-01T12:00:00Z, 2027-03-01T11:59:59.999999Z, false",
        // Of 29 February, a period of years is over with 1 March where the year has none.
        "P7Y, 2020-02-29T12:00:00Z, 2027-02-28T12:00:00Z, false",
        "P7Y, 2020-02-29T12:00:00Z, 2027-03-01T00:00:00Z, true",
        "P7Y, 2021-02-28T12:00:00Z, 2028-02-29T12:00:00Z, true",
        "P1M, 2026-02-28T12:00:00Z, 2026-03-31T12:00:00Z, true",
        "P0D, 2026-02-28T12:00:00Z, 2026-02-28T12:00:00Z, true",
        "UNLIMITED, 1970-01-01T00:00:00Z, 9999-01-01T00:00:00Z, false",
    })
    void aPeriodIsOverForWhatBeganSoMuchEarlier(String period, String began, String at, boolean over) {
        assertThat(Schedules.isOver(period, micros(began), micros(at))).isEqualTo(over);
    }

    @Test
    void onlyPersonalValuesHaveASchedule() {
        for (DataClass dataClass : DataClass.values()) {
            if (dataClass != DataClass.UNRECOGNIZED) {
                Decision<?> decision = RetentionRules.schedule(
                        Schedules.FOLD.initial(),
                        ScheduleSet.newBuilder()
                                .setDataClass(dataClass)
                                .setRetentionClass(RetentionClass.RETENTION_CLASS_AUDIT)
                                .setPeriod("P1D")
                                .build());
                assertThat(decision.equals(Decision.reject(RetentionRejection.SCHEDULE_CLASS)))
                        .as("%s", dataClass)
                        .isEqualTo(dataClass != DataClass.DATA_CLASS_PERSONAL);
            }
        }
    }
}
