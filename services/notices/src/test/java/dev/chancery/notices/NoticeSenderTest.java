package dev.chancery.notices;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.chancery.feature.NoticeOptions;
import dev.chancery.log.StoppedLogs;
import dev.chancery.schema.identity.v1.PrincipalKeyChanged;
import dev.chancery.schema.notices.v1.Notice;
import dev.chancery.schema.notices.v1.NoticeReplayed;
import dev.chancery.schema.notices.v1.NoticeState;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What a round does where channels fail, and where there is more than one. */
class NoticeSenderTest extends WithNotices {
    private final MailServer mail = MailServer.emptied();

    @Test
    void whatFailsIsTriedAgainParkedAndReplayed() throws Exception {
        keyChanges(log.person(ADA));

        try (var sender = log.sender(NoticesFixture.attempts(2), nowhere())) {
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
        keyChanges(log.person(ADA));
        keyChanges(log.person(""));
        try (var hook = new TestWebhook()) {
            var waits = new NoticeOptions(Optional.empty(), Optional.empty(), 2, Duration.ofHours(1));
            try (var sender = log.sender(waits, nowhere(), hook.channel())) {
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
                } catch (IOException e) {
                    // Over.
                }
            });
            String base = "http://127.0.0.1:" + deaf.getLocalPort();
            var hook = TestWebhook.channel(URI.create(base + "/notices"));
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

    /** A mail server that nobody reaches. */
    private static MailChannel nowhere() throws Exception {
        try (var socket = new ServerSocket(0)) {
            return new MailChannel(new NoticeOptions.Smtp(
                    "localhost",
                    socket.getLocalPort(),
                    NoticeOptions.Security.TLS,
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    "chancery@kestrel.example"));
        }
    }
}
