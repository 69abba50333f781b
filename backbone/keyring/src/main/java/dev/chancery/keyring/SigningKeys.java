package dev.chancery.keyring;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jboss.logging.Logger;

/**
 * The installation's Ed25519 keys, by C2SP key name: {@code <instance>/<log id>} signs a log's checkpoints, {@code
 * <instance>/source/<feature>} a feature's entries, {@code <instance>/token} access tokens. Made on demand, the private half wrapped by
 * the sealer. The logs' keys and the ledger's own are read and made as {@code chancery_ledger}, the proxy's
 * as {@code chancery_proxy}, all others as {@code chancery_keyring}: none sees another's.
 * The public halves are for everybody, see {@link VerifierKeys}.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@link #SIGNERS_CACHED}, and {@link Keyring#CACHE_SECONDS} until a signer is read
 * again.
 */
public final class SigningKeys {
    /** Private keys held unwrapped at a time. */
    public static final int SIGNERS_CACHED = 10_000;

    private static final Pattern NAME = Pattern.compile("[a-z0-9.-]{1,63}(/[a-z0-9.-]{1,63}){1,3}");
    private static final Logger LOG = Logger.getLogger(SigningKeys.class);

    private final Database database;
    private final Sealer sealer;
    private final Cache<String, Signer> signers = Caffeine.newBuilder()
            .maximumSize(SIGNERS_CACHED)
            .expireAfterWrite(Keyring.CACHE)
            .build();

    /** What signs the proxy's records, which the proxy alone holds. */
    private static final String OF_THE_PROXY = "/source/proxy";

    /** A log's key, and what signs the ledger's own records: the ledger alone holds them. */
    private static final Pattern OF_THE_LEDGER =
            Pattern.compile("[^/]+/([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|instance|source/ledger)");

    @SuppressWarnings("ArrayRecordComponent") // read, unwrapped, dropped; never compared
    private record Row(byte[] publicKey, byte[] wrappedPrivate) {}

    public SigningKeys(Database database, Sealer sealer) {
        this.database = database;
        this.sealer = sealer;
    }

    /**
     * The key that signs under this name today; made, and committed, if the name never had one. Two processes that ask at once get
     * the same key. Ask for each use rather than keep it: a rotation is noticed within {@link Keyring#CACHE_SECONDS}.
     *
     * @param name two to four segments of {@code [a-z0-9.-]{1,63}}, joined by slashes
     * @throws KeyDestroyed if the name had a key and it was destroyed: no other takes its place unasked
     */
    public Signer signer(String name) {
        return signers.get(name, this::loadOrCreate);
    }

    /** Has the key read again when it is asked for next. */
    void forget(String name) {
        signers.invalidate(name);
    }

    private Signer loadOrCreate(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("a signing key's name has two to four segments, joined by slashes");
        }
        DatabaseRole holder = holder(name);
        Row row = database.transaction(holder, connection -> select(connection, name))
                .or(() -> create(holder, name))
                .orElseThrow(KeyDestroyed::new);
        byte[] secret = sealer.unwrap(row.wrappedPrivate(), context(name, row.publicKey()));
        return new Signer(name, SecretBytes.owning(secret), row.publicKey());
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
    record Made(VerifierKey key, byte[] wrapped) {}

    static Made made(Sealer sealer, String name) {
        SecretBytes secret = SecretBytes.random();
        byte[] bytes = secret.getEncoded();
        VerifierKey key = VerifierKey.of(name, Signer.publicKeyOf(secret));
        try {
            return new Made(key, sealer.wrap(bytes, context(name, key.publicKey())));
        } finally {
            Arrays.fill(bytes, (byte) 0);
            secret.destroy();
        }
    }

    private Optional<Row> create(DatabaseRole holder, String name) {
        Made made = made(sealer, name);
        VerifierKey key = made.key();
        byte[] wrapped = made.wrapped();
        return database.transaction(holder, connection -> {
            try (var insert = connection.prepareStatement("""
                    WITH made AS (
                        INSERT INTO signing.private_key (name, key_id, state, wrapped)
                        SELECT ?, ?, 'CURRENT', ? WHERE NOT EXISTS (SELECT FROM signing.private_key WHERE name = ?)
                        ON CONFLICT DO NOTHING RETURNING name, key_id)
                    INSERT INTO signing.key (name, key_id, public_key) SELECT name, key_id, ? FROM made""")) {
                insert.setString(1, name);
                insert.setInt(2, key.keyId());
                insert.setBytes(3, wrapped);
                insert.setString(4, name);
                insert.setBytes(5, key.publicKey());
                if (insert.executeUpdate() == 1) {
                    LOG.infof("Signing key created name=%s key_id=%08x", name, key.keyId());
                }
            }
            return select(connection, name);
        });
    }

    private static Optional<Row> select(Connection connection, String name) throws SQLException {
        try (var select = connection.prepareStatement(
                "SELECT public_key, wrapped FROM signing.private_key JOIN signing.key USING (name, key_id)"
                        + " WHERE name = ? AND state = 'CURRENT'")) {
            select.setString(1, name);
            try (var found = select.executeQuery()) {
                return found.next() ? Optional.of(new Row(found.getBytes(1), found.getBytes(2))) : Optional.empty();
            }
        }
    }

    private static byte[] context(String name, byte[] publicKey) {
        return Framing.labelled("chancery/signing-key/v1")
                .text(name)
                .bytes(publicKey)
                .toBytes();
    }
}
