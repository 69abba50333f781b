package dev.chancery.vault;

import dev.chancery.keyring.SecretPlace;
import dev.chancery.keyring.SecretRing;
import dev.chancery.schema.vault.v1.SecretVersionAsked;
import dev.chancery.schema.vault.v1.SecretVersionWritten;
import java.util.Arrays;

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
        if (secret.rotation().hasRotator()) {
            return new Asked(SecretVersionAsked.newBuilder()
                    .setSecret(name)
                    .setSecretVersion(number)
                    .setRequestId(requestId)
                    .setRotator(secret.rotation().getRotator())
                    .build());
        }
        byte[] value = SecretRing.generate();
        try {
            return new Made(SecretVersionWritten.newBuilder()
                    .setSecret(name)
                    .setSecretVersion(number)
                    .setValue(ring.seal(new SecretPlace(tenant, Names.environmentOf(name), name, number), value))
                    .setGenerated(true)
                    .build());
        } finally {
            Arrays.fill(value, (byte) 0);
        }
    }
}
