package dev.chancery.dsar;

import dev.chancery.schema.dsar.v1.RefusalGround;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/** What a subject is told of what it does not get: what, why, and whom it can complain to. In plain English. */
final class Notice {
    private static final DateTimeFormatter DAY = DateTimeFormatter.ofPattern("d MMMM yyyy", Locale.ENGLISH);

    private Notice() {}

    static String refused(Request request, RefusalGround ground, String explanation) {
        return head(request)
                + "We do not do what you asked for. "
                + switch (ground) {
                    case REFUSAL_GROUND_NOT_IDENTIFIED -> "We could not tell that the request comes from you.";
                    case REFUSAL_GROUND_UNFOUNDED -> "The request has no ground in the law.";
                    case REFUSAL_GROUND_EXCESSIVE ->
                        "The request repeats earlier ones, or asks for more than the law gives.";
                    case REFUSAL_GROUND_LEGAL_OBLIGATION -> "A law obliges us to keep or use the data.";
                    case REFUSAL_GROUND_RIGHTS_OF_OTHERS -> "It would take from the rights of others.";
                    case REFUSAL_GROUND_UNSPECIFIED, UNRECOGNIZED -> "";
                }
                + (explanation.isEmpty() ? "" : "\n\n" + explanation)
                + tail(request);
    }

    /** Empty: nothing is withheld. */
    static String withheld(Request request) {
        if (request.withheld().isEmpty() || request.erased().isPresent()) {
            return "";
        }
        int holds = request.withheld().get().getHoldIdsCount();
        return head(request)
                + "We have not erased all of your data yet. The law lets us keep data that is needed for legal claims or that"
                + " a legal obligation asks us to keep (such as GDPR, article 17(3)), and "
                + (holds == 1 ? "one legal hold covers" : holds + " legal holds cover")
                + " yours. The data is used for nothing else. When the last hold ends, your data is erased without your"
                + " asking again."
                + tail(request);
    }

    private static String head(Request request) {
        return "Your request of "
                + DAY.format(Instant.EPOCH
                        .plus(request.received().getReceivedMicros(), ChronoUnit.MICROS)
                        .atZone(ZoneId.of(request.received().getTimeZone())))
                + " (" + request.received().getRequestId() + ")\n\n";
    }

    private static String tail(Request request) {
        return "\n\n"
                + Regime.of(request.received().getRegime())
                        .map(Regime::complain)
                        .orElse("");
    }
}
