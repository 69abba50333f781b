package dev.chancery.keyring;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.database.DatabaseUnavailable;
import dev.chancery.schema.options.v1.RetentionClass;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/**
 * Forgets subjects. {@link #destroy} ends their keys in the database. {@link #replace} makes newer keys above those and brings everybody
 * else's under them, soon after. {@link #renew} ends what is left of the keys that were replaced, at the horizon: until then the versions of
 * the sealer's ring from before stay, so that no copy of them and of the database is worthless before somebody could take the next. Whether
 * it may be done (holds, retention) is the caller's to know.
 *
 * <p>All can be repeated, and go on where a process died. They block, and throw {@link dev.chancery.database.DatabaseUnavailable} when
 * PostgreSQL can't be asked, and {@link SealerUnusable} when the sealer's ring can't be used or changed.
 *
 * <p><b>Thread safety:</b> safe, in several processes too that have the same sealer.
 */
public final class Eraser {
    /** Keys that one transaction brings under another. */
    static final int BATCH = 500;

    /** How often it is tried to bring all keys under a newer one while other processes go on making some under the older. */
    private static final int ATTEMPTS = 100;

    private static final Logger LOG = Logger.getLogger(Eraser.class);

    private final Database database;
    private final Sealer sealer;
    private final Sealer.Ring ring;
    private final SealerKeys seals;
    private final TenantKeys tenants;
    private final SubjectKeys subjects;
    private final Consumer<DestructionStep> after;

    /** Versions of the keys above a subject's. */
    public record Above(int tenantKey, int ringVersion) {}

    Eraser(Database database, Sealer sealer, SealerKeys seals, TenantKeys tenants, SubjectKeys subjects) {
        this(database, sealer, seals, tenants, subjects, step -> {});
    }

    /** @param after told of each step that is done */
    Eraser(
            Database database,
            Sealer sealer,
            SealerKeys seals,
            TenantKeys tenants,
            SubjectKeys subjects,
            Consumer<DestructionStep> after) {
        this.database = database;
        this.sealer = sealer;
        this.ring = sealer.ring();
        this.seals = seals;
        this.tenants = tenants;
        this.subjects = subjects;
        this.after = after;
    }

    /** The same, which tells of each step when it is done. */
    public Eraser telling(Consumer<DestructionStep> told) {
        return new Eraser(database, sealer, seals, tenants, subjects, told);
    }

    /**
     * Destroys a subject's keys of some classes, for ever: every value sealed by them is forgotten, and none can be sealed so again.
     *
     * @return how many keys this destroyed; 0: they were destroyed before
     */
    public int destroy(String tenant, String subject, Collection<RetentionClass> classes) {
        if (subject.isEmpty()) {
            throw new IllegalArgumentException("what is about nobody is not a subject");
        }
        int keys = subjects.destroy(
                new SubjectKeys.Subject(tenant, subject),
                classes.stream().map(RetentionClass::getNumber).sorted().toList());
        after.accept(DestructionStep.SUBJECT_KEYS_DESTROYED);
        return keys;
    }

    /** The versions that wrap now; what was destroyed before was wrapped by these, or by older ones. */
    public Above above(String tenant) {
        tenants.forget(tenant);
        int tenantKey = tenants.current(tenant).version();
        ring.refresh();
        return new Above(tenantKey, ring.newest());
    }

    /**
     * Makes newer keys above subjects' and brings everybody's under those. The organisations' older keys are destroyed: what they had wrapped
     * is wrapped anew, and a copy of the database brings its own. The ring's older versions stay, and open such copies, until {@link #renew}.
     *
     * <p>An organisation of which a key doesn't open holds up no other's subjects. Its older key stays, until what is damaged is restored; a
     * damaged key of an organisation itself keeps the ring's older versions, which alone open that key's backup.
     *
     * @param beyond by tenant, the versions that are to be gone; one version of the ring is made for all of them
     * @throws NotReplaced if keys of some organisations can't be replaced; all others' are
     */
    public void replace(Map<String, Above> beyond) {
        Map<String, Above> going = new HashMap<>(beyond);
        for (DestructionStep step : DestructionStep.values()) {
            switch (step) {
                case SUBJECT_KEYS_DESTROYED, OLD_RING_VERSIONS_DESTROYED -> {
                    // before this began; at the horizon
                    continue;
                }
                case TENANT_KEY_MADE -> each(going, (tenant, old) -> tenants.advance(tenant, old.tenantKey() + 1));
                case SUBJECT_KEYS_REWRAPPED -> each(going, (tenant, old) -> rewrap(tenant));
                case OLD_TENANT_KEYS_DESTROYED ->
                    each(
                            going,
                            (tenant, old) -> until(
                                    () -> tenants.destroyBefore(tenant, old.tenantKey() + 1), () -> rewrap(tenant)));
                case RING_VERSION_MADE -> {
                    if (going.isEmpty()) {
                        throw new NotReplaced(beyond.keySet());
                    }
                    seals.make(nextRingVersion(going));
                }
                case TENANT_KEYS_RESEALED -> seals.reseal(Integer.MAX_VALUE);
                case OLD_RING_VERSIONS_RETIRED -> {
                    int next = nextRingVersion(going);
                    until(() -> seals.retireBefore(next, false), () -> seals.reseal(Integer.MAX_VALUE));
                }
            }
            after.accept(step);
        }
        LOG.infof("Keys replaced organisations=%d ring=%d", going.size(), ring.newest());
        if (going.size() < beyond.size()) {
            throw new NotReplaced(beyond.keySet().stream()
                    .filter(tenant -> !going.containsKey(tenant))
                    .toList());
        }
    }

    /** Keys of some organisations can't be replaced: the log says why. */
    public static final class NotReplaced extends RuntimeException {
        private static final long serialVersionUID = 1;

        NotReplaced(Collection<String> tenants) {
            super("keys above destroyed ones are not replaced in these organisations: "
                    + tenants.stream().sorted().limit(10).collect(Collectors.joining(" "))
                    + (tenants.size() > 10 ? " and " + (tenants.size() - 10) + " more" : ""));
        }
    }

    /** Does a step for each organisation that no step has failed for. */
    private static void each(Map<String, Above> going, BiConsumer<String, Above> step) {
        going.entrySet().removeIf(each -> {
            try {
                step.accept(each.getKey(), each.getValue());
                return false;
            } catch (DatabaseUnavailable | SealerUnusable e) {
                // It would be so for the next one, too.
                throw e;
            } catch (RuntimeException e) {
                LOG.warnf(e, "Keys are not replaced tenant=%s", each.getKey());
                return true;
            }
        });
    }

    /**
     * Replaces what {@link #replace} has not, and destroys the ring's versions that had sealed what was destroyed, for ever. Those that were
     * made later stay, also where they are replaced themselves: their horizon is another.
     *
     * @param beyond the versions that are to be gone
     * @return the versions from which on nothing is wrapped
     */
    public Above renew(String tenant, Above beyond) {
        if (!isReplaced(tenant, beyond)) {
            replace(Map.of(tenant, beyond));
        }
        int next = nextRingVersion(tenant, beyond);
        seals.destroyBefore(next);
        after.accept(DestructionStep.OLD_RING_VERSIONS_DESTROYED);
        LOG.infof("Replaced keys destroyed tenant=%s beyond=%s", tenant, beyond);
        return new Above(above(tenant).tenantKey(), next);
    }

    /** Whether nothing is wrapped by some versions any more, though the ring's may be there still. */
    public boolean isReplaced(String tenant, Above beyond) {
        return database.inTenant(DatabaseRole.KEYRING, tenant, connection -> {
            try (var select = connection.prepareStatement("""
                SELECT coalesce(bool_and(state = 'DESTROYED'), true)
                       AND (SELECT oldest FROM keyring.ring) > greatest(?, max(sealed_by))
                FROM keyring.tenant_key WHERE tenant = ? AND version <= ?\
                """)) {
                select.setInt(1, beyond.ringVersion());
                select.setString(2, tenant);
                select.setInt(3, beyond.tenantKey());
                try (var found = select.executeQuery()) {
                    return found.next() && found.getBoolean(1);
                }
            }
        });
    }

    /** How long ago the ring's newest version was made for an erasure; empty: none was. One that was asked for holds up no erasure. */
    public Optional<Duration> sinceReplaced() {
        return seals.sinceMade();
    }

    /** For how long nothing has been wrapped by some versions; empty: they are not replaced. */
    public Optional<Duration> sinceReplaced(String tenant, Above beyond) {
        return isReplaced(tenant, beyond)
                ? seals.sinceRetiredBefore(nextRingVersion(tenant, beyond))
                : Optional.empty();
    }

    /**
     * What an operator should do about the sealer's rings; names no file. It reads the key file, or asks the token or the engine: not for every question of
     * somebody else.
     */
    public RingHealth ringHealth() {
        return new RingHealth(ring.unchangeable(), ring.uncopied().or(() -> sealer.installationRing()
                .uncopied()));
    }

    /**
     * @param unchangeable why the ring's versions can't be replaced, and what to do
     * @param uncopied what has to be backed up, and how that is said
     */
    public record RingHealth(Optional<String> unchangeable, Optional<String> uncopied) {}

    private int nextRingVersion(Map<String, Above> beyond) {
        return beyond.entrySet().stream()
                .mapToInt(each -> nextRingVersion(each.getKey(), each.getValue()))
                .max()
                .orElseThrow();
    }

    /**
     * The ring's version from which on nothing opens the tenant's keys that are gone. One of them may have been resealed, for another
     * tenant's renewal, after the subject's keys were destroyed, and a copy of that is as old as it.
     */
    private int nextRingVersion(String tenant, Above beyond) {
        return database.inTenant(DatabaseRole.KEYRING, tenant, connection -> {
            try (var select = connection.prepareStatement("SELECT greatest(?, max(sealed_by)) FROM keyring.tenant_key"
                    + " WHERE tenant = ? AND version <= ? AND state = 'DESTROYED'")) {
                select.setInt(1, beyond.ringVersion());
                select.setString(2, tenant);
                select.setInt(3, beyond.tenantKey());
                try (var found = select.executeQuery()) {
                    found.next();
                    return found.getInt(1) + 1;
                }
            }
        });
    }

    private interface Attempt {
        boolean succeeds();
    }

    private static void until(Attempt attempt, Runnable between) {
        for (int i = 0; i < ATTEMPTS; i++) {
            if (attempt.succeeds()) {
                return;
            }
            between.run();
        }
        throw new IllegalStateException("older keys still wrap something, and are left for the next attempt");
    }

    private void rewrap(String tenant) {
        while (subjects.rewrap(tenant, BATCH) == BATCH) {
            // more is left
        }
    }

    /** All classes that something can be sealed by. */
    public static List<RetentionClass> allClasses() {
        return Keyring.RETENTION_CLASSES.stream().map(RetentionClass::forNumber).toList();
    }

    /** Those that an erasure destroys. It leaves evidence, which the end of its retention period destroys. */
    public static List<RetentionClass> erasable() {
        return allClasses().stream()
                .filter(retention -> retention != RetentionClass.RETENTION_CLASS_EVIDENCE)
                .toList();
    }
}
