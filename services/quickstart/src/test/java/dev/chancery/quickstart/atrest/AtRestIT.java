package dev.chancery.quickstart.atrest;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.keyring.Eraser;
import dev.chancery.quickstart.atrest.ForgettingAttack.Keys;
import dev.chancery.quickstart.atrest.ForgettingAttack.Lying;
import dev.chancery.quickstart.authzen.OrganisationCalls;
import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.schema.options.v1.RetentionClass;
import dev.chancery.schema.retention.v1.ErasureState;
import dev.chancery.story.ClearText;
import dev.chancery.story.ClearText.Found;
import dev.chancery.testkit.LongTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/**
 * Nothing personal and no secret lies in clear in anything that an instance stores or logs: not in PostgreSQL's tables and write-ahead
 * log, not in Kafka's segments, not in a file beside them. The same search finds what may lie there, where it must. And whoever has all
 * these files, those of the days before too, opens nothing of whom was forgotten, with the upper keys of today.
 */
@LongTest
@Order(50)
class AtRestIT {
    private static final int SUBJECTS = "full".equals(System.getProperty("chancery.rounds")) ? 1_000 : 100;
    private static final Duration HORIZON_LIMIT = Duration.ofSeconds(120);

    private final RunningInstance instance = RunningInstance.start(RunningInstance.newDirectory("at-rest"));
    private final SharedInstance shared = SharedInstance.on(instance);
    private final StoredInstance stored = new StoredInstance(shared);
    private final TestPeople people = new TestPeople(shared);
    private final PlantedPeople planted = new PlantedPeople(shared);
    private final List<byte[]> wrappedThatDay = new ArrayList<>();

    @AfterEach
    void stop() {
        shared.close();
        instance.close();
    }

    @Test
    void nothingPersonalAndNoSecretIsStoredOrLoggedInClear() throws IOException, SQLException {
        people.live();
        forgottenOpenNothing();
        stored.checkpoint();
        nothingIsFound();
        assertThat(instance.stop()).as("exit code after TERM").isIn(0, 143);
        nothingIsFound();
        for (String where : List.of("postgres/data/base", "postgres/data/pg_wal", "kafka/data")) {
            assertThat(valuesIn(instance.data().resolve(where), people.open()))
                    .as("public values in %s", where)
                    .isEqualTo(Set.copyOf(people.open()));
        }
        assertThat(isInPostgres(wrappedThatDay))
                .as("the database's files keep a key of whom was forgotten, as wrapped that day: it is the keys"
                        + " above that are gone")
                .isTrue();
        RunningInstance.Ended replay = RunningInstance.attempt(
                "replay", "--check", "--data", instance.data().toString());
        assertThat(replay.exitCode()).as("replay --check: %s", replay).isZero();
    }

    private void forgottenOpenNothing() throws IOException, SQLException {
        Set<String> subjects = new TreeSet<>();
        do {
            planted.plant();
            stored.lying().stream()
                    .filter(each -> each.where().tenant().equals(shared.a.tenant()))
                    .forEach(each -> subjects.add(each.where().subject()));
        } while (subjects.size() < SUBJECTS);
        List<String> values = planted.values();
        Keys thatDay = stored.keys();
        Path keyFileThen = Files.copy(instance.sealer(), instance.data().resolveSibling("sealer-of-that-day"));

        // The attack works: with the files of that day every planted value opens, of every personal field of a command.
        Map<String, List<String>> opened = ForgettingAttack.open(stored.lying(), thatDay, thatDay, keyFileThen);
        assertThat(plantedIn(opened)).containsExactlyInAnyOrderElementsOf(planted.sealed());
        assertThat(planted.fieldsOf(values)).isEqualTo(planted.fields());

        Client eraser = planted.administrator();
        subjects.remove(OrganisationCalls.id(shared.a));
        subjects.removeAll(stored.texts("SELECT subject::text FROM retention.hold WHERE cleared_micros IS NULL"));
        Set<String> forgotten =
                subjects.stream().limit(subjects.size() / 2).collect(Collectors.toCollection(TreeSet::new));
        forgotten.forEach(subject -> planted.forget(eraser, subject));
        assertThat(RunningInstance.await(HORIZON_LIMIT, () -> completed().containsAll(forgotten)))
                .as("the erasures are completed")
                .isTrue();

        stored.checkpoint();
        Keys today = stored.keys();
        List<Lying> all = stored.lying();
        List<Lying> lying = all.stream().filter(each -> !isEvidence(each)).toList();
        for (Keys tenantKeys : List.of(thatDay, today)) {
            for (Keys subjectKeys : List.of(thatDay, today)) {
                assertThat(ForgettingAttack.open(lying, tenantKeys, subjectKeys, instance.sealer()))
                        .doesNotContainKeys(forgotten.toArray(String[]::new));
            }
        }
        Map<String, List<String>> now = ForgettingAttack.open(all, today, today, instance.sealer());
        Map<String, List<String>> evidence = ForgettingAttack.open(
                all.stream().filter(AtRestIT::isEvidence).toList(), today, today, instance.sealer());
        assertThat(forgotten.stream().filter(now::containsKey))
                .as("of whom was forgotten, evidence opens and nothing else")
                .isNotEmpty()
                .allSatisfy(subject -> assertThat(now.get(subject)).isEqualTo(evidence.get(subject)));
        opened.keySet().removeAll(forgotten);
        assertThat(opened).hasSizeGreaterThan(subjects.size() / 2);
        opened.forEach((subject, texts) -> assertThat(now.getOrDefault(subject, List.of()))
                .as("what is about %s opens", subject)
                .containsAll(texts));
        wrappedThatDay.addAll(thatDay.subjectKeysOf(forgotten));
        System.out.printf(
                "at rest: subjects=%d forgotten=%d values=%d fields=%d%n",
                opened.size() + forgotten.size(),
                forgotten.size(),
                values.size(),
                planted.fields().size());
        stored.verifies(eraser);
    }

    /** Which an erasure leaves, until its own period is over. */
    private static boolean isEvidence(Lying lying) {
        return lying.where().retention() == RetentionClass.RETENTION_CLASS_EVIDENCE;
    }

    private List<String> plantedIn(Map<String, List<String>> opened) {
        List<String> texts = opened.values().stream().flatMap(List::stream).toList();
        return planted.values().stream()
                .filter(value -> texts.stream().anyMatch(text -> text.contains(value)))
                .toList();
    }

    private Set<String> completed() {
        return Set.copyOf(stored.texts("SELECT subject::text FROM retention.erasure WHERE state = "
                + ErasureState.ERASURE_STATE_COMPLETED_VALUE + " GROUP BY subject HAVING count(*) = "
                + Eraser.erasable().size()));
    }

    private boolean isInPostgres(List<byte[]> anyOf) throws IOException {
        List<String> wanted =
                anyOf.stream().map(bytes -> new String(bytes, ISO_8859_1)).toList();
        try (Stream<Path> files = Files.walk(instance.data().resolve("postgres/data"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String content = Files.readString(file, ISO_8859_1);
                if (wanted.stream().anyMatch(content::contains)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Beside the data directory lie its key file and all output of its processes. */
    private void nothingIsFound() throws IOException {
        Path all = instance.data().getParent();
        assertThat(instance.outputs()).allMatch(output -> output.startsWith(all));
        List<String> hidden = Stream.of(people.hidden(), planted.values())
                .flatMap(List::stream)
                .toList();
        assertThat(ClearText.of(hidden).below(all).found())
                .extracting(found -> found.spelling().value() + ": " + found.place())
                .isEmpty();
    }

    private static Set<String> valuesIn(Path directory, List<String> values) throws IOException {
        return ClearText.of(values).below(directory).found().stream()
                .map(Found::spelling)
                .filter(spelling -> spelling.how().equals("UTF-8"))
                .map(spelling -> spelling.value())
                .collect(Collectors.toSet());
    }
}
