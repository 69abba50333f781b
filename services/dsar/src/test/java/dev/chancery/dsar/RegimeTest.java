package dev.chancery.dsar;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RegimeTest {
    private static final List<String> ZONES = List.of(
            "UTC",
            "Europe/Vienna",
            "America/Los_Angeles",
            "America/Sao_Paulo",
            "Pacific/Apia",
            "Pacific/Kiritimati",
            "Asia/Beirut",
            "Australia/Lord_Howe",
            "Africa/Cairo");

    private static Regime regime(String name) {
        return Regime.of(name).orElseThrow();
    }

    @ParameterizedTest
    @CsvSource({
        // month ends, leap years
        "gdpr, 2026-01-31T10:00:00Z, false, 2026-03-01T00:00:00Z",
        "gdpr, 2028-01-31T10:00:00Z, false, 2028-03-01T00:00:00Z",
        "gdpr, 2028-01-29T23:59:59Z, false, 2028-03-01T00:00:00Z",
        "gdpr, 2026-01-31T10:00:00Z, true, 2026-05-01T00:00:00Z",
        "gdpr, 2027-11-30T00:00:00Z, true, 2028-03-01T00:00:00Z",
        "gdpr, 2026-12-15T00:00:00Z, false, 2027-01-16T00:00:00Z",
        "ccpa, 2026-01-01T00:00:00Z, false, 2026-02-16T00:00:00Z",
        "ccpa, 2026-01-01T00:00:00Z, true, 2026-04-02T00:00:00Z",
        "lgpd, 2028-02-20T12:00:00Z, false, 2028-03-07T00:00:00Z",
        "hipaa, 2026-02-01T12:00:00Z, false, 2026-03-04T00:00:00Z",
        "hipaa, 2026-02-01T12:00:00Z, true, 2026-04-03T00:00:00Z"
    })
    void aDeadlineIsTheEndOfItsLastDay(String regime, String received, boolean extended, String due) {
        assertThat(regime(regime).due(Instant.parse(received), ZoneId.of("UTC"), extended))
                .isEqualTo(due);
    }

    @Test
    void daysAreCountedInTheZoneOfTheRequest() {
        Instant lateInVienna = Instant.parse("2026-03-30T22:30:00Z");

        assertThat(regime("gdpr").due(lateInVienna, ZoneId.of("Europe/Vienna"), false))
                .isEqualTo("2026-04-30T22:00:00Z");
        assertThat(regime("gdpr").due(lateInVienna, ZoneId.of("UTC"), false)).isEqualTo("2026-05-01T00:00:00Z");
    }

    @Test
    void onlyCaliforniaAsksForAnAcknowledgementAndWeekendsDontCount() {
        // A Friday; the tenth business day is the Friday two weeks later.
        assertThat(regime("ccpa").acknowledge(Instant.parse("2026-01-02T12:00:00Z"), ZoneId.of("UTC")))
                .contains(Instant.parse("2026-01-17T00:00:00Z"));
        assertThat(regime("gdpr").acknowledge(Instant.parse("2026-01-02T12:00:00Z"), ZoneId.of("UTC")))
                .isEmpty();
    }

    @Test
    void onlyBrazilAllowsNoExtension() {
        assertThat(Regime.ALL.stream().filter(regime -> !regime.isExtendable()).map(Regime::name))
                .containsExactly("lgpd");
    }

    /** Against counting by hand, a day after the other. */
    @Property(tries = 2_000)
    void aDeadlineIsWhatCountingDaysAndMonthsByHandGives(
            @ForAll("moments") Instant received,
            @ForAll("zones") ZoneId zone,
            @ForAll("regimes") Regime regime,
            @ForAll boolean extended) {
        var period = extended ? regime.extended() : regime.response();
        LocalDate day = received.atZone(zone).toLocalDate();
        LocalDate last = day;
        for (int i = 0; i < period.getDays(); i++) {
            last = last.plusDays(1);
        }
        if (period.toTotalMonths() > 0) {
            int months = day.getYear() * 12 + day.getMonthValue() - 1 + (int) period.toTotalMonths();
            LocalDate first = LocalDate.of(months / 12, months % 12 + 1, 1);
            last = first.withDayOfMonth(Math.min(day.getDayOfMonth(), first.lengthOfMonth()));
        }
        Instant due = regime.due(received, zone, extended);

        ZonedDateTime late = due.atZone(zone);
        assertThat(due.minusNanos(1).atZone(zone).toLocalDate()).isBeforeOrEqualTo(last);
        assertThat(late.toLocalDate()).isAfter(last);
        assertThat(due).isAfter(received);
        assertThat(regime.due(received, zone, true)).isAfterOrEqualTo(regime.due(received, zone, false));
        assertThat(Duration.between(received, due).toDays()).isLessThanOrEqualTo(94);
    }

    @Property(tries = 1_000)
    void anAcknowledgementHasTenBusinessDays(@ForAll("moments") Instant received, @ForAll("zones") ZoneId zone) {
        Instant end = regime("ccpa").acknowledge(received, zone).orElseThrow();
        LocalDate last = end.minusNanos(1).atZone(zone).toLocalDate();
        long counted = received.atZone(zone)
                .toLocalDate()
                .plusDays(1)
                .datesUntil(last.plusDays(1))
                .filter(day -> day.getDayOfWeek() != DayOfWeek.SATURDAY && day.getDayOfWeek() != DayOfWeek.SUNDAY)
                .count();
        // Samoa left out a whole day, which was a Friday.
        assertThat(counted).isBetween(9L, 10L);
    }

    @Provide
    Arbitrary<Instant> moments() {
        return Arbitraries.longs()
                .between(Instant.parse("2010-01-01T00:00:00Z").getEpochSecond(), 4_000_000_000L)
                .map(Instant::ofEpochSecond);
    }

    @Provide
    Arbitrary<ZoneId> zones() {
        return Arbitraries.of(ZONES).map(ZoneId::of);
    }

    @Provide
    Arbitrary<Regime> regimes() {
        return Arbitraries.of(Regime.ALL);
    }
}
