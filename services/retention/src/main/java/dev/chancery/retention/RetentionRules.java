package dev.chancery.retention;

import static dev.chancery.kernel.Decision.events;
import static dev.chancery.kernel.Decision.nothing;
import static dev.chancery.kernel.Decision.reject;
import static dev.chancery.retention.RetentionRejection.CLASSES;
import static dev.chancery.retention.RetentionRejection.NO_SUCH_HOLD;
import static dev.chancery.retention.RetentionRejection.NO_SUCH_SUBJECT;
import static dev.chancery.retention.RetentionRejection.PERIOD;
import static dev.chancery.retention.RetentionRejection.REVIEW;
import static dev.chancery.retention.RetentionRejection.SCHEDULE_CLASS;
import static dev.chancery.retention.RetentionRejection.TOO_LATE;
import static dev.chancery.retention.RetentionRejection.TOO_MANY;

import com.google.protobuf.Message;
import dev.chancery.kernel.Decision;
import dev.chancery.keyring.Eraser;
import dev.chancery.retention.Subject.Hold;
import dev.chancery.retention.Subject.Waiting;
import dev.chancery.schema.options.v1.DataClass;
import dev.chancery.schema.options.v1.RetentionClass;
import dev.chancery.schema.retention.v1.DestructionDecided;
import dev.chancery.schema.retention.v1.DestructionWithheld;
import dev.chancery.schema.retention.v1.ErasureGround;
import dev.chancery.schema.retention.v1.HoldCleared;
import dev.chancery.schema.retention.v1.HoldSet;
import dev.chancery.schema.retention.v1.ScheduleSet;
import dev.chancery.schema.retention.v1.SetHoldRequest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;

/** What is held, for how long what is kept, and what may be destroyed. One hold check for whoever wants to destroy. Pure. */
final class RetentionRules {
    static final int MAX_HOLDS = 100;
    private static final long MAX_REVIEW_MICROS = 3_653L * 86_400_000_000L;

    private RetentionRules() {}

    /**
     * Whom a hold is about: who has its alias as it is set, or whom it names by id; empty: nobody has it.
     *
     * @param names finds who has an alias now
     */
    static Optional<String> whom(SetHoldRequest request, Function<String, Optional<String>> names) {
        return request.getAlias().isEmpty() ? Optional.of(request.getPrincipalId()) : names.apply(request.getAlias());
    }

    /** @param wanted with the classes that were named; none: all */
    static Decision<Message> set(boolean exists, Subject subject, HoldSet wanted, long atMicros) {
        if (!exists) {
            return reject(NO_SUCH_SUBJECT);
        }
        List<RetentionClass> named = wanted.getClassesList();
        if (named.stream().distinct().count() != named.size()
                || !Eraser.allClasses().containsAll(named)) {
            return reject(CLASSES);
        }
        if (wanted.getReviewMicros() <= atMicros || wanted.getReviewMicros() > atMicros + MAX_REVIEW_MICROS) {
            return reject(REVIEW);
        }
        List<RetentionClass> classes =
                named.isEmpty() ? Eraser.allClasses() : named.stream().sorted().toList();
        if (classes.stream().anyMatch(subject::isDecided)) {
            return reject(TOO_LATE);
        }
        if (subject.holding().size() >= MAX_HOLDS) {
            return reject(TOO_MANY);
        }
        return events(wanted.toBuilder().clearClasses().addAllClasses(classes).build());
    }

    /** Clears a hold, and decides what waited for it alone. */
    static Decision<Message> clear(Subject subject, HoldCleared wanted) {
        Hold hold = subject.find(wanted.getHoldId()).orElse(null);
        if (hold == null) {
            return reject(NO_SUCH_HOLD);
        }
        if (hold.clearedAt().isPresent()) {
            return nothing();
        }
        List<Hold> left =
                subject.holding().stream().filter(other -> !other.equals(hold)).toList();
        Map<Waiting, List<RetentionClass>> resumed = new LinkedHashMap<>();
        subject.waiting().forEach((retention, waiting) -> {
            if (left.stream().noneMatch(other -> other.covers(retention))) {
                resumed.computeIfAbsent(waiting, all -> new ArrayList<>()).add(retention);
            }
        });
        Stream<Message> decided = resumed.entrySet().stream()
                .map(each -> decided(
                        wanted.getSubjectId(),
                        each.getKey().withheld().getRequestId(),
                        each.getKey().withheld().getGround(),
                        each.getValue(),
                        left));
        return new Decision.Events<>(Stream.concat(Stream.of(wanted), decided).toList());
    }

    /**
     * Decides the destruction of all that no hold covers, and says what waits. Evidence is neither: an erasure leaves it.
     *
     * @param request whose it is, as another feature asked; empty: an administrator's
     */
    static Decision<Message> erase(
            boolean exists, Subject subject, String subjectId, String request, ErasureGround ground) {
        if (!exists) {
            return reject(NO_SUCH_SUBJECT);
        }
        if (!request.isEmpty() && subject.requests().contains(request)) {
            return nothing();
        }
        List<RetentionClass> free =
                subject.free().stream().filter(Eraser.erasable()::contains).toList();
        List<RetentionClass> held = subject.undecided().stream()
                .filter(Eraser.erasable()::contains)
                .filter(retention -> !free.contains(retention))
                .toList();
        List<Message> events = new ArrayList<>();
        // A request gets its answer even where nothing is left to decide.
        if (!free.isEmpty() || held.isEmpty() && !request.isEmpty()) {
            events.add(decided(subjectId, request, ground, free, subject.holding()));
        }
        if (!held.isEmpty()
                && (!request.isEmpty() || !subject.waiting().keySet().containsAll(held))) {
            events.add(DestructionWithheld.newBuilder()
                    .setSubjectId(subjectId)
                    .setRequestId(request)
                    .setGround(ground)
                    .addAllHoldIds(withholding(subject, held))
                    .addAllClasses(held)
                    .build());
        }
        return events.isEmpty() ? nothing() : new Decision.Events<>(events);
    }

    /** For how long values of a class are kept from here on. */
    static Decision<Message> schedule(Schedules schedules, ScheduleSet wanted) {
        RetentionClass retention = wanted.getRetentionClass();
        if (wanted.getDataClass() != DataClass.DATA_CLASS_PERSONAL
                || !Eraser.allClasses().contains(retention)) {
            return reject(SCHEDULE_CLASS);
        }
        if (!Schedules.isPeriod(wanted.getPeriod())) {
            return reject(PERIOD);
        }
        return schedules.period(retention).equals(wanted.getPeriod()) ? nothing() : events(wanted);
    }

    /**
     * Decides the destruction of what no hold covers and whose period is over. What a hold covers is not noted: the collector finds it again
     * when the hold is cleared, if it is over then still.
     *
     * @param beganMicros since when the periods run; empty: they don't, the subject is one of the organisation's
     */
    static Decision<Message> retire(
            OptionalLong beganMicros, Subject subject, Schedules schedules, String subjectId, long atMicros) {
        if (beganMicros.isEmpty()) {
            return nothing();
        }
        long began = beganMicros.getAsLong();
        Map<String, List<RetentionClass>> over = new TreeMap<>();
        for (RetentionClass retention : subject.free()) {
            String period = schedules.period(retention);
            if (Schedules.isOver(period, began, atMicros)) {
                over.computeIfAbsent(period, classes -> new ArrayList<>()).add(retention);
            }
        }
        List<Message> events = new ArrayList<>();
        over.forEach((period, classes) -> events.add(
                decided(subjectId, "", ErasureGround.ERASURE_GROUND_RETENTION_ENDED, classes, subject.holding())
                        .toBuilder()
                        .setPeriod(period)
                        .setPeriodBeganMicros(began)
                        .build()));
        return events.isEmpty() ? nothing() : new Decision.Events<>(events);
    }

    static List<String> withholding(Subject subject, Collection<RetentionClass> classes) {
        return subject.holding().stream()
                .filter(hold -> classes.stream().anyMatch(hold::covers))
                .map(Hold::id)
                .toList();
    }

    private static DestructionDecided decided(
            String subject, String request, ErasureGround ground, List<RetentionClass> classes, List<Hold> considered) {
        return DestructionDecided.newBuilder()
                .setSubjectId(subject)
                .setRequestId(request)
                .setGround(ground)
                .addAllClasses(classes.stream().sorted().toList())
                .addAllConsideredHoldIds(considered.stream().map(Hold::id).toList())
                .build();
    }
}
