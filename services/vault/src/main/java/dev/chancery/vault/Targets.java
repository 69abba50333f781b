package dev.chancery.vault;

import dev.chancery.decision.ListedHosts;
import dev.chancery.keyring.SecretPlace;
import dev.chancery.keyring.SecretRing;
import dev.chancery.schema.vault.v1.DatabaseConnected;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/**
 * Works in databases with their administrators' passwords, which are secrets of the vault.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@value #MAX_AT_ONCE} connections at once, {@value #MAX_AT_A_DATABASE} of them to one
 * database; who finds no place is refused at once.
 */
final class Targets {
    static final int MAX_AT_ONCE = 64;
    static final int MAX_AT_A_DATABASE = 8;

    private final SecretRing ring;
    private final TargetServer server;
    private final Semaphore places = new Semaphore(MAX_AT_ONCE);
    private final Map<String, Semaphore> placesThere = new ConcurrentHashMap<>();

    /** What is done in a database. */
    @FunctionalInterface
    interface Work<T> {
        T in(TargetServer.Session session) throws TargetRefused;
    }

    /** What is done there that answers nothing. */
    @FunctionalInterface
    interface Step {
        void in(TargetServer.Session session) throws TargetRefused;
    }

    /**
     * A database, and what it takes to sign in there.
     *
     * @param admin the secret that holds its administrator's password
     * @param hosts of the workspace whose list it has to pass
     */
    record Known(String tenant, DatabaseConnected database, Secret admin, ListedHosts hosts) {}

    Targets(SecretRing ring, TargetServer server) {
        this.ring = ring;
        this.server = server;
    }

    void run(Known known, long nowMicros, Step step) throws TargetRefused {
        in(known, nowMicros, session -> {
            step.in(session);
            return true;
        });
    }

    <T> T in(Known known, long nowMicros, Work<T> work) throws TargetRefused {
        DatabaseConnected database = known.database();
        Semaphore there = placesThere.computeIfAbsent(
                known.tenant() + "/" + database.getDatabase(), name -> new Semaphore(MAX_AT_A_DATABASE));
        if (!there.tryAcquire()) {
            throw new TargetRefused(VaultRejection.DATABASE_BUSY);
        }
        try {
            if (!places.tryAcquire()) {
                throw new TargetRefused(VaultRejection.DATABASE_BUSY);
            }
            try (TargetServer.Session session = open(known, nowMicros)) {
                return work.in(session);
            } finally {
                places.release();
            }
        } finally {
            there.release();
        }
    }

    private TargetServer.Session open(Known known, long nowMicros) throws TargetRefused {
        String name = known.database().getAdminSecret();
        Secret.Numbered admin =
                known.admin().forVault().orElseThrow(() -> new TargetRefused(VaultRejection.NO_ADMIN_SECRET));
        byte[] password = ring.open(
                new SecretPlace(known.tenant(), Names.environmentOf(name), name, admin.number()), admin.value());
        try {
            return server.open(known.database(), known.hosts().policy(server.forbidden()), password, nowMicros);
        } finally {
            Arrays.fill(password, (byte) 0);
        }
    }
}
