package dev.chancery.keyring;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.chancery.database.Database;
import dev.chancery.schema.Contract;
import dev.chancery.schema.log.v1.KeyRef;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.options.v1.RetentionClass;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Seals values to whom they are about, opens them again, and forgets. Keys are made on demand and kept in PostgreSQL, wrapped.
 *
 * <p>What a sealed value still shows: whom it is about (a pseudonym), its retention class, and its length in blocks of 32 bytes.
 *
 * <p>All methods throw {@link dev.chancery.database.DatabaseUnavailable} when a key that is not cached can't be read or made.
 *
 * <p><b>Thread safety:</b> safe.
 */
public final class Keyring {
    /** How long a key is used without asking PostgreSQL, and so how long another process's destruction may go unnoticed. */
    public static final int CACHE_SECONDS = 60;
    /** Tenants whose keys are held unwrapped at a time. */
    public static final int TENANTS_CACHED = 1_000;
    /** Subjects whose keys are held unwrapped at a time. */
    public static final int SUBJECTS_CACHED = 50_000;
    /** The longest value that is sealed. */
    public static final int MAX_PLAINTEXT_BYTES = 65_536;

    static final Duration CACHE = Duration.ofSeconds(CACHE_SECONDS);
    static final List<Integer> RETENTION_CLASSES = Stream.of(RetentionClass.values())
            .filter(retention -> retention != RetentionClass.UNRECOGNIZED)
            .map(RetentionClass::getNumber)
            .filter(number -> number != SubjectKey.WHOLE_SUBJECT)
            .toList();
    private static final String KEYED_HASH = "chancery/keyed-hash/v1";

    private final TenantKeys tenants;
    private final SubjectKeys subjects;
    private final Eraser eraser;
    private final OrganisationKeys organisations;
    private final SealerKeys seals;
    private final SealerKeys installationSeals;
    private final Set<String> hidden;
    private final Cache<String, HashKey> hashing = Caffeine.newBuilder()
            .maximumSize(TENANTS_CACHED)
            .expireAfterWrite(CACHE)
            .build();

    /** A key ring that hides nothing; it knows hidden values of fields that can be hidden when it sees them. */
    public Keyring(Database database, Sealer sealer) {
        this(database, sealer, Set.of());
    }

    /** @param hidden fields, as {@code Contract.hideable} names them, whose values are not sealed but committed to */
    public Keyring(Database database, Sealer sealer, Set<String> hidden) {
        this.hidden = Set.copyOf(hidden);
        tenants = new TenantKeys(database, sealer);
        subjects = new SubjectKeys(database, tenants);
        organisations = new OrganisationKeys(database, tenants, subjects);
        seals = new SealerKeys(database, sealer, SealerKeys.Of.ORGANISATIONS);
        installationSeals = new SealerKeys(database, sealer, SealerKeys.Of.INSTALLATION);
        eraser = new Eraser(database, sealer, seals, tenants, subjects);
    }

    /** What destroys subjects' keys, and the keys above them. */
    public Eraser eraser() {
        return eraser;
    }

    /** What turns organisations' keys. */
    public OrganisationKeys organisations() {
        return organisations;
    }

    /** What turns the ring that seals organisations' keys. */
    public SealerKeys seals() {
        return seals;
    }

    /** What turns the ring that seals keys that sign and environments' keys. */
    public SealerKeys installationSeals() {
        return installationSeals;
    }

    /** Whether {@link #seal} keeps no more than a commitment to the values of this field. */
    public boolean hides(String type, String field) {
        return hidden.contains(type + "." + field);
    }

    /**
     * Seals a value, or commits to it where its field is hidden. Its key is committed when this returns.
     *
     * @param plaintext at most {@link #MAX_PLAINTEXT_BYTES}; not kept
     * @throws KeyDestroyed if the subject was destroyed
     */
    public Sealed seal(SealContext where, byte[] plaintext) {
        if (plaintext.length > MAX_PLAINTEXT_BYTES) {
            throw new IllegalArgumentException("a sealed value has at most " + MAX_PLAINTEXT_BYTES + " bytes");
        }
        int retention = where.retention().getNumber();
        SubjectKey key = subjects.current(where.owner(), retention);
        if (hides(where.type(), where.field())) {
            return SealedParts.toMessage(
                    where, key.version(), Commitment.to(key.live(), where.associatedData(key.version()), plaintext));
        }
        byte[] padded = Padding.pad(plaintext);
        try {
            byte[] sealed = CommittingAead.seal(key.live(), where.associatedData(key.version()), padded);
            return SealedParts.toMessage(where, key.version(), sealed);
        } finally {
            Arrays.fill(padded, (byte) 0);
        }
    }

    /**
     * Makes the keys of a new subject for all retention classes in one transaction, which otherwise each first use would make by
     * itself. They are committed when this returns.
     */
    public void introduce(String tenant, String subject) {
        subjects.introduce(new SubjectKeys.Subject(tenant, subject), RETENTION_CLASSES);
    }

    /** Which of the keys that records name this database has no trace of: they were made after it was backed up. */
    public List<KeyRef> lost(String tenant, Collection<KeyRef> named) {
        return subjects.lost(tenant, named);
    }

    /**
     * Has lost keys count as destroyed: what they had sealed reads as forgotten. Their owners get newer ones, so that they can be written about again.
     * Before anything is sealed in that database; can be repeated.
     */
    public void replaceLost(String tenant, Collection<KeyRef> lost) {
        subjects.replaceLost(tenant, lost);
    }

    /** Seals a text, as UTF-8. */
    public Sealed seal(SealContext where, String plaintext) {
        byte[] bytes = plaintext.getBytes(StandardCharsets.UTF_8);
        try {
            return seal(where, bytes);
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    /**
     * Opens a value.
     *
     * @throws SealBroken if it was not sealed here, for this context, or was altered
     * @throws KeyMissing if its key should exist and does not
     */
    public Opened open(SealContext where, Sealed sealed) {
        byte[] parts = SealedParts.of(sealed);
        boolean hidden = isHidden(where, parts);
        SubjectKey key = key(where, sealed);
        if (key.isDestroyed()) {
            return new Opened.Forgotten();
        }
        if (hidden) {
            return new Opened.Hidden();
        }
        byte[] padded;
        try {
            padded = CommittingAead.open(key.live(), where.associatedData(key.version()), parts);
        } catch (KeyDestroyed e) {
            // destroyed between the look-up and the use
            return new Opened.Forgotten();
        }
        try {
            return new Opened.Plain(Padding.unpad(padded));
        } finally {
            Arrays.fill(padded, (byte) 0);
        }
    }

    /**
     * Whether a value is this text: a sealed one is opened, a hidden one compared by its commitment. One that is forgotten is no text.
     *
     * @throws SealBroken as {@link #open}; a hidden value that was altered is merely another
     * @throws KeyMissing if its key should exist and does not
     */
    public boolean matches(SealContext where, Sealed sealed, String text) {
        byte[] parts = SealedParts.of(sealed);
        if (!isHidden(where, parts)) {
            return open(where, sealed).text().filter(text::equals).isPresent();
        }
        SubjectKey key = key(where, sealed);
        try {
            return !key.isDestroyed()
                    && Commitment.isTo(
                            key.live(),
                            where.associatedData(key.version()),
                            text.getBytes(StandardCharsets.UTF_8),
                            parts);
        } catch (KeyDestroyed e) {
            // destroyed between the look-up and the use
            return false;
        }
    }

    /** @throws SealBroken if the ciphertext is gone of what is never hidden */
    private static boolean isHidden(SealContext where, byte[] parts) {
        if (!Commitment.is(parts)) {
            return false;
        }
        if (!Hideable.FIELDS.contains(where.type() + "." + where.field())) {
            throw new SealBroken();
        }
        return true;
    }

    /** Read once there is a hidden value: most key rings never see one. */
    private static final class Hideable {
        static final Set<String> FIELDS = Contract.load().hideable();
    }

    private SubjectKey key(SealContext where, Sealed sealed) {
        KeyRef ref = sealed.getKey();
        if (!ref.getSubject().equals(where.subject())
                || ref.getRetentionValue() != where.retention().getNumber()) {
            throw new SealBroken();
        }
        return subjects.version(where.owner(), ref.getRetentionValue(), ref.getVersion());
    }

    /**
     * HMAC-SHA-256 under a key of the tenant: tells whether two values are the same, to whoever has the key and to nobody else.
     * Another purpose gives an unrelated hash. Hashes stay the same when the tenant's key is replaced.
     *
     * @param purpose e.g. {@code identity/email}
     * @return 32 bytes
     * @throws KeyDestroyed if the tenant's key was destroyed
     */
    public byte[] keyedHash(String tenant, String purpose, byte[] value) {
        return hashing.get(tenant, this::hashKey)
                .keyedHash(Framing.labelled(KEYED_HASH).text(purpose).toBytes(), value);
    }

    private HashKey hashKey(String tenant) {
        return new HashKey(subjects.current(new SubjectKeys.Subject(tenant, ""), SubjectKey.HASHING)
                .live());
    }
}
