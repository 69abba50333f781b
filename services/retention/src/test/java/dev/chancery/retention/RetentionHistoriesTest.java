package dev.chancery.retention;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.kernel.Decision;
import dev.chancery.keyring.Eraser;
import dev.chancery.log.Streams.StoredEvent;
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
import java.util.Calendar;
import java.util.EnumSet;
import java.util.GregorianCalendar;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TimeZone;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * Random histories of holds, releases, erasures, departures, returns, schedules and collections, whole and by class: what is decided is what a
 * model says that knows nothing of events. Holds name the subject by its id, or by names that come and go.
 * {@code -Dchancery.rounds=full} for more, {@code -Dretention.seed} to repeat a run.
 */
class RetentionHistoriesTest {
    private static final int HISTORIES =
            System.getProperty("chancery.rounds", "quick").equals("full") ? 10_000 : 500;
    private static final int STEPS = 50;
    private static final List<String> PERIODS = List.of("P0D", "P30D", "P18M", "P2Y", "P7Y", "UNLIMITED");
    private static final long DAY_MICROS = 86_400_000_000L;
    private static final long SEED = Long.getLong("retention.seed", new Random().nextLong());
    private static final long NOW = 1_780_000_000_000_000L;
    private static final String SUBJECT = UUID.randomUUID().toString();
    private static final String ANOTHER = UUID.randomUUID().toString();
    private static final List<String> ALIASES = List.of("grace@kestrel.example", "HR-17", "crm:4711");
    /** Evidence stays until its period is over, whoever asks. */
    private static final List<RetentionClass> ERASED =
            List.of(RetentionClass.RETENTION_CLASS_ACCOUNT, RetentionClass.RETENTION_CLASS_AUDIT);

    private static final ErasureGround GROUND = ErasureGround.ERASURE_GROUND_REQUEST;

    @Test
    void whatIsDecidedIsTheModels() {
        System.out.println("retention.seed=" + SEED);
        for (int history = 0; history < HISTORIES; history++) {
            var run = new Run(new Random(SEED + history));
            for (int step = 0; step < STEPS; step++) {
                run.step();
                run.compare("history " + history + ", step " + step + ", retention.seed=" + SEED);
            }
        }
    }

    @Test
    void aHoldAfterTheDecisionIsTooLateAndOneBeforeItIsNot() {
        var run = new Run(new Random(1));
        assertThat(run.set(List.of())).isTrue();
        run.erase("");
        assertThat(run.subject.destructions()).isEmpty();
        assertThat(run.subject.waiting().keySet()).containsExactlyInAnyOrderElementsOf(ERASED);

        run.clear(run.holds.keySet().iterator().next());

        assertThat(run.subject.destructions().keySet()).containsExactlyElementsOf(ERASED);
        assertThat(RetentionRules.set(true, run.subject, Run.hold("late", List.of()), NOW))
                .isEqualTo(Decision.reject(RetentionRejection.TOO_LATE));
    }

    @Test
    void eachRequestGetsItsAnswerInTheStream() {
        var run = new Run(new Random(1));
        run.set(List.of(RetentionClass.RETENTION_CLASS_AUDIT));
        List<Message> first = run.erase("r1");
        List<Message> second = run.erase("r2");
        run.clear(run.holds.keySet().iterator().next());
        List<Message> third = run.erase("r3");

        assertThat(first).hasSize(2);
        assertThat(((DestructionDecided) first.getFirst()).getClassesList())
                .containsExactly(RetentionClass.RETENTION_CLASS_ACCOUNT);
        assertThat(((DestructionWithheld) first.getLast()).getClassesList())
                .containsExactly(RetentionClass.RETENTION_CLASS_AUDIT);
        assertThat(second).hasSize(1).allSatisfy(event -> assertThat(((DestructionWithheld) event).getRequestId())
                .isEqualTo("r2"));
        assertThat(third).hasSize(1).allSatisfy(event -> {
            assertThat(((DestructionDecided) event).getRequestId()).isEqualTo("r3");
            assertThat(((DestructionDecided) event).getClassesList()).isEmpty();
        });
        assertThat(run.erase("r3")).isEmpty();
    }

    private static final class Run {
        private final Random random;
        private Subject subject = Subject.FOLD.initial();
        private long position;

        /** The model: what each hold covers, what somebody wanted gone, and what is. */
        private final Map<String, Set<RetentionClass>> holds = new LinkedHashMap<>();

        private final Set<String> cleared = new HashSet<>();
        private boolean wanted;
        private final Set<RetentionClass> gone = EnumSet.noneOf(RetentionClass.class);

        private long now = NOW;
        private OptionalLong left = OptionalLong.empty();
        private Schedules schedules = Schedules.FOLD.initial();
        private final Map<RetentionClass, String> periods = new HashMap<>();
        private final Map<String, String> names = new HashMap<>();

        Run(Random random) {
            this.random = random;
        }

        void step() {
            switch (random.nextInt(14)) {
                case 0, 1 ->
                    set(Eraser.allClasses().stream()
                            .filter(each -> random.nextBoolean())
                            .toList());
                case 2, 11 ->
                    setByAlias(Eraser.allClasses().stream()
                            .filter(each -> random.nextBoolean())
                            .toList());
                case 12 -> {
                    String alias = alias();
                    switch (random.nextInt(3)) {
                        case 0 -> names.remove(alias);
                        case 1 -> names.put(alias, ANOTHER);
                        default -> names.put(alias, SUBJECT);
                    }
                }
                case 3, 4 -> {
                    List<String> known = new ArrayList<>(holds.keySet());
                    known.addAll(cleared);
                    if (!known.isEmpty()) {
                        clear(known.get(random.nextInt(known.size())));
                    }
                }
                case 5 -> left = random.nextBoolean() ? OptionalLong.of(now) : OptionalLong.empty();
                case 6 -> schedule();
                case 7, 8 -> now += random.nextLong(900 * DAY_MICROS);
                case 9, 10 -> collect();
                default -> {
                    // Rarely, so that many histories have holds without one.
                    if (random.nextInt(4) == 0) {
                        erase(random.nextBoolean() ? "" : "r" + random.nextInt(3));
                    }
                }
            }
        }

        private static HoldSet hold(String id, List<RetentionClass> classes) {
            return hold(id, classes, NOW);
        }

        private static HoldSet hold(String id, List<RetentionClass> classes, long now) {
            return HoldSet.newBuilder()
                    .setHoldId(id)
                    .setSubjectId(SUBJECT)
                    .addAllClasses(classes)
                    .setReviewMicros(now + 1)
                    .build();
        }

        private String alias() {
            return ALIASES.get(random.nextInt(ALIASES.size()));
        }

        /** Whoever has the name now is held from here on, whoever has it later. */
        private void setByAlias(List<RetentionClass> named) {
            String alias = alias();
            Optional<String> whom = RetentionRules.whom(
                    SetHoldRequest.newBuilder().setAlias(alias).build(), name -> Optional.ofNullable(names.get(name)));
            assertThat(whom).isEqualTo(Optional.ofNullable(names.get(alias)));
            if (whom.filter(SUBJECT::equals).isPresent()) {
                set(named);
            }
        }

        boolean set(List<RetentionClass> named) {
            Set<RetentionClass> covers = Set.copyOf(named.isEmpty() ? Eraser.allClasses() : named);
            String id = "h" + position;
            Decision<Message> decision = RetentionRules.set(true, subject, hold(id, named, now), now);
            boolean tooLate = covers.stream().anyMatch(gone::contains);
            if (tooLate) {
                assertThat(decision).isEqualTo(Decision.reject(RetentionRejection.TOO_LATE));
                return false;
            }
            apply(decision);
            holds.put(id, covers);
            return true;
        }

        void clear(String id) {
            Decision<Message> decision = RetentionRules.clear(
                    subject,
                    HoldCleared.newBuilder().setHoldId(id).setSubjectId(SUBJECT).build());
            if (cleared.contains(id)) {
                assertThat(decision).isEqualTo(Decision.nothing());
                return;
            }
            apply(decision);
            holds.remove(id);
            cleared.add(id);
            destroyWhatNothingHolds();
        }

        List<Message> erase(String request) {
            Decision<Message> decision = RetentionRules.erase(true, subject, SUBJECT, request, GROUND);
            wanted = true;
            destroyWhatNothingHolds();
            return apply(decision);
        }

        private void schedule() {
            RetentionClass retention =
                    Eraser.allClasses().get(random.nextInt(Eraser.allClasses().size()));
            String period = PERIODS.get(random.nextInt(PERIODS.size()));
            String before = periods.put(retention, period);
            Decision<Message> decision = RetentionRules.schedule(
                    schedules,
                    ScheduleSet.newBuilder()
                            .setDataClass(DataClass.DATA_CLASS_PERSONAL)
                            .setRetentionClass(retention)
                            .setPeriod(period)
                            .build());
            if (period.equals(before == null ? "P7Y" : before)) {
                assertThat(decision).isEqualTo(Decision.nothing());
                return;
            }
            for (Message event : ((Decision.Events<Message>) decision).events()) {
                schedules = Schedules.FOLD.evolve(schedules, stored(event));
            }
        }

        private void collect() {
            for (Message event : apply(RetentionRules.retire(left, subject, schedules, SUBJECT, now))) {
                var decided = (DestructionDecided) event;
                assertThat(decided.getGround()).isEqualTo(ErasureGround.ERASURE_GROUND_RETENTION_ENDED);
                assertThat(decided.getClassesList()).isNotEmpty().allSatisfy(retention -> assertThat(
                                periods.getOrDefault(retention, "P7Y"))
                        .isEqualTo(decided.getPeriod()));
            }
            if (left.isPresent()) {
                Eraser.allClasses().stream()
                        .filter(each -> holds.values().stream().noneMatch(covers -> covers.contains(each)))
                        .filter(each -> isOver(periods.getOrDefault(each, "P7Y")))
                        .forEach(gone::add);
            }
        }

        /** By another calendar than the rules'. */
        private boolean isOver(String period) {
            if (period.equals("UNLIMITED")) {
                return false;
            }
            var latest = new GregorianCalendar(TimeZone.getTimeZone("UTC"), Locale.ROOT);
            latest.setTimeInMillis(now / 1000);
            latest.add(
                    switch (period.charAt(period.length() - 1)) {
                        case 'D' -> Calendar.DAY_OF_MONTH;
                        case 'M' -> Calendar.MONTH;
                        default -> Calendar.YEAR;
                    },
                    -Integer.parseInt(period.substring(1, period.length() - 1)));
            return left.getAsLong() <= latest.getTimeInMillis() * 1000 + now % 1000;
        }

        private void destroyWhatNothingHolds() {
            if (wanted) {
                ERASED.stream()
                        .filter(each -> holds.values().stream().noneMatch(covers -> covers.contains(each)))
                        .forEach(gone::add);
            }
        }

        private List<Message> apply(Decision<Message> decision) {
            if (!(decision instanceof Decision.Events<Message> happened)) {
                assertThat(decision).isEqualTo(Decision.nothing());
                return List.of();
            }
            for (Message event : happened.events()) {
                subject = Subject.FOLD.evolve(subject, stored(event));
            }
            return happened.events();
        }

        private StoredEvent stored(Message event) {
            position++;
            return new StoredEvent(
                    event.getDescriptorForType().getFullName(),
                    event.toByteString(),
                    position,
                    position,
                    new UUID(0, position));
        }

        void compare(String where) {
            assertThat(subject.destructions().keySet()).as(where).isEqualTo(gone);
            Set<RetentionClass> waits = EnumSet.noneOf(RetentionClass.class);
            if (wanted) {
                waits.addAll(ERASED);
                waits.removeAll(gone);
            }
            assertThat(subject.waiting().keySet()).as(where).isEqualTo(waits);
            assertThat(subject.holding().stream().map(Subject.Hold::id).toList())
                    .as(where)
                    .isEqualTo(List.copyOf(holds.keySet()));
        }
    }
}
