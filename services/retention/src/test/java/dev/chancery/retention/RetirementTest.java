package dev.chancery.retention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.chancery.command.RefusedException;
import dev.chancery.database.DatabaseRole;
import dev.chancery.keyring.Eraser;
import dev.chancery.log.Claims;
import dev.chancery.schema.identity.v1.PrincipalReactivated;
import dev.chancery.schema.options.v1.RetentionClass;
import dev.chancery.schema.retention.v1.HoldCleared;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is kept no longer is found and decided on: by class, and by what the log says at that moment. */
class RetirementTest extends WithSubject {
    @Test
    void whatIsKeptNoLongerIsRetiredByClassAndSaysWhy() throws RefusedException {
        keeps(RetentionClass.RETENTION_CLASS_ACCOUNT, "P0D");
        process().retire(tenant, subject);
        assertThat(loaded().version()).as("still one of the organisation's").isZero();
        leaves();
        for (int i = 0; i < 2; i++) {
            process().retire(tenant, subject);
            process().destroy(tenant, subject);
        }

        assertThat(loaded().version()).isEqualTo(2);
        assertThat(loaded().state().destructions().keySet()).containsExactly(RetentionClass.RETENTION_CLASS_ACCOUNT);
        assertThat(keyring().open(where, sealed).text()).isEmpty();
        assertThat(certificate())
                .contains(
                        "\"ground\":\"retention-ended\"",
                        "\"retention\":{\"period\":\"P0D\",\"since\":\"",
                        "\"state\":\"keys-destroyed\"");
    }

    @Test
    void whoIsBackIsKept() {
        keepsNothing();
        leaves();
        ofPrincipal(1, PrincipalReactivated.newBuilder().setPrincipalId(subject).build());
        process().retire(tenant, subject);
        assertThat(loaded().version()).isZero();
    }

    @Test
    void aHoldKeepsWhatIsOverUntilItIsCleared() {
        keepsNothing();
        append(0, decided(RetentionRules.set(true, loaded().state(), hold("h1"), NOW)));
        leaves();
        process().retire(tenant, subject);
        process().destroy(tenant, subject);
        assertThat(loaded().version()).isOne();
        assertThat(keyring().open(where, sealed).text()).contains("Grace");

        append(
                1,
                decided(RetentionRules.clear(
                        loaded().state(),
                        HoldCleared.newBuilder()
                                .setHoldId("h1")
                                .setSubjectId(subject)
                                .build())));
        // Nobody tells the collector: it finds what is over.
        process().retire(tenant, subject);
        process().destroy(tenant, subject);
        assertThat(keyring().open(where, sealed).text()).isEmpty();
    }

    /** What a collection was decided on moves while it reads: append refuses, and nothing is destroyed. */
    @ParameterizedTest
    @ValueSource(strings = {"held", "back", "kept longer"})
    void aCollectionThatMeetsAnotherDecisionIsNotAppended(String meanwhile) {
        keepsNothing();
        leaves();
        var moved = new AtomicBoolean();
        var late = new SubjectEraser(
                new Claims(database, DatabaseRole.RETENTION),
                appender,
                streams(),
                (of, position) -> {
                    if (moved.compareAndSet(false, true)) {
                        switch (meanwhile) {
                            case "held" ->
                                append(0, decided(RetentionRules.set(true, loaded().state(), hold("h1"), NOW)));
                            case "back" ->
                                ofPrincipal(
                                        1,
                                        PrincipalReactivated.newBuilder()
                                                .setPrincipalId(subject)
                                                .build());
                            default -> Eraser.allClasses().forEach(retention -> keeps(retention, "UNLIMITED"));
                        }
                    }
                    return times().recordedAtMicros(of, position);
                },
                keyring().eraser(),
                Duration.ZERO,
                step -> {});

        assertThatExceptionOfType(SubjectEraser.NotAppended.class).isThrownBy(() -> late.retire(tenant, subject));
        assertThat(moved).isTrue();
        late.retire(tenant, subject);
        late.destroy(tenant, subject);
        assertThat(keyring().open(where, sealed).text()).contains("Grace");
    }

    @Test
    void theCollectorFindsWhatIsOverInEveryOrganisationAndNothingElse() {
        String large = "00000000-0000-4000-8000-000000000000";
        keep(large, "gen_random_uuid()", 1, "P8Y", false, 1_200);
        String over = keep(tenant, "'" + subject + "'", 1, "P7Y", false, 1);
        keep(tenant, "gen_random_uuid()", 1, "P6Y", false, 1);
        keep(tenant, "gen_random_uuid()", 1, "P8Y", true, 1);
        open(
                tenant,
                "INSERT INTO retention.schedule (tenant, class, period, setter, set_micros, position) VALUES ('"
                        + tenant + "', 2, 'UNLIMITED', gen_random_uuid(), 1, 1)");
        keep(tenant, "gen_random_uuid()", 2, "P8Y", false, 1);
        String other = UUID.randomUUID().toString();
        open(
                other,
                "INSERT INTO retention.schedule (tenant, class, period, setter, set_micros, position) VALUES ('" + other
                        + "', 1, 'P3M', gen_random_uuid(), 1, 1)");
        keep(other, "'" + subject + "'", 1, "P4M", false, 1);
        keep(other, "gen_random_uuid()", 1, "P2M", false, 1);

        List<Collector.Due> due = new Collector(database).due();

        assertThat(due.stream().filter(each -> !each.tenant().equals(large)))
                .containsExactlyInAnyOrder(new Collector.Due(tenant, over), new Collector.Due(other, subject));
        assertThat(due.stream().filter(each -> each.tenant().equals(large))).hasSize(ErasureWorker.MAX_OF_ONE);
        assertThat(due.subList(0, 3).stream().map(Collector.Due::tenant))
                .containsExactlyInAnyOrder(large, tenant, other);
    }
}
