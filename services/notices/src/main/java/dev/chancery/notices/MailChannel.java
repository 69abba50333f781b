package dev.chancery.notices;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.feature.NoticeOptions;
import dev.chancery.feature.NoticeOptions.Security;
import dev.chancery.schema.notices.v1.NoticeChannel;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.SendFailedException;
import jakarta.mail.Session;
import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/**
 * Mail by SMTP, plain text, one message a notice. Its Message-ID is the notice's id, so that a mailbox which gets it twice can tell.
 *
 * <p><b>Limits:</b> {@link #WAIT} for each answer of the server.
 */
final class MailChannel implements Channel {
    private static final Duration WAIT = Duration.ofSeconds(10);

    private final NoticeOptions.Smtp smtp;
    private final Session session;
    private final String protocol;

    MailChannel(NoticeOptions.Smtp smtp) {
        this.smtp = smtp;
        this.protocol = smtp.security() == Security.TLS ? "smtps" : "smtp";
        var settings = new Properties();
        String prefix = "mail." + protocol + ".";
        for (String limit : new String[] {"connectiontimeout", "timeout", "writetimeout"}) {
            settings.put(prefix + limit, Long.toString(WAIT.toMillis()));
        }
        settings.put(prefix + "ssl.checkserveridentity", "true");
        settings.put(prefix + "ssl.protocols", "TLSv1.3 TLSv1.2");
        settings.put(prefix + "auth", Boolean.toString(smtp.user().isPresent()));
        settings.put(prefix + "starttls.required", Boolean.toString(smtp.security() == Security.STARTTLS));
        settings.put(prefix + "starttls.enable", Boolean.toString(smtp.security() == Security.STARTTLS));
        smtp.caFile().ifPresent(file -> settings.put(prefix + "ssl.socketFactory", trusting(file)));
        this.session = Session.getInstance(settings);
    }

    @Override
    public NoticeChannel id() {
        return NoticeChannel.NOTICE_CHANNEL_SMTP;
    }

    @Override
    public void deliver(Notice notice, Supplier<Optional<String>> address) throws NotDelivered {
        String to = address.get().orElseThrow(() -> new NotDelivered(NotDelivered.NO_ADDRESS));
        try (var transport = session.getTransport(protocol)) {
            Message message = message(notice, to);
            transport.connect(smtp.host(), smtp.port(), smtp.user().orElse(null), password());
            transport.sendMessage(message, message.getAllRecipients());
        } catch (AddressException | SendFailedException e) {
            throw new NotDelivered(NotDelivered.REFUSED);
        } catch (MessagingException e) {
            // What the server said may repeat the address: nobody logs it.
            throw new NotDelivered(NotDelivered.UNREACHABLE);
        }
    }

    private MimeMessage message(Notice notice, String to) throws MessagingException {
        NoticeText text = NoticeText.of(notice);
        String domain = smtp.from().substring(smtp.from().indexOf('@') + 1);
        var message = new MimeMessage(session) {
            @Override
            protected void updateMessageID() throws MessagingException {
                setHeader("Message-ID", "<" + notice.id() + "@" + domain + ">");
            }
        };
        message.setFrom(new InternetAddress(smtp.from(), true));
        message.setRecipient(Message.RecipientType.TO, new InternetAddress(to, true));
        message.setSubject(text.subject(), UTF_8.name());
        message.setText(text.body(), UTF_8.name());
        message.setHeader("Auto-Submitted", "auto-generated");
        message.saveChanges();
        return message;
    }

    /** Read anew each time, so that a changed one is picked up. */
    private @org.jspecify.annotations.Nullable String password() {
        return smtp.passwordFile()
                .map(file -> {
                    try {
                        return Files.readString(file).strip();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                })
                .orElse(null);
    }

    private static SSLSocketFactory trusting(Path file) {
        try (var in = Files.newInputStream(file)) {
            var trusted = KeyStore.getInstance(KeyStore.getDefaultType());
            trusted.load(null, null);
            int number = 0;
            for (var certificate : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                trusted.setCertificateEntry("ca-" + number++, certificate);
            }
            var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            var context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context.getSocketFactory();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the certificates of the mail server can't be used: " + file, e);
        }
    }
}
