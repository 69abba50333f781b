package com.example.client;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.text.ParseException;
import java.util.Base64;

/** The program's own key, of P-256, since Nimbus signs client assertions with RSA and ECDSA only. It never leaves its file. */
record ClientKey(ECKey jwk) {
    static ClientKey at(Path file) throws IOException, JOSEException, ParseException {
        if (!Files.exists(file)) {
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(file, new ECKeyGenerator(Curve.P_256).generate().toJSONString());
        }
        return new ClientKey(ECKey.parse(Files.readString(file)));
    }

    /** As CreatePrincipal takes it: an uncompressed point, 65 bytes, in base64. */
    String publicKey() {
        byte[] point = new byte[65];
        point[0] = 4;
        System.arraycopy(jwk.getX().decode(), 0, point, 1, 32);
        System.arraycopy(jwk.getY().decode(), 0, point, 33, 32);
        return Base64.getEncoder().encodeToString(point);
    }
}
