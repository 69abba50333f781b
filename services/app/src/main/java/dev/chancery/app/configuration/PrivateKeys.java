package dev.chancery.app.configuration;

import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;

/** What kind of key a PEM file holds: PostgreSQL's driver has to be told. */
final class PrivateKeys {
    private static final String BEGIN = "-----BEGIN PRIVATE KEY-----";
    private static final String END = "-----END PRIVATE KEY-----";
    private static final List<String> ALGORITHMS = List.of("RSA", "EC", "Ed25519");

    private PrivateKeys() {}

    /** The key's algorithm, as Java names it. */
    static String algorithm(Path file) {
        String text = SecretFiles.read(file);
        int begin = text.indexOf(BEGIN);
        int end = text.indexOf(END);
        if (begin >= 0 && end > begin) {
            try {
                byte[] der = Base64.getMimeDecoder().decode(text.substring(begin + BEGIN.length(), end));
                for (String algorithm : ALGORITHMS) {
                    if (isKey(algorithm, der)) {
                        return algorithm;
                    }
                }
            } catch (IllegalArgumentException e) {
                // not base64: damaged like the rest
            }
        }
        throw new Unusable(file + " holds no unencrypted PKCS#8 key: convert it with openssl pkcs8 -topk8 -nocrypt");
    }

    private static boolean isKey(String algorithm, byte[] der) {
        try {
            KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }
}
