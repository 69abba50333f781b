package dev.chancery.keyring;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.jboss.logging.Logger;

/**
 * The installation's Ed25519 keys, by C2SP key name: {@code <instance>/<log id>} signs a log's checkpoints, {@code
 * <instance>/source/<feature>} a feature's entries, {@code <instance>/token} access tokens. Made on demand, the private half wrapped by
 * the sealer's ring of the installation. The logs' keys and the ledger's own are read and made as {@code chancery_ledger}, the proxy's
 * as {@code chancery_proxy}, all others as {@code chancery_keyring}: none sees another's.
 * The public halves are for everybody, see {@link VerifierKeys}.
 *
 * <p>What {@link SigningKeyRotation} has replaced or withdrawn signs no more, and another key takes its place. A log's key that was replaced signs
 * beside the new one for {@link #OVERLAP}, so that who trusts it alone has time to learn of the other.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@link #SIGNERS_CACHED}, and {@link Keyring#CACHE_SECONDS} until a signer is read
 * again.
 */
public final class SigningKeys {
    /** Private keys held unwrapped at a time. */
    public static final int SIGNERS_CACHED = 10_000;

    /** For how long a log's key signs beside the one that replaced it, unless that is replaced or withdrawn before. */
    public static final Duration OVERLAP = Duration.ofDays(30);

    private static final Pattern NAME = Pattern.compile("[a-z0-9.-]{1,63}(/[a-z0-9.-]{1,63}){1,3}");
    private static final Logger LOG = Logger.getLogger(SigningKeys.class);

    private final Database database;
    private final Sealer.Ring ring;
    /** Of each name the one that signs, and then the one that signs beside it, if any. */
    private final Cache<String, List<Signer>> signers = Caffeine.newBuilder()
            .maximumSize(SIGNERS_CACHED)
            .expireAfterWrite(Keyring.CACHE)
            .build();

    /** What signs the proxy's records, which the proxy alone holds. */
    private static final String OF_THE_PROXY = "/source/proxy";

    private static final String OF_A_LOG = "[^/]+/([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|instance)";

    /** A log's key, and what signs the ledger's own records: the ledger alone holds them. */
    private static final Pattern OF_THE_LEDGER = Pattern.compile(OF_A_LOG + "|[^/]+/source/ledger");

    @SuppressWarnings("ArrayRecordComponent") // read, unwrapped, dropped; never compared
    private record Row(byte[] publicKey, byte[] wrappedPrivate, int sealedBy, KeyState state) {}

    public SigningKeys(Database database, Sealer sealer) {
        this.database = database;
        this.ring = sealer.installationRing();
    }

    /**
     * The key that signs under this name today; made, and committed, if the name never had one. Two processes that ask at once get
     * the same key. Ask for each use rather than keep it: a rotation is noticed within {@link Keyring#CACHE_SECONDS}.
     *
     * @param name two to four segments of {@code [a-z0-9.-]{1,63}}, joined by slashes
     * @throws KeyDestroyed if the name had a key and it was destroyed: no other takes its place unasked
     */
    public Signer signer(String name) {
        return signers(name).getFirst();
    }

    /**
     * Answers the text as a C2SP signed note under this name: by its key, and, where one before it signs on beside it, by both.
     *
     * @param transaction of the key's holder; no key that signs here is withdrawn before it ends
     * @param text as {@link Signer#signNote}
     */
    public String signNote(Connection transaction, String name, String text) throws SQLException {
        SigningKeyRotation.share(transaction, name);
        if (anyWithdrawn(transaction, name, signers(name))) {
            forget(name);
        }
        return SignedNote.of(text, signers(name));
    }

    /** Has the key read again when it is asked for next. */
    public void forget(String name) {
        signers.invalidate(name);
    }

    private List<Signer> signers(String name) {
        return signers.get(name, this::loadOrCreate);
    }

    private List<Signer> loadOrCreate(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("a signing key's name has two to four segments, joined by slashes");
        }
        List<Signer> found = StaleRing.retrying(ring, () -> {
            List<Row> rows = database.transaction(holder(name), connection -> select(connection, name));
            if (!signs(rows)) {
                rows = renewed(name);
            }
            return signs(rows) ? rows.stream().map(row -> opened(name, row)).toList() : List.of();
        });
        if (found.isEmpty()) {
            throw new KeyDestroyed();
        }
        return found;
    }

    private static boolean signs(List<Row> rows) {
        return !rows.isEmpty() && rows.getFirst().state() == KeyState.CURRENT;
    }

    private Signer opened(String name, Row row) {
        byte[] secret = ring.unwrap(row.sealedBy(), row.wrappedPrivate(), context(name, row.publicKey()));
        return new Signer(name, SecretBytes.owning(secret), row.publicKey());
    }

    /** Whether it signs a log's checkpoints. */
    static boolean isOfALog(String name) {
        return name.matches(OF_A_LOG);
    }

    /** As {@code signing.holder} in the database has it. */
    private static DatabaseRole holder(String name) {
        if (OF_THE_LEDGER.matcher(name).matches()) {
            return DatabaseRole.LEDGER;
        }
        return name.endsWith(OF_THE_PROXY) ? DatabaseRole.PROXY : DatabaseRole.KEYRING;
    }

    /** A new key that nobody has yet. */
    @SuppressWarnings("ArrayRecordComponent") // written, never compared
    record Made(VerifierKey key, byte[] wrapped, int sealedBy) {}

    /** @throws KeyDestroyed if the version was destroyed */
    static Made made(Sealer.Ring ring, int version, String name) {
        SecretBytes secret = SecretBytes.random();
        byte[] bytes = secret.getEncoded();
        VerifierKey key = VerifierKey.of(name, Signer.publicKeyOf(secret));
        try {
            return new Made(key, ring.wrap(version, bytes, context(name, key.publicKey())), version);
        } finally {
            Arrays.fill(bytes, (byte) 0);
            secret.destroy();
        }
    }

    /**
     * Ends what was replaced or withdrawn of a name's private halves, and makes a key where none signs then and none was destroyed unasked: in one
     * transaction, so that there is always one that signs.
     */
    private List<Row> renewed(String name) {
        int version = database.transaction(holder(name), connection -> FollowedRing.newest(connection, ring));
        Made made = made(ring, version, name);
        VerifierKey key = made.key();
        return database.transaction(holder(name), connection -> {
            SigningKeyRotation.end(connection, name);
            try (var insert = connection.prepareStatement("""
                    WITH made AS (
                        INSERT INTO signing.private_key (name, key_id, state, wrapped, sealed_by)
                        SELECT ?, ?, 'CURRENT', ?, ? WHERE NOT EXISTS (
                            SELECT FROM signing.private_key JOIN signing.key USING (name, key_id) WHERE name = ?
                            AND (state IN ('CURRENT', 'PENDING') OR replaced_at IS NULL AND verifies_until IS NULL))
                        ON CONFLICT DO NOTHING RETURNING name, key_id)
                    INSERT INTO signing.key (name, key_id, public_key) SELECT name, key_id, ? FROM made""")) {
                insert.setString(1, name);
                insert.setInt(2, key.keyId());
                insert.setBytes(3, made.wrapped());
                insert.setInt(4, made.sealedBy());
                insert.setString(5, name);
                insert.setBytes(6, key.publicKey());
                if (insert.executeUpdate() == 1) {
                    LOG.infof("Signing key created name=%s key_id=%08x", name, key.keyId());
                }
            }
            return select(connection, name);
        });
    }

    /** Has a name's keys be as they were told to be; does nothing where they are. */
    void settle(String name) {
        var _ = StaleRing.retrying(ring, () -> renewed(name));
        forget(name);
    }

    private static boolean anyWithdrawn(Connection connection, String name, List<Signer> signers) throws SQLException {
        for (Signer signer : signers) {
            if (isWithdrawn(connection, name, signer.verifierKey().keyId())) {
                return true;
            }
        }
        return false;
    }

    private static boolean isWithdrawn(Connection connection, String name, int keyId) throws SQLException {
        try (var select = connection.prepareStatement(
                "SELECT FROM signing.key WHERE name = ? AND key_id = ? AND verifies_until IS NOT NULL")) {
            select.setString(1, name);
            select.setInt(2, keyId);
            try (var found = select.executeQuery()) {
                return found.next();
            }
        }
    }

    /** The key that signs, then the one that signs beside it; none that was withdrawn. */
    private static List<Row> select(Connection connection, String name) throws SQLException {
        try (var select = connection.prepareStatement("""
                SELECT public_key, wrapped, sealed_by, state FROM signing.private_key JOIN signing.key USING (name, key_id)
                WHERE name = ? AND state IN ('CURRENT', 'PREVIOUS') AND verifies_until IS NULL ORDER BY state""")) {
            select.setString(1, name);
            List<Row> rows = new ArrayList<>();
            try (var found = select.executeQuery()) {
                while (found.next()) {
                    rows.add(new Row(
                            found.getBytes(1),
                            found.getBytes(2),
                            found.getInt(3),
                            KeyState.valueOf(found.getString(4))));
                }
            }
            return rows;
        }
    }

    static byte[] context(String name, byte[] publicKey) {
        return Framing.labelled("chancery/signing-key/v1")
                .text(name)
                .bytes(publicKey)
                .toBytes();
    }
}
