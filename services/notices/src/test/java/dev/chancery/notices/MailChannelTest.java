package dev.chancery.notices;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.command.Ids;
import dev.chancery.schema.identity.v1.PrincipalEmailChanged;
import dev.chancery.schema.notices.v1.Notice;
import dev.chancery.schema.notices.v1.NoticeKind;
import dev.chancery.schema.notices.v1.NoticeState;
import jakarta.mail.internet.MimeMessage;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** From an event in the log to a message that a mail server has. */
class MailChannelTest extends WithNotices {
    private final MailServer mail = MailServer.emptied();

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
}
