package dev.chancery.cli.client;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.net.ssl.TrustManagerFactory;

/**
 * Where an instance is to be found.
 *
 * @param http its base URL, without a slash at the end: also its issuer
 * @param grpc host and port
 * @param claimFile the one-time owner claim, until it is used
 * @param caFile PEM certificates that an https instance's is checked against; empty: the system's
 */
public record Instance(String http, String grpc, Optional<Path> claimFile, Optional<Path> caFile) {
    private static final Pattern LOOPBACK = Pattern.compile("localhost|127(\\.[0-9]{1,3}){3}|\\[::1]");

    /** The one at a base URL, with certificates that the system trusts. */
    public static Instance at(String url) {
        return at(url, Optional.empty());
    }

    /**
     * The one at a base URL; gRPC shares the port. Tokens and secrets go there: without TLS only on this machine.
     *
     * @throws IllegalArgumentException if it is no base URL, or http beyond this machine
     */
    public static Instance at(String url, Optional<Path> caFile) {
        String base = url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
        URI uri;
        try {
            uri = URI.create(base);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("not a URL: " + url, e);
        }
        boolean https = "https".equals(uri.getScheme());
        if (uri.getHost() == null
                || !(https || "http".equals(uri.getScheme()))
                || uri.getRawUserInfo() != null
                || uri.getRawQuery() != null
                || uri.getRawFragment() != null
                || !uri.getPath().isEmpty()) {
            throw new IllegalArgumentException(
                    "not a base URL like https://chancery.example or http://127.0.0.1:8080: " + url);
        }
        if (!https && !LOOPBACK.matcher(uri.getHost()).matches()) {
            throw new IllegalArgumentException("http:// would send tokens and secrets in clear to another machine; use "
                    + "https://, and --ca FILE where the system doesn't trust its certificate: " + url);
        }
        int port = uri.getPort() < 0 ? (https ? 443 : 80) : uri.getPort();
        return new Instance(base, uri.getHost() + ":" + port, Optional.empty(), caFile);
    }

    /** The one that runs on a data directory, from its {@code run.json}. */
    public static Instance on(Path data) throws IOException {
        Path file = data.resolve("run.json");
        try {
            return parse(Files.readString(file));
        } catch (NoSuchFileException e) {
            throw new IOException(
                    "no instance runs on " + data + " (it has no run.json); start one with" + " ./chancery up --data "
                            + data + ", or name one with --server URL",
                    e);
        } catch (IllegalArgumentException e) {
            throw new IOException(file + " can't be read; name the instance with --server URL", e);
        }
    }

    /** From the JSON that READY announces. */
    public static Instance parse(String json) {
        Map<String, Object> members = Json.object(json);
        Instance at = at(Json.text(members, "http"));
        String grpc = Json.text(members, "grpc");
        String claim = Json.text(members, "claimFile");
        return new Instance(
                at.http(),
                grpc.isEmpty() ? at.grpc() : grpc,
                claim.isEmpty() ? Optional.empty() : Optional.of(Path.of(claim)),
                at.caFile());
    }

    boolean isHttps() {
        return http.startsWith("https:");
    }

    /** What checks the instance's certificate; empty: what checks any for this system. */
    public Optional<TrustManagerFactory> trust() {
        return caFile.map(Instance::trusting);
    }

    private static TrustManagerFactory trusting(Path file) {
        try (var in = Files.newInputStream(file)) {
            var trusted = KeyStore.getInstance(KeyStore.getDefaultType());
            trusted.load(null, null);
            int number = 0;
            for (var certificate : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                trusted.setCertificateEntry("ca-" + number++, certificate);
            }
            if (number == 0) {
                throw new IllegalArgumentException("no PEM certificate is in " + file + "; name one with --ca FILE");
            }
            var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            return trust;
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalArgumentException(
                    "the certificates in " + file + " can't be read; name a PEM file with --ca FILE", e);
        }
    }
}
