package dev.chancery.vault;

import dev.chancery.kernel.StreamId;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** What follows from the name of a secret, e.g. {@code prod/db/password}. */
final class Names {
    private static final int STREAM_HASH_BYTES = 20;

    private Names() {}

    /** The environment that it is in. */
    static String environmentOf(String secret) {
        return secret.substring(0, secret.indexOf('/'));
    }

    static StreamId environment(String name) {
        return StreamId.of("vault", "environment", name);
    }

    static StreamId secret(String name) {
        return StreamId.of("vault", "secret", hashed(name));
    }

    /** Who uses the refresh token that a secret holds. */
    static StreamId refresh(String secret) {
        return StreamId.of("vault", "refresh", hashed(secret));
    }

    static StreamId database(String name) {
        return StreamId.of("vault", "database", hashed(name));
    }

    /** A name is longer than a part of a stream's may be, and has other characters. */
    private static String hashed(String name) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, STREAM_HASH_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
    }

    /** As a record's target has it: which version was released, e.g. {@code prod:db:password:3}. */
    static String version(String secret, int version) {
        return secret.replace('/', ':') + ":" + version;
    }

    /** The name and version of {@link #version}. */
    static String secretOf(String target) {
        return target.substring(0, target.lastIndexOf(':')).replace(':', '/');
    }

    static int versionOf(String target) {
        return Integer.parseInt(target.substring(target.lastIndexOf(':') + 1));
    }
}
