package dev.chancery.cli;

import dev.chancery.cli.client.Json;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * A process of this machine, by its configuration: the mark that seals it, beside the file that unlocks its keys, and its health.
 *
 * <p>Nothing is sent but the question for its health. Over TLS the process shows the certificate that its configuration names, and no other is
 * taken; the name in it is no matter, since the question may go to the loopback.
 */
final class SealedProcess {
    /** What health complains of in a process that stands sealed. */
    static final String SEALED = "sealed";

    private static final String NO_ANSWER = "nothing";

    /** The same of one that is on its way to or from there, or is starting. */
    static final Set<String> WITHOUT_KEYS = Set.of(SEALED, "sealing", "unsealing", "starting", NO_ANSWER);

    /** How long a process may take; it ends its calls, ends, and is started again, or starts. */
    private static final Duration LIMIT = Duration.ofMinutes(3);

    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(5);
    private static final long PAUSE_MILLIS = 200;

    /** The settings that name the file that unlocks. */
    private static final List<String> UNLOCKING =
            List.of("chancery.sealer-file", "chancery.sealer-token.pin-file", "chancery.sealer-transit.token-file");

    private static final Set<String> EVERYWHERE = Set.of("0.0.0.0", "::", "[::]");

    private final Path mark;
    private final URI address;
    private final Optional<Path> certificate;

    private SealedProcess(Path mark, URI address, Optional<Path> certificate) {
        this.mark = mark;
        this.address = address;
        this.certificate = certificate;
    }

    /**
     * Reads its configuration.
     *
     * @param files the later over the earlier
     * @throws IOException if one can't be read, or they name no file that unlocks keys
     */
    static SealedProcess of(List<Path> files) throws IOException {
        var settings = new Properties();
        for (Path file : files) {
            try (var in = Files.newBufferedReader(file)) {
                settings.load(in);
            } catch (IllegalArgumentException e) {
                throw new IOException(file + " is no properties file", e);
            }
        }
        List<Path> unlocking = UNLOCKING.stream()
                .flatMap(name -> setting(settings, name).stream())
                .map(Path::of)
                .toList();
        if (unlocking.size() != 1) {
            throw new IOException("these files name " + (unlocking.isEmpty() ? "no file" : "more than one file")
                    + " that unlocks keys: give all of a process's that has keys, and of one process");
        }
        String host = setting(settings, "chancery.http.host").orElse("127.0.0.1");
        if (EVERYWHERE.contains(host)) {
            host = "127.0.0.1";
        } else if (host.contains(":") && !host.startsWith("[")) {
            host = "[" + host + "]";
        }
        Optional<Path> certificate =
                setting(settings, "chancery.http.certificate-file").map(Path::of);
        try {
            return new SealedProcess(
                    unlocking.getFirst().resolveSibling(unlocking.getFirst().getFileName() + ".sealed"),
                    URI.create((certificate.isPresent() ? "https://" : "http://") + host + ":"
                            + setting(settings, "chancery.http.port").orElse("8080")),
                    certificate);
        } catch (IllegalArgumentException e) {
            throw new IOException("chancery.http.host and chancery.http.port are no host and port", e);
        }
    }

    private static Optional<String> setting(Properties settings, String name) {
        return Optional.ofNullable(settings.getProperty(name))
                .map(String::strip)
                .filter(text -> !text.isEmpty());
    }

    URI address() {
        return address;
    }

    /** Seals: durable when this returns. Sealed already: nothing. */
    void mark() throws IOException {
        try {
            Files.createFile(mark);
        } catch (FileAlreadyExistsException e) {
            // As asked; whether it was durable is not known.
        }
        flush();
    }

    /** Unseals: durable when this returns. Not sealed: nothing. */
    void unmark() throws IOException {
        Files.deleteIfExists(mark);
        flush();
    }

    /** The mark is its name: there is nothing in it. */
    private void flush() throws IOException {
        try (FileChannel directory =
                FileChannel.open(mark.toAbsolutePath().resolveSibling(""), StandardOpenOption.READ)) {
            directory.force(true);
        }
    }

    /**
     * Waits for what the process's health says.
     *
     * @param wanted of its complaints; they are empty once it serves
     * @param otherwise what is the matter if it does not come to that
     * @throws IOException if it does not in time; what was done to the mark stays
     */
    void await(Predicate<String> wanted, String otherwise) throws IOException {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        try (HttpClient client = client()) {
            String said;
            do {
                said = complaints(client);
                if (wanted.test(said)) {
                    return;
                }
                TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
            } while (System.nanoTime() < deadline);
            throw new IOException("after " + LIMIT.toSeconds() + " seconds " + address + " says: " + said + "; "
                    + otherwise + " (" + mark + (Files.exists(mark) ? " is there)" : " is gone)"));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** Of its readiness. */
    private String complaints(HttpClient client) throws InterruptedException {
        try {
            var request = HttpRequest.newBuilder(address.resolve("/q/health/ready"))
                    .timeout(ANSWER_LIMIT)
                    .build();
            Map<String, Object> health = Json.object(
                    client.send(request, HttpResponse.BodyHandlers.ofString()).body());
            return Json.items(health, "checks").stream()
                    .filter(Map.class::isInstance)
                    .map(SealedProcess::data)
                    .map(data -> Json.text(data, "complaints"))
                    .findFirst()
                    .orElse(NO_ANSWER);
        } catch (IOException | IllegalArgumentException e) {
            return NO_ANSWER;
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> data(Object check) {
        return Json.member((Map<String, Object>) check, "data");
    }

    private HttpClient client() throws IOException {
        var client = HttpClient.newBuilder().connectTimeout(ANSWER_LIMIT);
        if (certificate.isPresent()) {
            client.sslContext(trusting(certificate.get()));
        }
        return client.build();
    }

    private static SSLContext trusting(Path file) throws IOException {
        try (var in = Files.newInputStream(file)) {
            var own = (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
                    .findFirst()
                    .orElseThrow(() -> new CertificateException("empty"));
            SSLContext tls = SSLContext.getInstance("TLS");
            tls.init(null, new TrustManager[] {new OneCertificate(own)}, null);
            return tls;
        } catch (GeneralSecurityException e) {
            throw new IOException("chancery.http.certificate-file " + file + " holds no certificate", e);
        }
    }

    /** Takes the one certificate, whatever the host is called. */
    private static final class OneCertificate extends X509ExtendedTrustManager {
        private final X509Certificate known;

        OneCertificate(X509Certificate known) {
            this.known = known;
        }

        private void check(X509Certificate[] chain) throws CertificateException {
            if (chain.length == 0 || !chain[0].equals(known)) {
                throw new CertificateException("another certificate than the configuration names");
            }
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            check(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            check(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            check(chain);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            throw new CertificateException("no client is asked for one");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            throw new CertificateException("no client is asked for one");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
            throw new CertificateException("no client is asked for one");
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
