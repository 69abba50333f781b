package dev.chancery.notices;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.sun.net.httpserver.HttpServer;
import dev.chancery.command.Ids;
import dev.chancery.feature.NoticeOptions;
import dev.chancery.firewall.AddressRanges;
import dev.chancery.firewall.EgressPolicy;
import dev.chancery.firewall.HostPattern;
import dev.chancery.kernel.StreamId;
import dev.chancery.log.StoppedLogs;
import dev.chancery.schema.access.v1.AssignmentRevoked;
import dev.chancery.schema.access.v1.RoleAssigned;
import dev.chancery.schema.egress.v1.OverrideApproved;
import dev.chancery.schema.egress.v1.OverrideRequested;
import dev.chancery.schema.egress.v1.OverrideRevoked;
import dev.chancery.schema.elevation.v1.ApprovalRule;
import dev.chancery.schema.elevation.v1.ElevationGranted;
import dev.chancery.schema.elevation.v1.ElevationRequested;
import dev.chancery.schema.identity.v1.PrincipalDeactivated;
import dev.chancery.schema.identity.v1.PrincipalEmailChanged;
import dev.chancery.schema.identity.v1.PrincipalKeyChanged;
import dev.chancery.schema.identity.v1.SessionEndCause;
import dev.chancery.schema.identity.v1.SessionEnded;
import dev.chancery.schema.identity.v1.SessionOpened;
import dev.chancery.schema.notices.v1.Notice;
import dev.chancery.schema.notices.v1.NoticeKind;
import dev.chancery.schema.notices.v1.NoticeReplayed;
import dev.chancery.schema.notices.v1.NoticeState;
import dev.chancery.schema.vault.v1.SecretReadUnderBreakGlass;
import dev.chancery.schema.vault.v1.SecretRotationSet;
import dev.chancery.schema.vault.v1.SecretVersionWritten;
import jakarta.mail.internet.MimeMessage;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From an event in the log to a message that a mail server, or a webhook, has. */
class NoticesTest {
    private static final String ADA = "ada@kestrel.example";

    @TempDir
    static Path directory;

    /** One for all tests: its certificate is the process's. */
    private static MailServer mail;

    private NoticesFixture log;

    @BeforeAll
    static void startMail() throws Exception {
        mail = new MailServer(directory);
    }

    @AfterAll
    static void stopMail() {
        mail.close();
    }

    @BeforeEach
    void begin() throws Exception {
        log = new NoticesFixture();
        mail.empty();
    }

    @AfterEach
    void end() {
        log.close();
    }

    private void keyChanges(String person) {
        log.happens(
                person,
                PrincipalKeyChanged.newBuilder()
                        .setPrincipalId(person)
                        .setPublicKey(ByteString.copyFrom(new byte[32]))
                        .build());
        log.project();
    }

    @Test
    void aPersonIsToldOnceByMailOverTls() throws Exception {
        String ada = log.person(ADA);
        keyChanges(ada);

        try (var sender = log.sender(NoticesFixture.attempts(3), new MailChannel(mail.options()))) {
            sender.round();
            sender.round();
        }
        // Another process goes on, whose view has not heard of the mail yet.
        try (var again = log.sender(NoticesFixture.attempts(3), new MailChannel(mail.options()))) {
            again.round();
        }

        assertThat(mail.received()).hasSize(1);
        MimeMessage message = mail.last();
        Notice before = log.notices().getFirst();
        assertThat(message.getAllRecipients()).extracting(Object::toString).containsExactly(ADA);
        assertThat(message.getSubject()).isEqualTo("The key of your account was changed");
        assertThat(message.getContent().toString()).doesNotContain("@").doesNotContain(ada);
        assertThat(message.getMessageID()).isEqualTo("<" + before.getNoticeId() + "@kestrel.example>");
        log.project();
        assertThat(log.notices()).singleElement().satisfies(notice -> {
            assertThat(notice.getKind()).isEqualTo(NoticeKind.NOTICE_KIND_KEY_CHANGED);
            assertThat(notice.getState()).isEqualTo(NoticeState.NOTICE_STATE_SENT);
            assertThat(notice.getPrincipalId()).isEqualTo(ada);
        });
    }

    @Test
    void aServerWithAnotherCertificateGetsNothing() throws Exception {
        keyChanges(log.person(ADA));

        try (var sender = log.sender(NoticesFixture.attempts(1), new MailChannel(mail.options(Optional.empty())))) {
            sender.round();
        }

        log.project();
        assertThat(mail.received()).isEmpty();
        assertThat(log.notices().getFirst().getCode()).isEqualTo(NotDelivered.UNREACHABLE);
    }

    @Test
    void whatFailsIsTriedAgainParkedAndReplayed() throws Exception {
        keyChanges(log.person(ADA));
        var nowhere = new NoticeOptions.Smtp(
                "localhost",
                freePort(),
                NoticeOptions.Security.TLS,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                "chancery@kestrel.example");

        try (var sender = log.sender(NoticesFixture.attempts(2), new MailChannel(nowhere))) {
            sender.round();
            log.project();
            assertThat(log.notices().getFirst().getState()).isEqualTo(NoticeState.NOTICE_STATE_WAITING);
            assertThat(log.notices().getFirst().getAttempts()).isOne();
            Thread.sleep(5); // Its rest of a millisecond.
            sender.round();
            log.project();
            sender.round();
        }
        Notice parked = log.notices().getFirst();
        assertThat(parked.getState()).isEqualTo(NoticeState.NOTICE_STATE_PARKED);
        assertThat(parked.getAttempts()).isEqualTo(2);
        assertThat(parked.getCode()).isEqualTo("unreachable");

        log.records.append(
                log.tenant,
                parked.getNoticeId(),
                2,
                NoticeReplayed.newBuilder().setNoticeId(parked.getNoticeId()).build());
        log.project();
        try (var sender = log.sender(NoticesFixture.attempts(2), new MailChannel(mail.options()))) {
            sender.round();
        }
        log.project();
        assertThat(mail.received()).hasSize(1);
        assertThat(log.notices().getFirst().getState()).isEqualTo(NoticeState.NOTICE_STATE_SENT);
    }

    /** A mail server that nobody reaches, and no address at all: the webhook gets its notices, and both say what became of them. */
    @Test
    void aChannelThatFailsSilencesNoOther() throws Exception {
        var nowhere = new MailChannel(new NoticeOptions.Smtp(
                "localhost",
                freePort(),
                NoticeOptions.Security.TLS,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                "chancery@kestrel.example"));
        keyChanges(log.person(ADA));
        keyChanges(log.person(""));
        try (var hook = new TestWebhook()) {
            var waits = new NoticeOptions(Optional.empty(), Optional.empty(), 2, Duration.ofHours(1));
            try (var sender = log.sender(waits, nowhere, hook.channel())) {
                sender.round();
            }
            log.project();
            assertThat(hook.bodies).hasSize(2);
            assertThat(log.notices())
                    .extracting(Notice::getState)
                    .containsExactlyInAnyOrder(NoticeState.NOTICE_STATE_WAITING, NoticeState.NOTICE_STATE_PARKED);
        }
    }

    /** Each try at a webhook that nobody answers may take ten seconds: after three, mail no longer waits for it. */
    @Test
    void aChannelThatIsNotReachedIsNotTriedForEveryNotice() throws Exception {
        for (int notice = 0; notice < 6; notice++) {
            keyChanges(log.person(ADA));
        }
        var dialled = new AtomicInteger();
        try (var deaf = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> {
                try {
                    while (true) {
                        deaf.accept().close();
                        dialled.incrementAndGet();
                    }
                } catch (java.io.IOException e) {
                    // Over.
                }
            });
            String base = "http://127.0.0.1:" + deaf.getLocalPort();
            var hook = new WebhookChannel(URI.create(base + "/notices"), new byte[32], policy(base));
            try (var sender = log.sender(NoticesFixture.attempts(3), hook, new MailChannel(mail.options()))) {
                sender.round();
            }
        }
        log.project();
        assertThat(dialled.get()).isEqualTo(NoticeSender.SILENT_AFTER);
        assertThat(mail.received()).hasSize(6);
        assertThat(log.notices())
                .hasSize(6)
                .extracting(Notice::getState)
                .containsOnly(NoticeState.NOTICE_STATE_WAITING);
    }

    @Test
    void whatOneChannelParksTheOtherStillSends() throws Exception {
        keyChanges(log.person(""));
        try (var hook = new TestWebhook()) {
            hook.status = 500;
            try (var sender = log.sender(NoticesFixture.attempts(3), new MailChannel(mail.options()), hook.channel())) {
                sender.round();
                log.project();
                assertThat(log.notices().getFirst().getState()).isEqualTo(NoticeState.NOTICE_STATE_WAITING);
                hook.status = 204;
                Thread.sleep(5); // The webhook's rest of a millisecond.
                sender.round();
                log.project();
                assertThat(hook.bodies).hasSize(2);
                sender.round();
                assertThat(hook.bodies).hasSize(2);
            }
        }
        Notice parked = log.notices().getFirst();
        assertThat(parked.getState()).isEqualTo(NoticeState.NOTICE_STATE_PARKED);
        // Why the last attempt that failed did: the webhook's first.
        assertThat(parked.getCode()).isEqualTo("refused");
    }

    /** It would be sent again each minute: no record says that it was. */
    @Test
    void ofAStoppedLogNothingIsSentAndOthersGoOn() throws Exception {
        for (int more = 0; more < NoticeSender.MAX_ROUND; more++) {
            keyChanges(log.person(ADA));
        }
        StoppedLogs.stop(log.database, log.tenant, 0);
        try (var other = new NoticesFixture()) {
            String ben = other.person("ben@kestrel.example");
            other.happens(
                    ben,
                    PrincipalKeyChanged.newBuilder()
                            .setPrincipalId(ben)
                            .setPublicKey(ByteString.copyFrom(new byte[32]))
                            .build());
            other.project();
            try (var sender = other.sender(NoticesFixture.attempts(3), new MailChannel(mail.options()))) {
                sender.round();
                sender.round();
            }
        } finally {
            StoppedLogs.goOn(log.database, log.tenant);
        }
        assertThat(mail.received())
                .extracting(message -> message.getAllRecipients()[0].toString())
                .containsExactly("ben@kestrel.example");
    }

    @Test
    void whatIsDueForTooLongIsParkedAndNotSent() throws Exception {
        keyChanges(log.person(ADA));
        log.dueFor(Duration.ofDays(4));
        try (var sender = log.sender(NoticesFixture.attempts(3), new MailChannel(mail.options()))) {
            sender.round();
        }
        log.project();
        assertThat(mail.received()).isEmpty();
        assertThat(log.notices().getFirst().getState()).isEqualTo(NoticeState.NOTICE_STATE_PARKED);
        assertThat(log.notices().getFirst().getCode()).isEqualTo("too-late");
    }

    @Test
    void whoHasNoAddressIsParkedAtOnce() throws Exception {
        keyChanges(log.person(""));

        try (var sender = log.sender(NoticesFixture.attempts(8), new MailChannel(mail.options()))) {
            sender.round();
        }

        log.project();
        assertThat(log.notices().getFirst().getState()).isEqualTo(NoticeState.NOTICE_STATE_PARKED);
        assertThat(log.notices().getFirst().getCode()).isEqualTo("no-address");
    }

    @Test
    void aChangedAddressIsToldToTheOneBefore() throws Exception {
        String ada = log.person(ADA);
        UUID entryId = Ids.uuidV7();
        log.happens(
                entryId,
                NoticesFixture.stream(ada),
                PrincipalEmailChanged.newBuilder()
                        .setPrincipalId(ada)
                        .setEmail(log.sealed(
                                ada,
                                entryId,
                                PrincipalEmailChanged.getDescriptor().getFullName(),
                                "x@other.example"))
                        .build());
        keyChanges(ada);

        try (var sender = log.sender(NoticesFixture.attempts(1), new MailChannel(mail.options()))) {
            sender.round();
        }

        assertThat(mail.received())
                .extracting(message -> message.getSubject() + " to " + message.getAllRecipients()[0])
                .containsExactlyInAnyOrder(
                        "The address of your account was changed to " + ADA,
                        "The key of your account was changed to x@other.example");
    }

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

    private void overrideHappens(com.google.protobuf.Message event) {
        log.happens(
                dev.chancery.command.Ids.uuidV7(),
                dev.chancery.kernel.StreamId.of(
                        "egress", "policy", UUID.randomUUID().toString()),
                event);
    }

    /** A webhook that answers and never comes to an end keeps no other notice waiting. */
    @Test
    void anAnswerThatNeverEndsIsNoDelivery() throws Exception {
        keyChanges(log.person(ADA));
        var over = new java.util.concurrent.CountDownLatch(1);
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            try (var body = exchange.getResponseBody()) {
                while (!over.await(50, java.util.concurrent.TimeUnit.MILLISECONDS)) {
                    body.write('.');
                    body.flush();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        server.start();
        URI url = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/notices");
        try (var sender = log.sender(
                NoticesFixture.attempts(1),
                new WebhookChannel(
                        url, new byte[32], policy("http://127.0.0.1:" + url.getPort()), Duration.ofSeconds(1)))) {
            org.junit.jupiter.api.Assertions.assertTimeoutPreemptively(Duration.ofSeconds(20), () -> sender.round());
            log.project();
            assertThat(log.notices().getFirst().getCode()).isEqualTo("unreachable");
        } finally {
            over.countDown();
            server.stop(0);
        }
    }

    @Test
    void aWebhookIsSignedAndGoesWhereTheListAllows() throws Exception {
        String ada = log.person(ADA);
        keyChanges(ada);
        byte[] secret = "0123456789abcdef0123456789abcdef".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        List<String> bodies = new ArrayList<>();
        var signature = new AtomicReference<String>();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            var headers = exchange.getRequestHeaders();
            String body = new String(exchange.getRequestBody().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            bodies.add(body);
            signature.set(headers.getFirst("webhook-signature") + " "
                    + expected(
                            secret,
                            headers.getFirst("webhook-id") + "." + headers.getFirst("webhook-timestamp") + "." + body));
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        server.start();
        try {
            URI url = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/notices");
            try (var sender = log.sender(
                    NoticesFixture.attempts(8),
                    new WebhookChannel(url, secret, policy("http://127.0.0.1:" + url.getPort())))) {
                sender.round();
            }
            assertThat(bodies).singleElement().satisfies(body -> assertThat(body)
                    .contains(ada)
                    .contains("\"key_changed\"")
                    .doesNotContain("@"));
            String[] both = signature.get().split(" ");
            assertThat(both[0]).isEqualTo(both[1]);

            keyChanges(ada);
            try (var sender = log.sender(
                    NoticesFixture.attempts(1), new WebhookChannel(url, secret, policy("https://hooks.example.com")))) {
                sender.round();
            }
            log.project();
            assertThat(bodies).hasSize(1);
            assertThat(log.notices().getFirst().getCode()).isEqualTo("not-allowed");
        } finally {
            server.stop(0);
        }
        assertThatThrownBy(() -> HostPattern.allow("127.0.0.1", AddressRanges.forbidden()))
                .isInstanceOf(dev.chancery.firewall.PatternRefused.class);
    }

    /** One on the loopback. */
    private static final class TestWebhook implements AutoCloseable {
        final List<String> bodies = new java.util.concurrent.CopyOnWriteArrayList<>();
        volatile int status = 204;
        private final HttpServer server =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);

        TestWebhook() throws java.io.IOException {
            server.createContext("/", exchange -> {
                bodies.add(
                        new String(exchange.getRequestBody().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8));
                exchange.sendResponseHeaders(status, -1);
                exchange.close();
            });
            server.start();
        }

        WebhookChannel channel() {
            String base = "http://127.0.0.1:" + server.getAddress().getPort();
            return new WebhookChannel(URI.create(base + "/notices"), new byte[32], policy(base));
        }

        @Override
        public void close() {
            server.stop(0);
        }
    }

    /** Without forbidden addresses: the test's webhook is on the loopback. */
    private static EgressPolicy policy(String allowed) {
        return new EgressPolicy(
                AddressRanges.only(), List.of(), List.of(), List.of(HostPattern.deny(allowed)), Map.of(), List.of());
    }

    private static String expected(byte[] secret, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            return "v1,"
                    + Base64.getEncoder()
                            .encodeToString(mac.doFinal(text.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
        } catch (java.security.GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static int freePort() throws Exception {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
