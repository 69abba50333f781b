package dev.chancery.vault;

import com.google.protobuf.ByteString;
import dev.chancery.command.RefusedException;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.EventReading;
import dev.chancery.keyring.SecretPlace;
import dev.chancery.schema.vault.v1.Environment;
import dev.chancery.schema.vault.v1.ListEnvironmentsReply;
import dev.chancery.schema.vault.v1.ListEnvironmentsRequest;
import dev.chancery.schema.vault.v1.ListSecretsReply;
import dev.chancery.schema.vault.v1.ListSecretsRequest;
import dev.chancery.schema.vault.v1.Secret;
import dev.chancery.schema.vault.v1.SecretRotator;
import dev.chancery.schema.vault.v1.SecretVersion;
import dev.chancery.schema.vault.v1.SecretVersionState;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * The lists of environments and secrets, by name.
 *
 * <p><b>Thread safety:</b> safe.
 */
final class VaultList {
    private static final int MAX_SIZE = 200;
    private static final int DEFAULT_SIZE = 100;
    /** Of a secret: those that may be read, of which there are fewer, and then the newest. */
    static final int MAX_VERSIONS = 100;

    /** No organisation is called so: whoever says it looks in all. */
    private static final String ALL_TENANTS = "*";

    /** In one look; those that wait for a database that is away don't fill it for long. */
    private static final int MAX_DISCONNECTED = 1_000;

    static final long DAY_MICROS = 86_400_000_000L;

    /** A secret needs a new value at a moment, the only parameter. */
    static final String DUE = "due_micros <= ?";

    private final Database database;

    VaultList(Database database) {
        this.database = database;
    }

    /** @throws RefusedException {@code vault.page} if a page is asked for that is larger than any */
    static int pageSize(int asked) throws RefusedException {
        int size = asked == 0 ? DEFAULT_SIZE : asked;
        if (Integer.compareUnsigned(size, MAX_SIZE) > 0) {
            throw new RefusedException(VaultRejection.PAGE);
        }
        return size;
    }

    /** Without their keys, which are in the ring. */
    ListEnvironmentsReply.Builder environments(String tenant, ListEnvironmentsRequest request) throws RefusedException {
        int size = pageSize(request.getPageSize());
        return database.inTenant(DatabaseRole.VAULT, tenant, connection -> {
            try (var query = connection.prepareStatement(
                    "SELECT environment, production, readers, writers FROM vault.environment WHERE tenant = ? AND"
                            + " environment > ? ORDER BY environment LIMIT ?")) {
                query.setString(1, tenant);
                query.setString(2, request.getPage());
                query.setInt(3, size + 1);
                var page = ListEnvironmentsReply.newBuilder();
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        if (page.getEnvironmentsCount() == size) {
                            page.setNextPage(page.getEnvironments(size - 1).getEnvironment());
                            break;
                        }
                        page.addEnvironments(Environment.newBuilder()
                                .setEnvironment(rows.getString(1))
                                .setProduction(rows.getBoolean(2))
                                .addAllReaders(texts(rows, 3))
                                .addAllWriters(texts(rows, 4)));
                    }
                }
                return page;
            }
        });
    }

    ListSecretsReply page(String tenant, ListSecretsRequest request, long atMicros) throws RefusedException {
        int size = pageSize(request.getPageSize());
        Optional<ListSecretsReply> reply = database.inTenant(DatabaseRole.VAULT, tenant, connection -> {
            if (!exists(connection, tenant, request.getEnvironment())) {
                return Optional.empty();
            }
            try (var query = connection.prepareStatement(
                    "SELECT secret, readers, owner, every_days, window_hours, generated, due_micros, secret_class, rotator,"
                            + " connector, workspace::text FROM vault.secret LEFT JOIN vault.binding USING (tenant, secret)"
                            + " WHERE tenant = ? AND environment = ? AND secret > ? AND (NOT ? OR (" + DUE
                            + ")) ORDER BY secret LIMIT ?")) {
                query.setString(1, tenant);
                query.setString(2, request.getEnvironment());
                query.setString(3, request.getPage());
                query.setBoolean(4, request.getOverdue());
                query.setLong(5, atMicros);
                query.setInt(6, size + 1);
                var page = ListSecretsReply.newBuilder();
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        if (page.getSecretsCount() == size) {
                            page.setNextPage(page.getSecrets(size - 1).getSecret());
                            break;
                        }
                        page.addSecrets(secret(rows, atMicros));
                    }
                }
                for (Secret.Builder secret : page.getSecretsBuilderList()) {
                    versions(connection, tenant, secret, atMicros);
                }
                return Optional.of(page.build());
            }
        });
        return reply.orElseThrow(() -> new RefusedException(VaultRejection.NO_SUCH_ENVIRONMENT));
    }

    static boolean exists(Connection connection, String tenant, String environment) throws SQLException {
        try (var query =
                connection.prepareStatement("SELECT FROM vault.environment WHERE tenant = ? AND environment = ?")) {
            query.setString(1, tenant);
            query.setString(2, environment);
            try (var row = query.executeQuery()) {
                return row.next();
            }
        }
    }

    /** When a row of {@code vault.secret} needs a new value; 0: never. */
    static long dueMicros(ResultSet row) throws SQLException {
        return row.getLong("due_micros");
    }

    /** What {@link #DUE} is, of {@link #dueMicros}. */
    static boolean isDue(long dueMicros, long atMicros) {
        return dueMicros != 0 && dueMicros <= atMicros;
    }

    /** What a row of {@code vault.secret} says of its rotator; empty: it has none. */
    static Optional<SecretRotator> rotator(ResultSet row) throws SQLException {
        byte[] bytes = row.getBytes("rotator");
        return bytes.length == 0
                ? Optional.empty()
                : Optional.of(EventReading.read(SecretRotator.parser(), ByteString.copyFrom(bytes)));
    }

    private static Secret.Builder secret(ResultSet row, long atMicros) throws SQLException {
        long due = dueMicros(row);
        Secret.Builder secret = Secret.newBuilder();
        rotator(row).ifPresent(secret::setRotator);
        return secret.setSecret(row.getString("secret"))
                .addAllReaders(texts(row, 2))
                .setOwnerId(Objects.requireNonNullElse(row.getString("owner"), ""))
                .setEveryDays(row.getInt("every_days"))
                .setWindowHours(row.getInt("window_hours"))
                .setGenerated(row.getBoolean("generated"))
                .setDueAtMillis(due / 1000)
                .setOverdue(isDue(due, atMicros))
                .setSecretClassValue(row.getInt("secret_class"))
                .setConnector(Objects.requireNonNullElse(row.getString("connector"), ""))
                .setWorkspaceId(Objects.requireNonNullElse(row.getString("workspace"), ""));
    }

    private static void versions(Connection connection, String tenant, Secret.Builder secret, long atMicros)
            throws SQLException {
        try (var query = connection.prepareStatement(
                "SELECT * FROM (SELECT version, state, written_micros, until_micros, last_read_micros, reads, issued, withdrawn_micros FROM"
                        + " vault.version WHERE tenant = ? AND secret = ? ORDER BY state = ? OR (state = ? AND"
                        + " (until_micros = 0 OR until_micros > ?)) DESC, version DESC LIMIT ?) shown ORDER BY version")) {
            query.setString(1, tenant);
            query.setString(2, secret.getSecret());
            query.setInt(3, SecretVersionState.SECRET_VERSION_STATE_CURRENT_VALUE);
            query.setInt(4, SecretVersionState.SECRET_VERSION_STATE_DEPRECATED_VALUE);
            query.setLong(5, atMicros);
            query.setInt(6, MAX_VERSIONS);
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    SecretVersionState state = state(rows.getInt(2), rows.getLong(4), atMicros);
                    if (state == SecretVersionState.SECRET_VERSION_STATE_CURRENT) {
                        secret.setCurrentVersion(rows.getInt(1));
                    }
                    secret.addVersions(SecretVersion.newBuilder()
                            .setSecretVersion(rows.getInt(1))
                            .setState(state)
                            .setWrittenAtMillis(rows.getLong(3) / 1000)
                            .setUntilMillis(rows.getLong(4) / 1000)
                            .setLastReadAtMillis(rows.getLong(5) / 1000)
                            .setReads(rows.getLong(6))
                            .setIssued(rows.getBoolean(7))
                            .setWithdrawnAtMillis(rows.getLong(8) / 1000));
                }
            }
        }
    }

    private static SecretVersionState state(int number, long untilMicros, long atMicros) {
        SecretVersionState state = Objects.requireNonNull(SecretVersionState.forNumber(number));
        return state == SecretVersionState.SECRET_VERSION_STATE_DEPRECATED
                        && untilMicros != 0
                        && untilMicros <= atMicros
                ? SecretVersionState.SECRET_VERSION_STATE_ENDED
                : state;
    }

    /** Secrets of every organisation that the vault is to give a new value; in no order, so that what is stuck keeps no other from being seen. */
    List<Rotations.Due> due(long atMicros) {
        return database.inTenant(DatabaseRole.VAULT, ALL_TENANTS, connection -> {
            try (var query = connection.prepareStatement(
                    "SELECT tenant, secret FROM (SELECT tenant, secret, row_number() OVER (PARTITION BY tenant ORDER BY"
                            + " random()) AS place FROM vault.secret WHERE generated AND " + DUE
                            + ") AS due WHERE place <= " + Rotations.MAX_OF_ONE
                            + " ORDER BY place, random() LIMIT " + Rotations.MAX_ROUND)) {
                query.setLong(1, atMicros);
                List<Rotations.Due> due = new ArrayList<>();
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        due.add(new Rotations.Due(rows.getString(1), rows.getString(2)));
                    }
                }
                return due;
            }
        });
    }

    /** Versions of every organisation that their rotator is to make or to take back; in no order, as {@link #due(long)}. */
    List<IssuerRounds.Open> atIssuers(long atMicros) {
        return database.inTenant(DatabaseRole.VAULT, ALL_TENANTS, connection -> {
            try (var query = connection.prepareStatement(
                    "SELECT tenant, secret, version FROM (SELECT tenant, secret, version, row_number() OVER (PARTITION BY tenant"
                            + " ORDER BY random()) AS place FROM vault.version WHERE issued AND withdrawn_micros = 0 AND (state IN (?, ?, ?)"
                            + " OR (state = ? AND until_micros > 0 AND until_micros <= ?))) AS open WHERE place <= "
                            + Rotations.MAX_OF_ONE + " ORDER BY place, random() LIMIT " + Rotations.MAX_ROUND)) {
                query.setInt(1, SecretVersionState.SECRET_VERSION_STATE_ASKED_VALUE);
                query.setInt(2, SecretVersionState.SECRET_VERSION_STATE_REVOKED_VALUE);
                query.setInt(3, SecretVersionState.SECRET_VERSION_STATE_DESTROYED_VALUE);
                query.setInt(4, SecretVersionState.SECRET_VERSION_STATE_DEPRECATED_VALUE);
                query.setLong(5, atMicros);
                List<IssuerRounds.Open> open = new ArrayList<>();
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        open.add(new IssuerRounds.Open(rows.getString(1), rows.getString(2), rows.getInt(3)));
                    }
                }
                return open;
            }
        });
    }

    /** What makes a secret due, all of one moment; empty: it is not due any more. */
    Optional<Rotations.Seen> due(Rotations.Due due, long atMicros) {
        return database.inTenant(DatabaseRole.VAULT, due.tenant(), connection -> {
            try (var query =
                    connection.prepareStatement("SELECT coalesce((SELECT max(version) FROM vault.version v WHERE"
                            + " v.tenant = s.tenant AND v.secret = s.secret), 0), every_days FROM vault.secret s"
                            + " WHERE tenant = ? AND environment = ? AND secret = ? AND generated AND " + DUE)) {
                query.setString(1, due.tenant());
                query.setString(2, Names.environmentOf(due.secret()));
                query.setString(3, due.secret());
                query.setLong(4, atMicros);
                try (var row = query.executeQuery()) {
                    return row.next()
                            ? Optional.of(new Rotations.Seen(row.getInt(1), row.getInt(2)))
                            : Optional.empty();
                }
            }
        });
    }

    /** Versions that were destroyed, says the log, and whose keys are still there. */
    List<SecretPlace> halfDestroyed() {
        List<String> tenants = database.transaction(DatabaseRole.VAULT, connection -> {
            try (var query = connection.prepareStatement("SELECT tenant FROM vault.position");
                    var rows = query.executeQuery()) {
                List<String> found = new ArrayList<>();
                while (rows.next()) {
                    found.add(rows.getString(1));
                }
                return found;
            }
        });
        List<SecretPlace> places = new ArrayList<>();
        for (String tenant : tenants) {
            places.addAll(
                    database.inTenant(DatabaseRole.VAULT, tenant, connection -> halfDestroyed(connection, tenant)));
        }
        return places;
    }

    /** Of every organisation what is bound to a connector that was disconnected, and what no lease rests on any more. */
    List<BoundSecrets.Named> disconnected() {
        List<BoundSecrets.Named> over = database.transaction(DatabaseRole.VAULT, connection -> {
            try (var query = connection.prepareStatement(
                            "SELECT tenant, secret FROM vault.binding WHERE disconnected ORDER BY tenant, secret LIMIT "
                                    + MAX_DISCONNECTED);
                    var rows = query.executeQuery()) {
                List<BoundSecrets.Named> found = new ArrayList<>();
                while (rows.next()) {
                    found.add(new BoundSecrets.Named(rows.getString(1), rows.getString(2)));
                }
                return found;
            }
        });
        return over.stream()
                .filter(named -> !database.inTenant(
                        DatabaseRole.VAULT, named.tenant(), connection -> vouchesForLeases(connection, named)))
                .toList();
    }

    private static boolean vouchesForLeases(Connection connection, BoundSecrets.Named named) throws SQLException {
        try (var query =
                connection.prepareStatement("SELECT FROM vault.open_lease o JOIN vault.lease l USING (tenant, lease)"
                        + " JOIN vault.target t ON t.tenant = l.tenant AND t.database = l.database"
                        + " WHERE o.tenant = ? AND (l.secret = ? OR t.admin_secret = ?) LIMIT 1")) {
            query.setString(1, named.tenant());
            query.setString(2, named.secret());
            query.setString(3, named.secret());
            try (var row = query.executeQuery()) {
                return row.next();
            }
        }
    }

    private static List<SecretPlace> halfDestroyed(Connection connection, String tenant) throws SQLException {
        try (var query = connection.prepareStatement("SELECT d.environment, d.secret, d.version FROM vault.version v"
                + " JOIN secretring.data_key d USING (tenant, secret, version)"
                + " WHERE tenant = ? AND v.state = ? AND d.state <> 'DESTROYED'")) {
            query.setString(1, tenant);
            query.setInt(2, SecretVersionState.SECRET_VERSION_STATE_DESTROYED_VALUE);
            List<SecretPlace> places = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    places.add(new SecretPlace(tenant, rows.getString(1), rows.getString(2), rows.getInt(3)));
                }
            }
            return places;
        }
    }

    private static List<String> texts(ResultSet row, int column) throws SQLException {
        return Arrays.asList((String[]) row.getArray(column).getArray());
    }
}
