package dev.chancery.egress;

import dev.chancery.feature.ProxyOptions;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;

/** The proxy's own certificate, from PEM files. */
final class ProxyTls {
    private static final List<String> ALGORITHMS = List.of("EC", "RSA", "Ed25519");
    private static final String ALIAS = "proxy";

    private ProxyTls() {}

    static ServerSocket serverSocket(ProxyOptions.Tls files) {
        try {
            var keys = KeyStore.getInstance("PKCS12");
            keys.load(null, null);
            keys.setKeyEntry(ALIAS, key(files), new char[0], chain(files));
            var managers = KeyManagerFactory.getInstance("PKIX");
            managers.init(keys, new char[0]);
            var context = SSLContext.getInstance("TLS");
            context.init(managers.getKeyManagers(), null, null);
            var socket = (SSLServerSocket) context.getServerSocketFactory().createServerSocket();
            socket.setEnabledProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
            return socket;
        } catch (IOException e) {
            throw new UncheckedIOException("the proxy's certificate can't be read", e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the proxy's certificate can't be used", e);
        }
    }

    private static Certificate[] chain(ProxyOptions.Tls files) throws IOException, GeneralSecurityException {
        try (InputStream in = Files.newInputStream(files.certificate())) {
            return CertificateFactory.getInstance("X.509")
                    .generateCertificates(in)
                    .toArray(Certificate[]::new);
        }
    }

    private static PrivateKey key(ProxyOptions.Tls files) throws IOException, GeneralSecurityException {
        String pem = Files.readString(files.key()).replaceAll("-----(BEGIN|END) PRIVATE KEY-----", "");
        var encoded = new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(pem));
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(encoded);
            } catch (InvalidKeySpecException e) {
                // Another one's.
            }
        }
        throw new InvalidKeySpecException("a private key is PEM in PKCS#8, unencrypted, of EC, RSA or Ed25519");
    }
}
