package dev.chancery.rbac;

import java.sql.Array;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Rows for one statement, sent column by column as arrays: one round trip and one plan, however many there are. */
final class Rows {
    /** A column's type. */
    enum Column {
        TEXT,
        BOOLEAN,
        INTEGER,
        BIGINT,
        UUID
    }

    private final Column[] columns;
    private final List<@Nullable Object[]> rows = new ArrayList<>();

    Rows(Column... columns) {
        this.columns = columns;
    }

    void add(@Nullable Object... values) {
        rows.add(values);
    }

    /**
     * Runs a statement whose parameters are the tenant, then the columns in order; does nothing where there are no rows.
     *
     * @param sql with {@code %1$s} for the schema
     */
    void execute(Connection connection, String tenant, String sql, String schema) throws SQLException {
        if (rows.isEmpty()) {
            return;
        }
        try (var statement = connection.prepareStatement(String.format(Locale.ROOT, sql, schema))) {
            statement.setString(1, tenant);
            for (int column = 0; column < columns.length; column++) {
                statement.setArray(2 + column, array(connection, column));
            }
            statement.executeUpdate();
        }
    }

    private Array array(Connection connection, int column) throws SQLException {
        @Nullable Object[] values = new @Nullable Object[rows.size()];
        for (int row = 0; row < values.length; row++) {
            values[row] = rows.get(row)[column];
        }
        return connection.createArrayOf(columns[column].name().toLowerCase(Locale.ROOT), values);
    }
}
