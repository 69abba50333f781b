package dev.chancery.vault;

import dev.chancery.command.RefusedException;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.schema.vault.v1.InventoryItem;
import dev.chancery.schema.vault.v1.ListInventoryReply;
import dev.chancery.schema.vault.v1.ListInventoryRequest;
import dev.chancery.schema.vault.v1.RotatorKind;
import dev.chancery.schema.vault.v1.SecretVersionState;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Objects;
import java.util.Optional;

/**
 * One line for each secret, of an environment or of all. A secret is overdue by the rule that has {@link Rotations} turn it.
 *
 * <p><b>Thread safety:</b> safe.
 */
final class Inventory {
    private static final String PAGE =
            "SELECT secret, secret_class, owner, every_days, generated, rotator, due_micros, current, current_micros, rotated_micros, read_micros"
                    + " FROM vault.secret s CROSS JOIN LATERAL (SELECT max(version) FILTER (WHERE state = ?) AS current,"
                    + " max(written_micros) FILTER (WHERE state = ?) AS current_micros,"
                    + " max(written_micros) FILTER (WHERE version > 1) AS rotated_micros,"
                    + " max(last_read_micros) AS read_micros"
                    + " FROM vault.version v WHERE v.tenant = s.tenant AND v.secret = s.secret) versions"
                    + " WHERE tenant = ? AND (? = '' OR environment = ?) AND (environment, secret) > (?, ?) AND (NOT ? OR ("
                    + VaultList.DUE + ")) ORDER BY environment, secret LIMIT ?";

    private final Database database;

    Inventory(Database database) {
        this.database = database;
    }

    /** @throws RefusedException {@code vault.page}, or {@code vault.no-such-environment} if it is not empty and not there */
    ListInventoryReply page(String tenant, ListInventoryRequest request, long atMicros) throws RefusedException {
        int size = VaultList.pageSize(request.getPageSize());
        Optional<ListInventoryReply> reply = database.inTenant(DatabaseRole.VAULT, tenant, connection -> {
            String environment = request.getEnvironment();
            return environment.isEmpty() || VaultList.exists(connection, tenant, environment)
                    ? Optional.of(page(connection, tenant, request, size, atMicros))
                    : Optional.empty();
        });
        return reply.orElseThrow(() -> new RefusedException(VaultRejection.NO_SUCH_ENVIRONMENT));
    }

    private static ListInventoryReply page(
            Connection connection, String tenant, ListInventoryRequest request, int size, long atMicros)
            throws SQLException {
        String after = request.getPage();
        try (var query = connection.prepareStatement(PAGE)) {
            query.setInt(1, SecretVersionState.SECRET_VERSION_STATE_CURRENT_VALUE);
            query.setInt(2, SecretVersionState.SECRET_VERSION_STATE_CURRENT_VALUE);
            query.setString(3, tenant);
            query.setString(4, request.getEnvironment());
            query.setString(5, request.getEnvironment());
            query.setString(6, after.isEmpty() ? "" : Names.environmentOf(after));
            query.setString(7, after);
            query.setBoolean(8, request.getOverdue());
            query.setLong(9, atMicros);
            query.setInt(10, size + 1);
            var page = ListInventoryReply.newBuilder();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    if (page.getSecretsCount() == size) {
                        page.setNextPage(page.getSecrets(size - 1).getSecret());
                        break;
                    }
                    page.addSecrets(item(rows, atMicros));
                }
            }
            return page.build();
        }
    }

    private static InventoryItem item(ResultSet row, long atMicros) throws SQLException {
        int current = row.getInt("current");
        long due = VaultList.dueMicros(row);
        return InventoryItem.newBuilder()
                .setSecret(row.getString("secret"))
                .setSecretClassValue(row.getInt("secret_class"))
                .setOwnerId(Objects.requireNonNullElse(row.getString("owner"), ""))
                .setEveryDays(row.getInt("every_days"))
                .setGenerated(row.getBoolean("generated"))
                .setCurrentVersion(current)
                .setAgeDays(
                        current == 0 ? 0 : (int) ((atMicros - row.getLong("current_micros")) / VaultList.DAY_MICROS))
                .setLastRotatedAtMillis(row.getLong("rotated_micros") / 1000)
                .setLastReadAtMillis(row.getLong("read_micros") / 1000)
                .setDueAtMillis(due / 1000)
                .setOverdue(VaultList.isDue(due, atMicros))
                .setRotator(rotator(row))
                .build();
    }

    private static RotatorKind rotator(ResultSet row) throws SQLException {
        if (!row.getBoolean("generated")) {
            return RotatorKind.ROTATOR_KIND_UNSPECIFIED;
        }
        return VaultList.rotator(row)
                .map(rotator -> switch (rotator.getKindCase()) {
                    case HTTP_ISSUER -> RotatorKind.ROTATOR_KIND_HTTP_ISSUER;
                    case POSTGRES_ROLE -> RotatorKind.ROTATOR_KIND_POSTGRES_ROLE;
                    case OAUTH_REFRESH -> RotatorKind.ROTATOR_KIND_OAUTH_REFRESH;
                    case KIND_NOT_SET -> RotatorKind.ROTATOR_KIND_UNSPECIFIED;
                })
                .orElse(RotatorKind.ROTATOR_KIND_GENERATED);
    }
}
