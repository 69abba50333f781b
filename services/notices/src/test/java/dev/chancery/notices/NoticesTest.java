package dev.chancery.notices;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.command.Ids;
import dev.chancery.kernel.StreamId;
import dev.chancery.schema.access.v1.AssignmentRevoked;
import dev.chancery.schema.access.v1.RoleAssigned;
import dev.chancery.schema.egress.v1.OverrideApproved;
import dev.chancery.schema.egress.v1.OverrideRequested;
import dev.chancery.schema.egress.v1.OverrideRevoked;
import dev.chancery.schema.elevation.v1.ApprovalRule;
import dev.chancery.schema.elevation.v1.ElevationGranted;
import dev.chancery.schema.elevation.v1.ElevationRequested;
import dev.chancery.schema.identity.v1.PrincipalDeactivated;
import dev.chancery.schema.identity.v1.SessionEndCause;
import dev.chancery.schema.identity.v1.SessionEnded;
import dev.chancery.schema.identity.v1.SessionOpened;
import dev.chancery.schema.notices.v1.Notice;
import dev.chancery.schema.notices.v1.NoticeKind;
import dev.chancery.schema.notices.v1.NoticeState;
import dev.chancery.schema.vault.v1.SecretReadUnderBreakGlass;
import dev.chancery.schema.vault.v1.SecretRotationSet;
import dev.chancery.schema.vault.v1.SecretVersionWritten;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Who is told of which events, and when. */
class NoticesTest extends WithNotices {
    private final MailServer mail = MailServer.emptied();

    @Test
    void eachNewDeviceSessionEndAndRunOfFailuresIsTold() throws Exception {
        String ada = log.person(ADA);
        for (int device : List.of(1, 1, 2)) {
            log.happens(
                    ada,
                    SessionOpened.newBuilder()
                            .setPrincipalId(ada)
                            .setDevice(NoticesFixture.device(device))
                            .build());
        }
        for (SessionEndCause cause : List.of(SessionEndCause.SIGNED_OUT, SessionEndCause.REFRESH_REUSED)) {
            log.happens(
                    ada,
                    SessionEnded.newBuilder()
                            .setPrincipalId(ada)
                            .setCause(cause)
                            .build());
        }
        for (int i = 0; i < NoticesProjection.FAILURES + 2; i++) {
            log.signInFails(ada);
        }
        log.project();

        assertThat(log.notices().reversed())
                .extracting(Notice::getKind)
                .containsExactly(
                        NoticeKind.NOTICE_KIND_NEW_DEVICE,
                        NoticeKind.NOTICE_KIND_NEW_DEVICE,
                        NoticeKind.NOTICE_KIND_SESSION_ENDED,
                        NoticeKind.NOTICE_KIND_FAILED_SIGN_INS);
    }

    /** Anybody can name anybody: it fills nobody's mailbox. */
    @Test
    void failuresUnderANameAreToldOnceADay() throws Exception {
        String ada = log.person(ADA);
        log.signInsFail(ada, NoticesProjection.FAILURES - 1);
        log.project();
        assertThat(log.notices()).isEmpty();
        log.signInsFail(ada, 1);
        for (int i = 0; i < 20; i++) {
            log.signInsFail(ada, Integer.MAX_VALUE);
        }
        log.project();
        assertThat(log.notices()).singleElement().satisfies(notice -> {
            assertThat(notice.getKind()).isEqualTo(NoticeKind.NOTICE_KIND_FAILED_SIGN_INS);
            assertThat(notice.getPrincipalId()).isEqualTo(ada);
        });

        log.aDayAfterFailuresWereTold();
        log.signInsFail(ada, 1);
        log.signInsFail(ada, 1);
        log.project();
        assertThat(log.notices()).hasSize(2);
    }

    @Test
    void aProgramsFailuresAreToldToWhoCreatedItAndThenToAdministrators() throws Exception {
        String ada = log.person(ADA);
        String ben = log.person("ben@kestrel.example");
        assign(ben, "administrator", 0);
        String program = log.service(ada);
        log.signInsFail(program, NoticesProjection.FAILURES);
        log.project();
        assertThat(log.notices()).extracting(Notice::getPrincipalId).containsExactly(ada);
        try (var sender = log.sender(NoticesFixture.attempts(3), new MailChannel(mail.options()))) {
            sender.round();
        }
        assertThat((String) mail.last().getContent()).contains("the program " + program);

        log.happens(ada, PrincipalDeactivated.newBuilder().setPrincipalId(ada).build());
        log.aDayAfterFailuresWereTold();
        log.signInsFail(program, 1);
        log.project();
        assertThat(log.notices().getFirst().getPrincipalId()).isEqualTo(ben);
    }

    @Test
    void approversAreToldOfBreakGlassAndItsHolderOfItsEnd() throws Exception {
        String ada = log.person(ADA);
        String ben = log.person("ben@kestrel.example");
        String elevation = UUID.randomUUID().toString();
        long now = System.currentTimeMillis() * 1_000;
        assign(ada, "security", 0);
        assign(ben, "security", 0);
        log.happensTo(
                ben,
                ElevationRequested.newBuilder()
                        .setElevationId(elevation)
                        .setPrincipalId(ben)
                        .setRole("repair")
                        .addApprovals(ApprovalRule.newBuilder().setRole("security"))
                        .build());
        log.happensTo(
                ben,
                ElevationGranted.newBuilder()
                        .setElevationId(elevation)
                        .setPrincipalId(ben)
                        .setRole("repair")
                        .setFromMicros(now)
                        .setUntilMicros(now + Duration.ofHours(1).toNanos() / 1_000)
                        .build());
        log.project();

        assertThat(log.notices())
                .extracting(notice ->
                        notice.getKind() + " " + notice.getPrincipalId().equals(ada))
                .containsExactlyInAnyOrder("NOTICE_KIND_BREAK_GLASS true", "NOTICE_KIND_ENDING false");
        try (var sender = log.sender(NoticesFixture.attempts(1), new MailChannel(mail.options()))) {
            sender.round();
        }
        // The end is told five minutes before it.
        assertThat(mail.received()).hasSize(1);
        assertThat(mail.last().getSubject()).isEqualTo("Break-glass: repair");
    }

    @Test
    void approversAreToldOfASecretThatAPersonRead() throws Exception {
        String ada = log.person(ADA);
        String ben = log.person("ben@kestrel.example");
        String elevation = UUID.randomUUID().toString();
        assign(ada, "security", 0);
        assign(ben, "security", 0);
        log.happensTo(
                ben,
                ElevationRequested.newBuilder()
                        .setElevationId(elevation)
                        .setPrincipalId(ben)
                        .setRole("repair")
                        .addApprovals(ApprovalRule.newBuilder().setRole("security"))
                        .build());
        var read = SecretReadUnderBreakGlass.newBuilder()
                .setSecret("prod/db/password")
                .setSecretVersion(3)
                .setReaderId(ben);
        var secret = StreamId.of("vault", "secret", "a");
        log.happens(Ids.uuidV7(), secret, read.build());
        log.happens(Ids.uuidV7(), secret, read.setElevationId(elevation).build());
        log.project();

        assertThat(log.notices()).singleElement().satisfies(notice -> {
            assertThat(notice.getKind()).isEqualTo(NoticeKind.NOTICE_KIND_SECRET_READ);
            assertThat(notice.getPrincipalId()).isEqualTo(ada);
        });
        try (var sender = log.sender(NoticesFixture.attempts(1), new MailChannel(mail.options()))) {
            sender.round();
        }
        assertThat(mail.last().getSubject()).isEqualTo("A person read a secret: prod/db/password");
        assertThat(mail.last().getContent().toString()).doesNotContain(ben);
    }

    @Test
    void whoeverSeesToASecretIsToldOnceItIsDue() throws Exception {
        String ada = log.person(ADA);
        String ben = log.person("ben@kestrel.example");
        var rotation = SecretRotationSet.newBuilder()
                .setSecret("prod/db/password")
                .setOwnerId(ada)
                .setEveryDays(1);
        var secret = StreamId.of("vault", "secret", "a");
        var written = SecretVersionWritten.newBuilder().setSecret("prod/db/password");
        log.happens(Ids.uuidV7(), secret, written.setSecretVersion(1).build());
        log.happens(Ids.uuidV7(), secret, rotation.build());
        log.happens(Ids.uuidV7(), secret, written.setSecretVersion(2).build());
        log.happens(Ids.uuidV7(), secret, rotation.setOwnerId(ben).build());
        // Without a schedule nothing is due, and a schedule that ends takes its notice along.
        var other = SecretRotationSet.newBuilder().setSecret("prod/mail/key").setOwnerId(ada);
        var another = StreamId.of("vault", "secret", "b");
        log.happens(Ids.uuidV7(), another, other.setEveryDays(7).build());
        log.happens(Ids.uuidV7(), another, other.setEveryDays(0).build());
        log.project();

        assertThat(log.notices())
                .filteredOn(notice -> notice.getState() == NoticeState.NOTICE_STATE_WAITING)
                .singleElement()
                .satisfies(notice -> {
                    assertThat(notice.getKind()).isEqualTo(NoticeKind.NOTICE_KIND_SECRET_OVERDUE);
                    assertThat(notice.getPrincipalId()).isEqualTo(ben);
                    assertThat(notice.getDueAtMillis() - System.currentTimeMillis())
                            .isBetween(
                                    Duration.ofHours(23).toMillis(),
                                    Duration.ofDays(1).toMillis());
                });
        try (var sender = log.sender(NoticesFixture.attempts(1), new MailChannel(mail.options()))) {
            sender.round();
            assertThat(mail.received()).isEmpty();
            log.dueFor(Duration.ofDays(1));
            sender.round();
        }
        assertThat(mail.last().getSubject()).isEqualTo("A secret is due for a new value: prod/db/password");
    }

    private String assign(String principal, String role, long untilMicros) {
        String assignment = UUID.randomUUID().toString();
        log.happensTo(
                principal,
                RoleAssigned.newBuilder()
                        .setAssignmentId(assignment)
                        .setPrincipalId(principal)
                        .setRole(role)
                        .setUntilMicros(untilMicros)
                        .build());
        return assignment;
    }

    @Test
    void anEndThatIsNotReachedIsNotTold() throws Exception {
        String ada = log.person(ADA);
        long inAWeek = (System.currentTimeMillis() + Duration.ofDays(7).toMillis()) * 1_000;
        String assignment = assign(ada, "auditor", inAWeek);
        log.project();
        assertThat(log.notices().getFirst().getDueAtMillis())
                .isEqualTo(inAWeek / 1_000 - Duration.ofDays(1).toMillis());

        log.happensTo(
                ada,
                AssignmentRevoked.newBuilder()
                        .setAssignmentId(assignment)
                        .setPrincipalId(ada)
                        .build());
        log.project();

        assertThat(log.notices().getFirst().getState()).isEqualTo(NoticeState.NOTICE_STATE_CANCELLED);
    }

    @Test
    void theEndOfAnOverrideIsToldToWhoAskedForItOnceItIsApproved() throws Exception {
        String ada = log.person(ADA);
        String agent = UUID.randomUUID().toString();
        String approved = override(agent, ada);
        String waiting = override(ada, "");
        String revoked = override(ada, "");
        overrideHappens(OverrideApproved.newBuilder().setOverrideId(approved).build());
        overrideHappens(OverrideApproved.newBuilder().setOverrideId(revoked).build());
        overrideHappens(OverrideRevoked.newBuilder().setOverrideId(revoked).build());
        log.project();

        assertThat(waiting).isNotEmpty();
        assertThat(log.notices())
                .filteredOn(notice -> notice.getState() == NoticeState.NOTICE_STATE_WAITING)
                .singleElement()
                .satisfies(notice -> {
                    assertThat(notice.getKind()).isEqualTo(NoticeKind.NOTICE_KIND_OVERRIDE_ENDING);
                    assertThat(notice.getPrincipalId()).isEqualTo(ada);
                });
        assertThat(log.notices())
                .filteredOn(notice -> notice.getState() == NoticeState.NOTICE_STATE_CANCELLED)
                .hasSize(2);
        // Its end is in an hour, and it is told five minutes before.
        try (var sender = log.sender(NoticesFixture.attempts(1), new MailChannel(mail.options()))) {
            sender.round();
        }
        assertThat(mail.received()).isEmpty();
    }

    private String override(String requester, String actingFor) {
        String id = UUID.randomUUID().toString();
        long now = System.currentTimeMillis() * 1_000;
        overrideHappens(OverrideRequested.newBuilder()
                .setOverrideId(id)
                .setHost("api.example.org")
                .setRequesterId(requester)
                .setActingForId(actingFor)
                .setRequestedMicros(now)
                .setUntilMicros(now + Duration.ofHours(1).toNanos() / 1_000)
                .build());
        return id;
    }

    private void overrideHappens(Message event) {
        log.happens(
                Ids.uuidV7(), StreamId.of("egress", "policy", UUID.randomUUID().toString()), event);
    }
}
