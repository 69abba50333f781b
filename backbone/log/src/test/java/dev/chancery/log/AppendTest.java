package dev.chancery.log;

import static dev.chancery.database.DatabaseRole.ACCESS;
import static dev.chancery.database.DatabaseRole.IDENTITY;
import static dev.chancery.database.DatabaseRole.RELAY;
import static dev.chancery.log.Drafts.ROLE_MODEL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.protobuf.ByteString;
import dev.chancery.kernel.StreamId;
import dev.chancery.schema.access.v1.RoleRetired;
import dev.chancery.schema.log.v1.Intent;
import dev.chancery.schema.log.v1.Result;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

final class AppendTest {
    private static final TestLog LOG = TestLog.fresh();

    @AfterAll
    static void close() {
        LOG.close();
    }

    private final String tenant = LOG.tenant();

    @Test
    void anIntentThenItsOutcome() {
        var intent = LOG.appended(ACCESS, Drafts.intent(tenant));
        var outcome = LOG.appended(
                ACCESS,
                Drafts.outcome(tenant).ending(intent).retiring(ROLE_MODEL, 0).draft());

        assertThat(intent.position()).isZero();
        assertThat(outcome.position()).isEqualTo(1);
        assertThat(outcome.recordedAtMicros()).isGreaterThanOrEqualTo(intent.recordedAtMicros());
        List<StoredRecord> records = LOG.records(tenant);
        assertThat(records.get(0).entry().leafHash()).isEqualTo(intent.hash().bytes());
        assertThat(records.get(1).entry().leafHash()).isEqualTo(outcome.hash().bytes());
        assertThat(records.get(0).entry().statement().getIntent().getDeadlineMicros())
                .isEqualTo(intent.recordedAtMicros() + Drafts.DEADLINE_MILLIS * 1000);
        assertThat(records.get(1).bodies())
                .containsExactly(
                        RoleRetired.newBuilder().setRole("auditor").build().toByteString());
        LogCheck.check(LOG, tenant);
    }

    @Test
    void anOutcomeHasManyEventsInManyStreams() {
        StreamId other = StreamId.of("access", "assignments", "b");
        LOG.appended(ACCESS, Drafts.outcome(tenant).retiring(ROLE_MODEL, 0).draft());
        LOG.appended(
                ACCESS,
                Drafts.outcome(tenant)
                        .retiring(ROLE_MODEL, 1)
                        .retiring(other, 0)
                        .retiring(ROLE_MODEL, 1)
                        .draft());
        LOG.appended(ACCESS, Drafts.outcome(tenant).retiring(ROLE_MODEL, 3).draft());
        LogCheck.check(LOG, tenant);
    }

    @Test
    void featuresShareATenantsLog() {
        var intent = LOG.appended(IDENTITY, Drafts.intent(tenant));
        LOG.appended(ACCESS, Drafts.outcome(tenant).retiring(ROLE_MODEL, 0).draft());
        LOG.appended(
                IDENTITY,
                Drafts.outcome(tenant)
                        .ending(intent)
                        .deactivating(StreamId.of("identity", "principal", "a"), 0)
                        .restingOn(ROLE_MODEL, 1)
                        .draft());
        LogCheck.check(LOG, tenant);
    }

    @Test
    void timeNeverRunsBackwards() {
        var first = LOG.appended(ACCESS, Drafts.outcome(tenant).draft());
        long ahead = first.recordedAtMicros() + 30_000_000L;
        LOG.update(
                ACCESS,
                tenant,
                "UPDATE log.head SET recorded_at_micros = " + ahead + " WHERE tenant = '" + tenant + "'");
        assertThat(LOG.appended(ACCESS, Drafts.outcome(tenant).draft()).recordedAtMicros())
                .isEqualTo(ahead);
        LogCheck.check(LOG, tenant);
    }

    @Test
    void aTimeFarAheadOfTheClockIsNotWrittenOn() {
        var first = LOG.appended(ACCESS, Drafts.outcome(tenant).draft());
        long ahead = first.recordedAtMicros() + 2 * AppendSql.MAX_AHEAD_MICROS;
        LOG.update(
                ACCESS,
                tenant,
                "UPDATE log.head SET recorded_at_micros = " + ahead + " WHERE tenant = '" + tenant + "'");
        assertThat(LOG.appender(ACCESS).append(Drafts.intent(tenant)))
                .isEqualTo(new AppendResult.Refused(LogRejection.UNAVAILABLE));
    }

    @Test
    void anUnknownTenantHasNoLog() {
        assertThat(LOG.appender(ACCESS).append(Drafts.intent("nobody")))
                .isEqualTo(new AppendResult.Refused(LogRejection.TENANT_UNKNOWN));
    }

    @Test
    void aForkedLogStandsStill() {
        LOG.update(RELAY, "", "UPDATE log.head SET forked_at = 0 WHERE tenant = '" + tenant + "'");
        assertThat(LOG.appender(ACCESS).append(Drafts.intent(tenant)))
                .isEqualTo(new AppendResult.Refused(LogRejection.STOPPED));
    }

    @Test
    void anEntryOrRecordTooLargeFailsAlone() {
        Drafts manyEvents = Drafts.outcome(tenant);
        for (int i = 0; i < Draft.MAX_EVENTS; i++) {
            manyEvents.retiring(StreamId.of("access", "assignments", "0199f2aa-0000-7000-8000-000000000001"), 0);
        }
        RoleRetired largeBody =
                RoleRetired.newBuilder().setRole("r".repeat(1024 * 1024)).build();
        List<AppendResult> results = LOG.commit(
                ACCESS,
                manyEvents.draft(),
                Drafts.outcome(tenant).with(ROLE_MODEL, 0, largeBody).draft(),
                Drafts.outcome(tenant).retiring(ROLE_MODEL, 0).draft());
        assertThat(results.subList(0, 2)).containsOnly(new AppendResult.Refused(LogRejection.TOO_LARGE));
        assertThat(results.get(2)).isInstanceOf(AppendResult.Appended.class);
        LogCheck.check(LOG, tenant);
    }

    @Test
    void aRecordJustSmallEnoughIsTaken() {
        int room = AppendGroup.MAX_RECORD_BYTES - 850;
        LOG.appended(
                ACCESS,
                Drafts.outcome(tenant)
                        .with(
                                ROLE_MODEL,
                                0,
                                RoleRetired.newBuilder()
                                        .setRole("r".repeat(room))
                                        .build())
                        .draft());
        LogCheck.check(LOG, tenant);
    }

    @Test
    void anOutcomeEndsOnlyItsOwnFeaturesIntent() {
        var intent = LOG.appended(IDENTITY, Drafts.intent(tenant));
        assertThat(LOG.appender(ACCESS)
                        .append(Drafts.outcome(tenant).ending(intent).draft()))
                .isEqualTo(new AppendResult.Refused(LogRejection.TOO_LATE));
        LOG.appended(IDENTITY, Drafts.outcome(tenant).ending(intent).draft());
        LogCheck.check(LOG, tenant);
    }

    @Test
    void anOutcomeNamesItsIntentByHashToo() {
        var intent = LOG.appended(ACCESS, Drafts.intent(tenant));
        var forged = new AppendResult.Appended(intent.position(), 0, Drafts.digest("another"));
        assertThat(LOG.appender(ACCESS)
                        .append(Drafts.outcome(tenant).ending(forged).draft()))
                .isEqualTo(new AppendResult.Refused(LogRejection.TOO_LATE));
    }

    @Test
    void anIntentHasOneOutcomeEvenInOneGroup() {
        var intent = LOG.appended(ACCESS, Drafts.intent(tenant));
        List<AppendResult> results = LOG.commit(
                ACCESS,
                Drafts.outcome(tenant).ending(intent).draft(),
                Drafts.outcome(tenant).ending(intent).draft());
        assertThat(results.get(0)).isInstanceOf(AppendResult.Appended.class);
        assertThat(results.get(1)).isEqualTo(new AppendResult.Refused(LogRejection.TOO_LATE));
        LogCheck.check(LOG, tenant);
    }

    @Test
    void aDraftThatSaysTooMuchIsNone() {
        var statement =
                Drafts.statement().setIntent(Intent.getDefaultInstance()).build();
        var event = new NewEvent(ROLE_MODEL, RoleRetired.getDefaultInstance());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Draft(
                        tenant, statement, 1, List.of(event), List.of(), Optional.empty(), Map.of(ROLE_MODEL, 0L)));
        assertThatIllegalArgumentException().isThrownBy(() -> Draft.intent(tenant, statement, 0, Optional.empty()));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Draft.intent(
                        tenant,
                        statement.toBuilder().setEntryId(ByteString.EMPTY).build(),
                        1,
                        Optional.empty()));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Draft.intent(tenant, Drafts.statement().build(), 1, Optional.empty()));
        assertThatIllegalArgumentException().isThrownBy(() -> Drafts.outcome(tenant)
                .retiring(ROLE_MODEL, 0)
                .result(Result.FAILURE)
                .draft());
        assertThatIllegalArgumentException().isThrownBy(() -> Drafts.outcome(tenant)
                .receipt(Drafts.reserve("key", "request"))
                .draft());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Drafts.reply("k", "r", "x".repeat(Receipt.MAX_REPLY_BYTES + 1)));
    }
}
