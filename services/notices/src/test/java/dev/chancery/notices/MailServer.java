package dev.chancery.notices;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.icegreen.greenmail.store.FolderException;
import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import dev.chancery.feature.NoticeOptions;
import dev.chancery.testkit.TestAuthority;
import jakarta.mail.internet.MimeMessage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;

/** A real SMTP server that speaks TLS, with a certificate of a test's authority: one for all tests, as its certificate is the process's. */
final class MailServer {
    private static final String PASSWORD = "changeit";

    private static final MailServer SERVER = start();

    private final GreenMail server;
    private final TestAuthority authority;

    private MailServer(Path directory) throws Exception {
        authority = new TestAuthority(directory);
        TestAuthority.Issued issued = authority.issue("localhost");
        Path store = directory.resolve("mail.p12");
        write(issued, store);
        System.setProperty("greenmail.tls.keystore.file", store.toString());
        System.setProperty("greenmail.tls.keystore.password", PASSWORD);
        System.setProperty("greenmail.tls.key.password", PASSWORD);
        server = new GreenMail(new ServerSetup(0, "127.0.0.1", ServerSetup.PROTOCOL_SMTPS));
        server.start();
    }

    private static MailServer start() {
        try {
            Path parent = Files.createDirectories(Path.of("target", "mail").toAbsolutePath());
            var started = new MailServer(Files.createTempDirectory(parent, "server-"));
            Runtime.getRuntime().addShutdownHook(new Thread(started.server::stop, "mail-stop"));
            return started;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** With nothing in it. */
    static MailServer emptied() {
        try {
            SERVER.server.purgeEmailFromAllMailboxes();
        } catch (FolderException e) {
            throw new IllegalStateException(e);
        }
        return SERVER;
    }

    private static void write(TestAuthority.Issued issued, Path store) throws Exception {
        String pem = Files.readString(issued.key(), US_ASCII).replaceAll("-----[A-Z ]+-----", "");
        var key = KeyFactory.getInstance("EC")
                .generatePrivate(new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(pem)));
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        try (var in = Files.newInputStream(issued.certificate())) {
            Certificate[] chain = CertificateFactory.getInstance("X.509")
                    .generateCertificates(in)
                    .toArray(Certificate[]::new);
            keys.setKeyEntry("mail", key, PASSWORD.toCharArray(), chain);
        }
        try (var out = Files.newOutputStream(store)) {
            keys.store(out, PASSWORD.toCharArray());
        }
    }

    NoticeOptions.Smtp options() {
        return options(Optional.of(authority.certificate()));
    }

    NoticeOptions.Smtp options(Optional<Path> trusted) {
        return new NoticeOptions.Smtp(
                "localhost",
                server.getSmtps().getPort(),
                NoticeOptions.Security.TLS,
                trusted,
                Optional.empty(),
                Optional.empty(),
                "chancery@kestrel.example");
    }

    MimeMessage[] received() {
        return server.getReceivedMessages();
    }

    MimeMessage last() {
        return Arrays.asList(received()).getLast();
    }
}
