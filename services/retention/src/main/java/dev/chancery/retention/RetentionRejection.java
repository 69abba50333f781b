package dev.chancery.retention;

import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.Rejection.Kind;
import dev.chancery.schema.options.v1.RetentionClass;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Why retention refuses. */
final class RetentionRejection {
    static final Rejection TOO_LATE = new Rejection(
            "hold.too-late",
            Kind.CONFLICT,
            "The destruction of what the hold would cover was decided before it, and is not taken back.",
            "List the subject's erasures, and name the classes that are left.");

    /**
     * What exactly a hold is too late for.
     *
     * @param progress how far each class is whose destruction was decided
     * @param left the classes that a hold can keep
     */
    static String tooLate(Map<RetentionClass, String> progress, List<RetentionClass> left) {
        return "The hold comes too late for "
                + progress.entrySet().stream()
                        .map(each -> each.getKey() + " (" + each.getValue() + ")")
                        .collect(Collectors.joining(" and "))
                + (left.isEmpty()
                        ? ": nothing is left to hold."
                        : ". It can name "
                                + left.stream().map(RetentionClass::name).collect(Collectors.joining(" and ")) + ".");
    }

    static final Rejection CLASSES = new Rejection(
            "hold.classes",
            Kind.INVALID,
            "A hold names each class once.",
            "Name the classes that it covers, or none for all of them.");

    static final Rejection SUBJECT = new Rejection(
            "hold.subject",
            Kind.INVALID,
            "A hold names its subject once: by its id, or by an alias.",
            "Give either principal_id or alias.");

    static final Rejection REVIEW = new Rejection(
            "hold.review",
            Kind.INVALID,
            "A hold is reviewed at a time to come, within ten years.",
            "Name a later review date, or an earlier one.");

    static final Rejection TOO_MANY = new Rejection(
            "hold.too-many",
            Kind.CONFLICT,
            "A subject has at most " + RetentionRules.MAX_HOLDS + " holds at a time.",
            "Clear one that is over.");

    static final Rejection NO_SUCH_HOLD = new Rejection(
            "hold.no-such-hold", Kind.NOT_FOUND, "There is no such hold of this subject.", "List the subject's holds.");

    static final Rejection NO_SUCH_SUBJECT = new Rejection(
            "retention.no-such-subject",
            Kind.NOT_FOUND,
            "There is no such principal in this organisation.",
            "List the principals.");

    static final Rejection NOT_ERASED = new Rejection(
            "retention.not-erased",
            Kind.NOT_FOUND,
            "No destruction of this subject's keys was decided or withheld.",
            "Erase the subject first.");

    static final Rejection GROUND = new Rejection(
            "retention.ground",
            Kind.INVALID,
            "That a retention period is over is for the schedules to say, not for a command.",
            "Name the ground on which the subject is erased.");

    static final Rejection SCHEDULE_CLASS = new Rejection(
            "schedule.class",
            Kind.INVALID,
            "Periods are set of personal values, for a retention class: what ends the others, no schedule changes.",
            "Name DATA_CLASS_PERSONAL and a retention class, or list the schedules.");

    static final Rejection PERIOD = new Rejection(
            "schedule.period",
            Kind.INVALID,
            "A period is a number of days, months or years, of a hundred years at most, or UNLIMITED.",
            "Write it like P30D, P18M or P7Y.");

    static final Rejection PAGE = new Rejection(
            "retention.page",
            Kind.INVALID,
            "A page has 1 to 200 entries and begins where a reply said.",
            "Take next_page of the reply before, or none.");

    /** All of them. */
    static final List<Rejection> ALL = Rejection.constantsOf(RetentionRejection.class);

    private RetentionRejection() {}
}
