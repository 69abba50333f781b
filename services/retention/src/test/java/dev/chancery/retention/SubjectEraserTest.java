package dev.chancery.retention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.Message;
import dev.chancery.command.RefusedException;
import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.AuthorityStreams;
import dev.chancery.kernel.Decision;
import dev.chancery.keyring.Eraser;
import dev.chancery.keyring.SealContext;
import dev.chancery.log.AppendResult;
import dev.chancery.log.Claims;
import dev.chancery.log.Digest;
import dev.chancery.log.Streams;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.options.v1.RetentionClass;
import dev.chancery.schema.retention.v1.HoldCleared;
import dev.chancery.schema.retention.v1.HoldSet;
import dev.chancery.testkit.Backing;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The eraser over a real log: what it does, it does once, and writes down once it is so. */
class SubjectEraserTest extends WithSubject {
    /** A process that dies after any step leaves what the next one ends, once, and nothing is certified that did not happen. */
    @ParameterizedTest
    @EnumSource(ErasureStep.class)
    void whatAProcessLeavesThatDiesAfterAStepTheNextOneEnds(ErasureStep last) throws RefusedException {
        keepsNothing();
        leaves();
        assertThatExceptionOfType(Killed.class)
                .isThrownBy(() -> retireWhole(process(step -> {
                    if (step == last) {
                        throw new Killed();
                    }
                })));
        String certificate = certificate();
        assertThat(certificate.contains("keys_destroyed"))
                .isEqualTo(last.compareTo(ErasureStep.DESTRUCTION_RECORDED) >= 0);
        assertThat(certificate.contains("\"state\":\"completed\"")).isEqualTo(last == ErasureStep.COMPLETION_RECORDED);
        if (last.compareTo(ErasureStep.KEYS_DESTROYED) >= 0) {
            assertThat(keyring().open(where, sealed).text()).isEmpty();
        }

        retireWhole(process());

        assertThat(keyring().open(where, sealed).text()).isEmpty();
        assertThat(loaded().version()).as("decided, destroyed, completed").isEqualTo(3);
        assertThat(certificate()).contains("\"state\":\"completed\"");
    }

    private void retireWhole(SubjectEraser process) {
        process.retire(tenant, subject);
        process.destroy(tenant, subject);
        process.complete(tenant, subject, Duration.ZERO);
    }

    private static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    /** Why a request was refused, for instance: an erasure leaves it, and says on what ground and until when. */
    @Test
    void anErasureLeavesEvidenceUntilItsPeriodIsOver() throws RefusedException {
        var ofEvidence = new SealContext(
                tenant,
                subject,
                RetentionClass.RETENTION_CLASS_EVIDENCE,
                UUID.randomUUID(),
                "chancery.test.v1.T",
                "ground");
        Sealed evidence = keyring().seal(ofEvidence, "The court asks for it.");
        process().answer(tenant, subject, request);
        process().destroy(tenant, subject);
        process().complete(tenant, subject, Duration.ZERO);

        assertThat(loaded().state().destructions().keySet()).containsExactlyElementsOf(Eraser.erasable());
        assertThat(keyring().open(where, sealed).text()).isEmpty();
        assertThat(keyring().open(ofEvidence, evidence).text()).contains("The court asks for it.");
        assertThat(certificate())
                .contains(
                        "\"state\":\"completed\"",
                        "chancery.dsar.v1.RequestRefused.explanation",
                        "GDPR, articles 12(4) and 17(3)(e): why a request was refused.",
                        "P7Y after the subject is deactivated.");

        leaves();
        process().retire(tenant, subject);
        assertThat(keyring().open(ofEvidence, evidence).text()).isPresent();
        assertThat(certificate()).containsPattern("P7Y after 20[^\"]*Z, when the subject was deactivated");
        keeps(RetentionClass.RETENTION_CLASS_EVIDENCE, "P0D");
        process().retire(tenant, subject);
        process().destroy(tenant, subject);

        assertThat(keyring().open(ofEvidence, evidence).text()).isEmpty();
        assertThat(certificate())
                .contains("\"class\":\"evidence\",\"decided\"", "\"ground\":\"retention-ended\"")
                .doesNotContain("RequestRefused");
    }

    @Test
    void anotherFeaturesRequestIsDoneAndAnsweredOnce() throws RefusedException {
        process().answer(tenant, subject, request);
        process().answer(tenant, subject, request);
        assertThat(loaded().version()).isOne();
        assertThat(certificate()).contains("\"state\":\"decided\"").doesNotContain("keys_destroyed");

        for (int i = 0; i < 2; i++) {
            process().destroy(tenant, subject);
        }
        assertThat(loaded().version()).isEqualTo(2);
        assertThat(keyring().open(where, sealed).text()).isEmpty();
        assertThat(certificate())
                .contains("\"keys\":1", "\"request\":\"" + request + "\"", "\"state\":\"keys-destroyed\"")
                .doesNotContain("completed");

        for (int i = 0; i < 2; i++) {
            process().complete(tenant, subject, Duration.ZERO);
        }
        assertThat(loaded().version()).isEqualTo(3);
        assertThat(certificate())
                .contains(
                        "\"organisation_key_from_version\":2",
                        "\"sealer_key_from_version\":2",
                        "\"state\":\"completed\"")
                .doesNotContain("Grace");
        // Asked again by another request: it gets its answer, and nothing is done again.
        process().answer(tenant, subject, UUID.randomUUID().toString());
        process().destroy(tenant, subject);
        process().complete(tenant, subject, Duration.ZERO);
        assertThat(loaded().version()).isEqualTo(4);
    }

    @Test
    void keysThatAProcessDestroyedBeforeItDiedAreRecordedByTheNext() {
        process().answer(tenant, subject, request);
        keyring().eraser().destroy(tenant, subject, Eraser.allClasses());

        process().destroy(tenant, subject);
        keyring().eraser().renew(tenant, keyring().eraser().above(tenant));
        process().complete(tenant, subject, Duration.ZERO);

        assertThat(loaded().state().destructions().values()).allSatisfy(destruction -> {
            assertThat(destruction.destroyed()).isPresent();
            assertThat(destruction.completed()).isPresent();
        });
    }

    @Test
    void ofAHoldAndAnErasureThatMeetOneIsFirst() {
        Subject before = loaded().state();
        List<Message> held = decided(RetentionRules.set(true, before, hold("h1"), NOW));
        // The eraser decided on the same version, and is first.
        process().answer(tenant, subject, request);

        assertThat(append(0, held)).isInstanceOf(AppendResult.Moved.class);
        assertThat(RetentionRules.set(true, loaded().state(), hold("h1"), NOW))
                .isEqualTo(Decision.reject(RetentionRejection.TOO_LATE));
    }

    @Test
    void whatIsHeldIsNotDestroyedAndGoesOnWithTheRelease() throws RefusedException {
        append(0, decided(RetentionRules.set(true, loaded().state(), hold("h1"), NOW)));
        process().answer(tenant, subject, request);
        process().destroy(tenant, subject);
        process().complete(tenant, subject, Duration.ZERO);
        assertThat(keyring().open(where, sealed).text()).contains("Grace");
        assertThat(certificate()).contains("\"state\":\"withheld\"", "\"holds\":[\"h1\"]");

        Streams.Loaded<Subject> now = loaded();
        append(
                now.version(),
                decided(RetentionRules.clear(
                        now.state(),
                        HoldCleared.newBuilder()
                                .setHoldId("h1")
                                .setSubjectId(subject)
                                .build())));
        process().destroy(tenant, subject);
        assertThat(keyring().open(where, sealed).text()).isEmpty();
    }

    @Test
    void aHoldThatIsTooLateIsToldWhatIsGoneAndWhatIsLeft() {
        append(
                0,
                decided(RetentionRules.set(
                        true,
                        loaded().state(),
                        hold("h1").toBuilder()
                                .addClasses(RetentionClass.RETENTION_CLASS_AUDIT)
                                .build(),
                        NOW)));
        process().answer(tenant, subject, request);
        Subject decided = loaded().state();
        assertThat(RetentionRejection.tooLate(decided.progress(), decided.undecided()))
                .isEqualTo("The hold comes too late for RETENTION_CLASS_ACCOUNT (decided at position 1; its keys may be"
                        + " gone already). It can name RETENTION_CLASS_AUDIT and RETENTION_CLASS_EVIDENCE.");

        process().destroy(tenant, subject);
        Subject destroyed = loaded().state();
        assertThat(RetentionRejection.tooLate(destroyed.progress(), destroyed.undecided()))
                .contains("its keys were destroyed at position 2");
    }

    /** What tells from an address whose it is belongs to the account: it stays while a hold keeps that, whatever else is destroyed. */
    @Test
    void theNamesOfAHeldAccountStayUntilItIsReleased() throws SQLException {
        var address = new Digest(new byte[32]);
        try (var connection = Backing.postgres().superuser(database.name());
                var insert = connection.prepareStatement(
                        "INSERT INTO log.claim (tenant, kind, hash, stream) VALUES (?, 'email', ?, ?)")) {
            insert.setString(1, tenant);
            insert.setBytes(2, address.bytes());
            insert.setString(3, AuthorityStreams.principal(subject).value());
            insert.executeUpdate();
        }
        HoldSet ofTheAccount = hold("h1").toBuilder()
                .addClasses(RetentionClass.RETENTION_CLASS_ACCOUNT)
                .build();
        append(0, decided(RetentionRules.set(true, loaded().state(), ofTheAccount, NOW)));
        process().answer(tenant, subject, request);
        process().destroy(tenant, subject);
        process().complete(tenant, subject, Duration.ZERO);
        var claims = new Claims(database, DatabaseRole.IDENTITY);
        assertThat(loaded().state().destructions()).isNotEmpty();
        assertThat(claims.holder(tenant, "email", address)).contains(AuthorityStreams.principal(subject));

        append(
                loaded().version(),
                decided(RetentionRules.clear(
                        loaded().state(),
                        HoldCleared.newBuilder()
                                .setHoldId("h1")
                                .setSubjectId(subject)
                                .build())));
        process().destroy(tenant, subject);
        assertThat(claims.holder(tenant, "email", address)).isEmpty();
    }

    /** What a hold kept is destroyed later than the rest, and its horizon is later, too. */
    @Test
    void eachDestructionOfASubjectWaitsForItsOwnHorizon() throws RefusedException {
        HoldSet ofTheAccount = hold("h1").toBuilder()
                .addClasses(RetentionClass.RETENTION_CLASS_ACCOUNT)
                .build();
        append(0, decided(RetentionRules.set(true, loaded().state(), ofTheAccount, NOW)));
        process().answer(tenant, subject, request);
        process().destroy(tenant, subject);
        append(
                loaded().version(),
                decided(RetentionRules.clear(
                        loaded().state(),
                        HoldCleared.newBuilder()
                                .setHoldId("h1")
                                .setSubjectId(subject)
                                .build())));
        SubjectEraser later = process(Duration.ofHours(1), step -> {});
        later.destroy(tenant, subject);

        assertThat(later.complete(tenant, subject, Duration.ofDays(1)))
                .as("not replaced for a day")
                .isFalse();
        assertThat(later.complete(tenant, subject, Duration.ZERO)).isTrue();

        assertThat(completed())
                .isNotEmpty()
                .doesNotContain(RetentionClass.RETENTION_CLASS_ACCOUNT)
                .hasSize(Eraser.erasable().size() - 1);
        assertThat(certificate()).contains("\"state\":\"completed\"", "\"state\":\"keys-destroyed\"");
        assertThat(later.complete(tenant, subject, Duration.ofDays(1)))
                .as("nothing else is due")
                .isTrue();
    }

    private List<RetentionClass> completed() {
        return loaded().state().destructions().entrySet().stream()
                .filter(each -> each.getValue().completed().isPresent())
                .map(Map.Entry::getKey)
                .toList();
    }

    @Test
    void ofWhomNothingWasDecidedNothingIsCertified() {
        assertThatExceptionOfType(RefusedException.class).isThrownBy(this::certificate);
    }
}
