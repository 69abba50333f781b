package dev.chancery.vault;

import dev.chancery.keyring.SecretPlace;
import dev.chancery.keyring.SecretRing;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.vault.v1.PostgresRole;
import dev.chancery.schema.vault.v1.SecretRotator;
import dev.chancery.schema.vault.v1.SecretVersionAsked;
import dev.chancery.schema.vault.v1.SecretVersionWritten;
import java.util.Arrays;
import java.util.Optional;

/** The version that follows where nobody writes it. */
sealed interface NextVersion {
    /** The vault has made it. */
    record Made(SecretVersionWritten written) implements NextVersion {
        @Override
        public int number() {
            return written.getSecretVersion();
        }
    }

    /** The secret's rotator is to make it: {@link IssuerRounds} asks it once this is durable. */
    record Asked(SecretVersionAsked asked) implements NextVersion {
        @Override
        public int number() {
            return asked.getSecretVersion();
        }
    }

    int number();

    /** @param requestId a new one */
    static NextVersion of(SecretRing ring, String tenant, String name, Secret secret, String requestId) {
        int number = secret.newest() + 1;
        var place = new SecretPlace(tenant, Names.environmentOf(name), name, number);
        SecretRotator rotator = secret.rotation().getRotator();
        var asked = SecretVersionAsked.newBuilder()
                .setSecret(name)
                .setSecretVersion(number)
                .setRequestId(requestId)
                .setRotator(rotator);
        return switch (rotator.getKindCase()) {
            case HTTP_ISSUER, OAUTH_REFRESH -> new Asked(asked.build());
            // It is kept before the database has it: whoever gives it to the role again gives the same.
            case POSTGRES_ROLE ->
                new Asked(asked.setRoleName(role(secret, rotator.getPostgresRole()))
                        .setPassword(generated(ring, place))
                        .build());
            case KIND_NOT_SET ->
                new Made(SecretVersionWritten.newBuilder()
                        .setSecret(name)
                        .setSecretVersion(number)
                        .setValue(generated(ring, place))
                        .setGenerated(true)
                        .build());
        };
    }

    private static Sealed generated(SecretRing ring, SecretPlace place) {
        byte[] value = SecretRing.generate();
        try {
            return ring.seal(place, value);
        } finally {
            Arrays.fill(value, (byte) 0);
        }
    }

    /** One that is not in use, if there is one. */
    private static String role(Secret secret, PostgresRole roles) {
        Optional<String> inUse = secret.current()
                .flatMap(secret::version)
                .flatMap(Secret.Version::issue)
                .map(issue -> issue.asked().getRoleName());
        return roles.getRolesList().stream()
                .filter(role -> !inUse.equals(Optional.of(role)))
                .findFirst()
                .orElse(roles.getRoles(0));
    }
}
