package dev.chancery.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x509.Time;
import org.bouncycastle.asn1.x509.V3TBSCertificateGenerator;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;

/**
 * A certificate authority for one test: its certificates are good for a day, on {@code localhost} and 127.0.0.1, with keys on the curve
 * P-256. Everything it makes lies in one directory: {@code <name>.crt} and {@code <name>.key} (PEM, PKCS#8, readable by the owner alone).
 */
public final class TestAuthority {
    private static final Duration LIFETIME = Duration.ofDays(1);
    private static final X500Name ISSUER = new X500Name("CN=Chancery test authority");
    private static final AlgorithmIdentifier ECDSA = new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA256);

    private final Path directory;
    private final KeyPair keys = keyPair();
    private final Path certificate;
    private int serial;

    /** A certificate and its key, as files. */
    public record Issued(Path certificate, Path key) {}

    /** @param directory made where it is missing */
    public TestAuthority(Path directory) {
        this.directory = directory;
        try {
            Files.createDirectories(directory);
            certificate = directory.resolve("ca.crt");
            write(certificate, "CERTIFICATE", certificate(ISSUER, keys, true), "rw-r--r--");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The authority's own certificate. */
    public Path certificate() {
        return certificate;
    }

    /** A new certificate for a server or a client of this common name. */
    public Issued issue(String commonName) {
        return issue(commonName, directory);
    }

    /** As the other, in a directory of the caller's. */
    public synchronized Issued issue(String commonName, Path into) {
        KeyPair pair = keyPair();
        var issued = new Issued(into.resolve(commonName + ".crt"), into.resolve(commonName + ".key"));
        try {
            write(issued.key(), "PRIVATE KEY", pair.getPrivate().getEncoded(), "rw-------");
            write(
                    issued.certificate(),
                    "CERTIFICATE",
                    certificate(new X500Name("CN=" + commonName), pair, false),
                    "rw-r--r--");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return issued;
    }

    private byte[] certificate(X500Name subject, KeyPair pair, boolean authority) throws IOException {
        Instant now = Instant.now();
        var fields = new V3TBSCertificateGenerator();
        fields.setSerialNumber(new ASN1Integer(BigInteger.valueOf(++serial)));
        fields.setSignature(ECDSA);
        fields.setIssuer(ISSUER);
        fields.setStartDate(new Time(Date.from(now.minusSeconds(60))));
        fields.setEndDate(new Time(Date.from(now.plus(LIFETIME))));
        fields.setSubject(subject);
        fields.setSubjectPublicKeyInfo(
                SubjectPublicKeyInfo.getInstance(pair.getPublic().getEncoded()));
        var extensions = new ExtensionsGenerator();
        extensions.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
        if (!authority) {
            extensions.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(new GeneralName[] {
                new GeneralName(GeneralName.dNSName, "localhost"), new GeneralName(GeneralName.iPAddress, "127.0.0.1")
            }));
        }
        fields.setExtensions(extensions.generate());
        var unsigned = fields.generateTBSCertificate();
        return new DERSequence(new ASN1Encodable[] {
                    unsigned, ECDSA, new DERBitString(sign(keys.getPrivate(), unsigned.getEncoded("DER")))
                })
                .getEncoded("DER");
    }

    private static byte[] sign(PrivateKey key, byte[] data) {
        try {
            Signature signature = Signature.getInstance("SHA256withECDSA");
            signature.initSign(key);
            signature.update(data);
            return signature.sign();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java signs with ECDSA", e);
        }
    }

    private static KeyPair keyPair() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has P-256", e);
        }
    }

    private static void write(Path file, String kind, byte[] der, String permissions) throws IOException {
        Files.deleteIfExists(file);
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions)));
        String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        Files.writeString(file, "-----BEGIN " + kind + "-----\n" + base64 + "\n-----END " + kind + "-----\n");
    }
}
