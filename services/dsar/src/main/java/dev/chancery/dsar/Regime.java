package dev.chancery.dsar;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.Period;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;

/**
 * A law's time limits, from the day of receipt, which itself is not counted. A limit is over when its last day is, in the zone that days are
 * counted in. Where a month has no such day, its last one takes its place. Limits don't move for weekends and holidays, though some laws let
 * them: what is on time here is on time.
 *
 * @param response from receipt to the answer
 * @param extended from receipt to the answer, once it was extended; the same as {@code response}: it can't be
 * @param acknowledgeBusinessDays Mondays to Fridays from receipt to the acknowledgement; 0: none is asked for
 * @param complain whom a subject can turn to
 */
record Regime(String name, Period response, Period extended, int acknowledgeBusinessDays, String complain) {
    static final List<Regime> ALL = List.of(
            // Article 12(3).
            new Regime(
                    "gdpr",
                    Period.ofMonths(1),
                    Period.ofMonths(3),
                    0,
                    "You can complain to the data protection authority where you live or work (GDPR, article 77), and go to"
                            + " court (article 79)."),
            // 11 CCR 7021.
            new Regime(
                    "ccpa",
                    Period.ofDays(45),
                    Period.ofDays(90),
                    10,
                    "You can complain to the California Privacy Protection Agency or the Attorney General of California."),
            // Article 19, II.
            new Regime(
                    "lgpd",
                    Period.ofDays(15),
                    Period.ofDays(15),
                    0,
                    "You can complain to the Autoridade Nacional de Proteção de Dados (LGPD, article 18, paragraph 1)."),
            // 45 CFR 164.524(b)(2).
            new Regime(
                    "hipaa",
                    Period.ofDays(30),
                    Period.ofDays(60),
                    0,
                    "You can ask for a review of the refusal, and complain to us or to the Secretary of Health and Human"
                            + " Services (45 CFR 164.524(d))."));

    static Optional<Regime> of(String name) {
        return ALL.stream().filter(regime -> regime.name.equals(name)).findFirst();
    }

    boolean isExtendable() {
        return !extended.equals(response);
    }

    /** The first moment at which an answer is late. */
    Instant due(Instant received, ZoneId zone, boolean isExtended) {
        return endOf(day(received, zone).plus(isExtended ? extended : response), zone);
    }

    /** The first moment at which an acknowledgement is late; empty: none is asked for. */
    Optional<Instant> acknowledge(Instant received, ZoneId zone) {
        if (acknowledgeBusinessDays == 0) {
            return Optional.empty();
        }
        LocalDate day = day(received, zone);
        for (int left = acknowledgeBusinessDays; left > 0; ) {
            day = day.plusDays(1);
            if (day.getDayOfWeek() != DayOfWeek.SATURDAY && day.getDayOfWeek() != DayOfWeek.SUNDAY) {
                left--;
            }
        }
        return Optional.of(endOf(day, zone));
    }

    private static LocalDate day(Instant moment, ZoneId zone) {
        return moment.atZone(zone).toLocalDate();
    }

    /** Where the next day's midnight is skipped, the day ends when the next begins. */
    private static Instant endOf(LocalDate day, ZoneId zone) {
        return day.plusDays(1).atStartOfDay(zone).toInstant();
    }
}
