package dev.chancery.dsar;

import static dev.chancery.dsar.History.NOW;
import static dev.chancery.dsar.History.SELF;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.feature.HolderOptions;
import dev.chancery.kernel.Decision;
import dev.chancery.outbound.OutboundClient.Answer;
import dev.chancery.schema.dsar.v1.ErasureAsked;
import dev.chancery.schema.dsar.v1.ErasureWithheld;
import dev.chancery.schema.dsar.v1.HolderAction;
import dev.chancery.schema.dsar.v1.HolderAnswered;
import dev.chancery.schema.dsar.v1.HolderAsked;
import dev.chancery.schema.dsar.v1.HolderTaskReplayed;
import dev.chancery.schema.dsar.v1.RequestCompleted;
import dev.chancery.schema.dsar.v1.RequestKind;
import dev.chancery.schema.dsar.v1.RequestState;
import dev.chancery.schema.dsar.v1.TaskResult;
import dev.chancery.schema.options.v1.RetentionClass;
import dev.chancery.schema.retention.v1.DestructionCompleted;
import dev.chancery.schema.retention.v1.DestructionWithheld;
import dev.chancery.schema.retention.v1.KeysDestroyed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Given a request's events, what happens next by itself. */
class NextTest {
    private static final HolderOptions OPTIONS =
            new HolderOptions(Duration.ofSeconds(10), 3, Duration.ofSeconds(1), false);
    private static final HolderAction[] BOTH = {HolderAction.HOLDER_ACTION_EXPORT, HolderAction.HOLDER_ACTION_ERASE};

    private static History erasure(String... holders) {
        History history = new History();
        for (String holder : holders) {
            history.holder(holder, BOTH);
        }
        return history.received(RequestKind.REQUEST_KIND_ERASURE, SELF);
    }

    private static void destroyed(History history, RetentionClass... classes) {
        history.inRetention(KeysDestroyed.newBuilder()
                .setSubjectId(History.SUBJECT)
                .setRequestId(History.REQUEST)
                .setKeys(classes.length)
                .addAllClasses(List.of(classes))
                .setHorizonMicros(NOW + 1)
                .build());
    }

    private static void allDestroyed(History history) {
        destroyed(history, RetentionClass.RETENTION_CLASS_ACCOUNT, RetentionClass.RETENTION_CLASS_AUDIT);
    }

    /** Takes steps until it waits; every system answers as given. Answers how often each was asked to erase. */
    private static Map<String, Integer> run(
            History history, java.util.function.BiFunction<Task, Integer, Answer> answers) {
        Map<String, Integer> asked = new HashMap<>();
        long now = NOW;
        for (int step = 0; step < 500; step++) {
            switch (history.next(now)) {
                case Next.Record record -> record.events().forEach(history::happened);
                case Next.Wait wait -> {
                    if (wait.untilMicros() == Next.NO_TIME) {
                        return asked;
                    }
                    assertThat(wait.untilMicros()).isGreaterThan(now);
                    now = wait.untilMicros();
                }
                case Next.Ask ask -> {
                    int times = asked.merge(ask.task().holder() + ask.task().action(), 1, Integer::sum);
                    var outcome = Answers.of(ask.task(), answers.apply(ask.task(), times), OPTIONS, now);
                    history.happened(HolderAnswered.newBuilder()
                            .setRequestId(History.REQUEST)
                            .setTaskId(ask.task().id())
                            .setResult(outcome.result())
                            .setCode(outcome.code())
                            .setNextMicros(outcome.nextMicros())
                            .build());
                }
            }
        }
        throw new AssertionError("it does not come to an end");
    }

    /** Takes steps as a process does that dies between any two: what it did or decided and had not written yet is lost. */
    private static void runDying(History history, Random random, Map<String, Boolean> holds) {
        for (int step = 0; step < 5_000; step++) {
            boolean dies = random.nextInt(3) == 0;
            switch (history.next(NOW)) {
                case Next.Record record -> {
                    if (!dies) {
                        record.events().forEach(history::happened);
                    }
                }
                case Next.Wait wait -> {
                    return;
                }
                case Next.Ask ask -> {
                    boolean erase = ask.task().action() == HolderAction.HOLDER_ACTION_ERASE;
                    if (erase) {
                        holds.put(ask.task().holder(), false);
                    }
                    Answer answer = erase || !holds.get(ask.task().holder()) ? DONE : new Answer(200, "", "[1]");
                    if (!dies) {
                        history.happened(HolderAnswered.newBuilder()
                                .setTaskId(ask.task().id())
                                .setResult(Answers.of(ask.task(), answer, OPTIONS, NOW)
                                        .result())
                                .build());
                    }
                }
            }
        }
        throw new AssertionError("it does not come to an end");
    }

    private static final Answer GONE = new Answer(410, "", "");
    private static final Answer DONE = new Answer(204, "", "");

    @Test
    void keysAreAskedForBeforeAnySystemIs() {
        History history = erasure("crm");

        assertThat(((Next.Record) history.next(NOW)).events()).singleElement().isInstanceOf(ErasureAsked.class);
        run(history, (task, times) -> DONE);
        assertThat(history.request.tasksInOrder()).isEmpty();
        assertThat(history.request.isOpen()).isTrue();
    }

    @Test
    void whatHoldsKeepIsErasedWhenTheyEndAndNotBefore() {
        History history = erasure("crm");
        run(history, (task, times) -> DONE);
        destroyed(history, RetentionClass.RETENTION_CLASS_ACCOUNT);
        history.inRetention(DestructionWithheld.newBuilder()
                .setRequestId(History.REQUEST)
                .addHoldIds(History.SELF.id())
                .addClasses(RetentionClass.RETENTION_CLASS_AUDIT)
                .build());

        assertThat(((Next.Record) history.next(NOW)).events()).singleElement().isInstanceOf(ErasureWithheld.class);
        run(history, (task, times) -> DONE);
        assertThat(history.request.state()).isEqualTo(RequestState.REQUEST_STATE_WITHHELD);
        assertThat(history.request.tasksInOrder()).isEmpty();
        assertThat(Notice.withheld(history.request)).contains("one legal hold covers", "article 77");

        destroyed(history, RetentionClass.RETENTION_CLASS_AUDIT);
        run(history, (task, times) -> task.action() == HolderAction.HOLDER_ACTION_ERASE ? DONE : GONE);
        assertThat(history.request.state()).isEqualTo(RequestState.REQUEST_STATE_COMPLETED);
        assertThat(new String(CompletionStatement.write(
                        history.request, history.request.completed().orElseThrow())))
                .contains("\"holdsApplied\":[\"" + History.SELF.id() + "\"]", "\"keysDestroyed\":{\"count\":2,");
    }

    @Test
    void aSystemThatSaysErasedAndStillAnswersIsNeverCertified() {
        History history = erasure("honest", "liar");
        allDestroyed(history);

        run(history, (task, times) -> {
            if (task.action() == HolderAction.HOLDER_ACTION_ERASE) {
                return DONE;
            }
            return task.holder().equals("liar") ? new Answer(200, "", "{\"name\":\"Sue\"}") : GONE;
        });

        assertThat(history.request.isOpen()).isTrue();
        Task parked = history.request.tasksInOrder().stream()
                .filter(Task::isParked)
                .findFirst()
                .orElseThrow();
        assertThat(parked.holder()).isEqualTo("liar");
        assertThat(parked.code()).isEqualTo("still-answers");
        assertThat(parked.attempts()).isEqualTo(3);

        history.is(Decision.events(
                HolderTaskReplayed.newBuilder().setTaskId(parked.id()).build()));
        run(history, (task, times) -> GONE);
        assertThat(history.request.completed()).isPresent();
    }

    /** A mistyped address, a proxy without a route: nobody has said anything about the subject. */
    @Test
    void aBare404IsAFailureWhateverWasAsked() {
        History history = erasure("lost");
        allDestroyed(history);

        Map<String, Integer> asked = run(history, (task, times) -> new Answer(404, "", ""));

        assertThat(asked).containsExactly(Map.entry("lost" + HolderAction.HOLDER_ACTION_ERASE, 3));
        assertThat(history.request.isOpen()).isTrue();
        assertThat(history.request.tasksInOrder()).singleElement().satisfies(task -> {
            assertThat(task.isParked()).isTrue();
            assertThat(task.code()).isEqualTo("http-404");
        });
        for (HolderAction action : List.of(HolderAction.HOLDER_ACTION_EXPORT, HolderAction.HOLDER_ACTION_READ_BACK)) {
            var task = Task.of(HolderAsked.newBuilder().setAction(action).build());
            assertThat(Answers.of(task, new Answer(404, "", "{}"), OPTIONS, NOW).result())
                    .isEqualTo(TaskResult.TASK_RESULT_FAILED);
        }
    }

    @Test
    void theStatementSaysWhetherTheHorizonIsMet() {
        History history = erasure("crm");
        allDestroyed(history);
        run(history, (task, times) -> GONE);
        RequestCompleted completed = history.request.completed().orElseThrow();

        assertThat(new String(CompletionStatement.write(history.request, completed)))
                .contains(
                        "\"format\":3",
                        "articles 5(2) and 17(3)(e)",
                        "\"met\":false",
                        "\"standsUntil\":\"",
                        "it was still to come")
                .doesNotContain("\"backups\"");

        History later = erasure("crm");
        allDestroyed(later);
        later.inRetention(DestructionCompleted.newBuilder()
                .addClasses(RetentionClass.RETENTION_CLASS_ACCOUNT)
                .build());
        assertThat(later.destruction.metPosition()).isZero();
        later.inRetention(DestructionCompleted.newBuilder()
                .addClasses(RetentionClass.RETENTION_CLASS_AUDIT)
                .build());
        long position = later.destruction.metPosition();
        run(later, (task, times) -> GONE);
        assertThat(new String(CompletionStatement.write(
                        later.request, later.request.completed().orElseThrow())))
                .contains("\"met\":true,\"metPosition\":" + position)
                .doesNotContain("standsUntil", "it was still to come");
    }

    /** What was completed before is stated as it was. */
    @Test
    void aStatementOfTheFirstFormatStaysWhatItWas() {
        History history = erasure("crm");
        allDestroyed(history);
        run(history, (task, times) -> GONE);

        assertThat(new String(CompletionStatement.write(history.request, RequestCompleted.getDefaultInstance())))
                .contains("\"format\":1,", "\"horizon\":{\"backups\":\"")
                .doesNotContain("\"met\"", "standsUntil");
    }

    @Test
    void aSystemThatCantEraseIsAskedWhetherItHasAnything() {
        History history = new History()
                .holder("warehouse", HolderAction.HOLDER_ACTION_EXPORT)
                .received(RequestKind.REQUEST_KIND_ERASURE, SELF);
        allDestroyed(history);

        run(history, (task, times) -> new Answer(200, "", "[1]"));
        assertThat(history.request.isOpen()).isTrue();
        assertThat(history.request.tasksInOrder()).singleElement().satisfies(task -> assertThat(task.action())
                .isEqualTo(HolderAction.HOLDER_ACTION_READ_BACK));
    }

    @Test
    void oneSystemThatIsDownKeepsNoOtherFromBeingAsked() {
        History history = erasure("down", "up");
        allDestroyed(history);

        Map<String, Integer> asked =
                run(history, (task, times) -> task.holder().equals("down") ? Answer.none("no-connection") : GONE);

        assertThat(asked.get("down" + HolderAction.HOLDER_ACTION_ERASE)).isEqualTo(3);
        assertThat(history.request.tasksInOrder().stream()
                        .filter(task -> task.holder().equals("up"))
                        .allMatch(Task::isDone))
                .isTrue();
        assertThat(history.request.isOpen()).isTrue();
    }

    @Test
    void aSystemThatTakesItOnIsWaitedFor() {
        History history = erasure("slow");
        allDestroyed(history);
        Map<String, Integer> asked = run(history, (task, times) -> new Answer(202, "", ""));

        assertThat(asked.values()).containsExactly(1);
        Task task = history.request.tasksInOrder().getFirst();
        history.is(RequestRules.report(
                history.request,
                dev.chancery.schema.dsar.v1.HolderReported.newBuilder()
                        .setTaskId(task.id())
                        .setDone(true)
                        .build()));
        run(history, (asks, times) -> GONE);
        assertThat(history.request.completed()).isPresent();
    }

    /** However systems answer: it is certified exactly when each has erased and then has nothing. */
    @Property(tries = 500)
    void itIsCertifiedExactlyWhenNoSystemAnswersDataAnyMore(@ForAll long seed) {
        var random = new Random(seed);
        List<String> names = new ArrayList<>(List.of("a", "b", "c").subList(0, 1 + random.nextInt(3)));
        Map<String, Integer> erasesAt = new HashMap<>();
        names.forEach(name -> erasesAt.put(name, 1 + random.nextInt(5)));
        List<String> liars =
                names.stream().filter(name -> random.nextInt(3) == 0).toList();
        Map<String, Boolean> holds = new HashMap<>();
        names.forEach(name -> holds.put(name, true));
        History history = erasure(names.toArray(String[]::new));
        allDestroyed(history);

        run(history, (task, times) -> {
            if (task.action() == HolderAction.HOLDER_ACTION_ERASE) {
                if (times < erasesAt.get(task.holder())) {
                    return random.nextBoolean() ? new Answer(503, "", "") : Answer.none("no-connection");
                }
                holds.put(task.holder(), liars.contains(task.holder()));
                return DONE;
            }
            return holds.get(task.holder()) ? new Answer(200, "", "{\"a\":1}") : GONE;
        });

        assertThat(history.request.completed().isPresent()).isEqualTo(!holds.containsValue(true));
        history.request.completed().map(RequestCompleted::getStatementSha256).ifPresent(hash -> assertThat(
                        hash.toByteArray())
                .isEqualTo(CompletionStatement.sha256(CompletionStatement.write(
                        history.request, history.request.completed().orElseThrow()))));
    }

    @Property(tries = 200)
    void aProcessThatDiesBetweenAnyTwoStepsComesToTheSameEnd(@ForAll long seed) {
        var random = new Random(seed);
        Map<String, Boolean> holds = new HashMap<>(Map.of("a", true, "b", true, "c", true));
        History history = erasure("a", "b", "c");
        allDestroyed(history);

        runDying(history, random, holds);

        assertThat(history.request.completed()).isPresent();
        assertThat(holds).doesNotContainValue(true);
        assertThat(history.request.tasksInOrder()).hasSize(6).allMatch(Task::isDone);
    }
}
