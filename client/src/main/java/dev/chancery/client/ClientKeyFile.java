package dev.chancery.client;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.EdECPrivateKeySpec;
import java.security.spec.NamedParameterSpec;
import java.util.Base64;

/**
 * A key file as {@code chancery keygen} writes it: an Ed25519 JWK whose {@code kid} is the client id.
 *
 * @param clientId {@code <organisation>.<principal>}
 */
public record ClientKeyFile(String clientId, PrivateKey privateKey) {
    private static final int MAX_BYTES = 4_096;

    /** @throws IOException if it can't be read or is no such file; nothing of it is in the message */
    public static ClientKeyFile read(Path file) throws IOException {
        if (Files.size(file) > MAX_BYTES) {
            throw new IOException(file + " is no key file: it is too large");
        }
        Struct.Builder jwk = Struct.newBuilder();
        try {
            JsonFormat.parser().merge(Files.readString(file), jwk);
        } catch (InvalidProtocolBufferException e) {
            throw notAKey(file);
        }
        try {
            byte[] seed = Base64.getUrlDecoder().decode(text(jwk, "d"));
            PrivateKey key = KeyFactory.getInstance("Ed25519")
                    .generatePrivate(new EdECPrivateKeySpec(NamedParameterSpec.ED25519, seed));
            return new ClientKeyFile(text(jwk, "kid"), key);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw notAKey(file);
        }
    }

    private static String text(Struct.Builder jwk, String name) {
        return jwk.getFieldsOrDefault(name, Value.getDefaultInstance()).getStringValue();
    }

    private static IOException notAKey(Path file) {
        return new IOException(file + " is no key file of chancery keygen");
    }
}
