package dev.chancery.keyring;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Keys of one table that a ring of the sealer seals, as far as a role sees them.
 *
 * @param id the columns that name a row
 * @param also another column that its context needs, in SQL; {@code t} is the table
 */
record SealedRows(DatabaseRole holder, String table, List<String> id, String also, Context context) {
    /** Keys that one transaction seals anew. */
    static final int BATCH = 500;

    static final SealedRows ORGANISATIONS = new SealedRows(
            DatabaseRole.KEYRING,
            "keyring.tenant_key",
            List.of("tenant", "version"),
            "NULL",
            row -> TenantKeys.context(row.getString("tenant"), row.getInt("version")));

    static final SealedRows ENVIRONMENTS = new SealedRows(
            DatabaseRole.VAULT,
            "secretring.environment_key",
            List.of("tenant", "environment", "version"),
            "NULL",
            row -> new EnvironmentKeys.Of(row.getString("tenant"), row.getString("environment"))
                    .associatedData(row.getInt("version")));

    private static final String ALL_TENANTS = "*";

    /** What is authenticated with a row's key. */
    interface Context {
        byte[] of(ResultSet row) throws SQLException;
    }

    /** The keys that sign of which a role holds the private halves. */
    static SealedRows signing(DatabaseRole holder) {
        return new SealedRows(
                holder,
                "signing.private_key",
                List.of("name", "key_id"),
                "(SELECT public_key FROM signing.key k WHERE k.name = t.name AND k.key_id = t.key_id)",
                row -> SigningKeys.context(row.getString("name"), row.getBytes("also")));
    }

    /**
     * Seals keys by the newest version of the ring; the keys stay what they are.
     *
     * @return how many it was; fewer than {@code atMost}: there are no more that nobody else works on
     */
    int reseal(Database database, Sealer.Ring ring, int atMost) {
        int done = 0;
        int batch;
        int size;
        do {
            int next = Math.min(BATCH, atMost - done);
            size = next;
            batch = StaleRing.retrying(
                    ring,
                    () -> database.inTenant(
                            holder, ALL_TENANTS, connection -> reseal(connection, ring, ring.newest(), next)));
            done += batch;
        } while (batch == size && done < atMost);
        return done;
    }

    private int reseal(Connection connection, Sealer.Ring ring, int version, int size) throws SQLException {
        String columns = String.join(", ", id);
        String named = id.stream().map(column -> column + " = ?").collect(Collectors.joining(" AND "));
        try (var select = connection.prepareStatement("SELECT wrapped, sealed_by, " + columns + ", " + also
                        + " AS also FROM " + table + " t WHERE sealed_by < ? AND state <> 'DESTROYED'"
                        + " LIMIT ? FOR NO KEY UPDATE OF t SKIP LOCKED");
                var update = connection.prepareStatement(
                        "UPDATE " + table + " SET wrapped = ?, sealed_by = ? WHERE " + named)) {
            select.setInt(1, version);
            select.setInt(2, size);
            int count = 0;
            try (var rows = select.executeQuery()) {
                while (rows.next()) {
                    byte[] key = open(ring, rows);
                    update.setBytes(1, ring.wrap(version, key, context.of(rows)));
                    Arrays.fill(key, (byte) 0);
                    update.setInt(2, version);
                    for (int column = 0; column < id.size(); column++) {
                        update.setObject(3 + column, rows.getObject(id.get(column)));
                    }
                    update.addBatch();
                    count++;
                }
            }
            update.executeBatch();
            return count;
        }
    }

    private byte[] open(Sealer.Ring ring, ResultSet row) throws SQLException {
        try {
            return ring.unwrap(row.getInt("sealed_by"), row.getBytes("wrapped"), context.of(row));
        } catch (SealBroken | KeyDestroyed e) {
            StringBuilder which = new StringBuilder();
            for (String column : id) {
                which.append(which.isEmpty() ? "" : ", ")
                        .append(column)
                        .append(' ')
                        .append(row.getString(column));
            }
            throw new IllegalStateException(
                    "the key with " + which + " does not open: no key above is replaced until that row of " + table
                            + " is restored",
                    e);
        }
    }
}
