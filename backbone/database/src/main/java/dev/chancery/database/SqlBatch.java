package dev.chancery.database;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * SQL statements that go to PostgreSQL together, in one round trip, each with its values and, for a query, whoever takes its rows.
 * They run in order; each sees what was committed before it began. The first that fails fails them all.
 *
 * <p>Rows travel as one array a column, so that the SQL is the same for one row and for a hundred, and is prepared once.
 */
public final class SqlBatch {
    /** A value for one {@code ?}. */
    @FunctionalInterface
    public interface Value {
        void bind(Connection connection, PreparedStatement statement, int index) throws SQLException;
    }

    /** Takes one row of a query. */
    @FunctionalInterface
    public interface Row {
        void read(ResultSet row) throws SQLException;
    }

    /**
     * Settings of a transaction whose statements all go by keys: planned once, since planning anew for each length of array costs more
     * than the work, and by an index scan, whatever a table looks like at that moment. While a table is small PostgreSQL would rather
     * read all of it, and keep to that when it has grown, or is full of rows that were deleted.
     */
    public static final String BY_KEYS = "set_config('plan_cache_mode', 'force_generic_plan', true),"
            + " set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)";

    private static final Row IGNORED = row -> {};

    private final List<String> statements = new ArrayList<>();
    private final List<Row> readers = new ArrayList<>();
    private final List<Value> values = new ArrayList<>();

    public static Value text(String value) {
        return (connection, statement, index) -> statement.setString(index, value);
    }

    public static Value number(long value) {
        return (connection, statement, index) -> statement.setLong(index, value);
    }

    public static Value blob(byte[] value) {
        return (connection, statement, index) -> statement.setBytes(index, value);
    }

    public static <T> Value texts(Collection<T> rows, Function<T, @Nullable String> column) {
        return array("text", rows, column, String[]::new);
    }

    public static <T> Value numbers(Collection<T> rows, Function<T, Long> column) {
        return array("int8", rows, column, Long[]::new);
    }

    public static <T> Value blobs(Collection<T> rows, Function<T, byte @Nullable []> column) {
        return array("bytea", rows, column, byte[][]::new);
    }

    private static <T, C> Value array(
            String type, Collection<T> rows, Function<T, ? extends @Nullable C> column, IntFunction<C[]> typed) {
        C[] cells = rows.stream().map(column).toArray(typed);
        return (connection, statement, index) -> statement.setArray(index, connection.createArrayOf(type, cells));
    }

    public SqlBatch query(Row reader, String sql, Value... parameters) {
        statements.add(sql);
        readers.add(reader);
        values.addAll(List.of(parameters));
        return this;
    }

    public SqlBatch update(String sql, Value... parameters) {
        return query(IGNORED, sql, parameters);
    }

    SqlBatch then(SqlBatch others) {
        statements.addAll(others.statements);
        readers.addAll(others.readers);
        values.addAll(others.values);
        return this;
    }

    /** Runs them all and hands over the queries' rows, in order. */
    public void execute(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(String.join(";\n", statements))) {
            int index = 1;
            for (Value value : values) {
                value.bind(connection, statement, index++);
            }
            statement.execute();
            for (Row reader : readers) {
                try (ResultSet rows = statement.getResultSet()) {
                    while (rows != null && rows.next()) {
                        reader.read(rows);
                    }
                }
                statement.getMoreResults();
            }
        }
    }
}
