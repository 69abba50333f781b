package dev.chancery.projection;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What a tenant's views come to: two schemas with the same rows at the same position answer the same.
 *
 * <p>SHA-256 over {@code lp("chancery/rbac-views/v1")}, then for every row, in the order of their bytes, {@code lp(table) ‖ lp(row as
 * jsonb)}, with {@code lp} as docs/reference/formats.md has it. All columns take part; how and when the rows were written, partitions
 * and offsets do not. It compares views with views of one version of this software; it is no format for others.
 *
 * @param position the last one applied; -1 when there is none
 * @param sha256 in hexadecimal
 */
public record ViewHash(long position, String sha256) {
    private static final Pattern NAME = Pattern.compile("[a-z][a-z_]{0,62}");
    private static final int FETCHED_ROWS = 1_000;

    /**
     * Reads a tenant's rows and position in one statement, so that the two fit whatever is applied meanwhile.
     *
     * @param connection one that sees the tenant's rows, in a transaction: rows are fetched {@value #FETCHED_ROWS} at a time
     */
    public static ViewHash of(Connection connection, Projection projection, String tenant) throws SQLException {
        List<String> tables = projection.tables().stream().sorted().toList();
        MessageDigest digest = newDigest();
        update(digest, "chancery/" + projection.name() + "-views/v1");
        long position = -1;
        try (var query = connection.prepareStatement(sql(projection.schema(), tables))) {
            query.setFetchSize(FETCHED_ROWS);
            for (int parameter = 1; parameter <= tables.size() + 1; parameter++) {
                query.setString(parameter, tenant);
            }
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    if (rows.getString(1).equals("position")) {
                        position = Long.parseLong(rows.getString(2));
                    } else {
                        update(digest, rows.getString(1));
                        update(digest, rows.getString(2));
                    }
                }
            }
        }
        return new ViewHash(position, HexFormat.of().formatHex(digest.digest()));
    }

    private static String sql(String schema, List<String> tables) {
        if (!NAME.matcher(schema).matches()) {
            throw new IllegalArgumentException("not a schema's name");
        }
        String views = tables.stream()
                .map(table -> "SELECT '" + table + "' AS view, to_jsonb(t)::text AS line FROM " + schema + "." + table
                        + " t WHERE tenant = ?")
                .collect(Collectors.joining(" UNION ALL "));
        return "SELECT view, line FROM (" + views + " UNION ALL SELECT 'position', position::text FROM " + schema
                + ".position WHERE tenant = ?) AS lines ORDER BY view COLLATE \"C\", line COLLATE \"C\"";
    }

    private static void update(MessageDigest digest, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
        digest.update(bytes);
    }

    private static MessageDigest newDigest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
