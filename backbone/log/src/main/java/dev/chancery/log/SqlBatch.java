package dev.chancery.log;

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
final class SqlBatch {
    /** A value for one {@code ?}. */
    @FunctionalInterface
    interface Value {
        void bind(Connection connection, PreparedStatement statement, int index) throws SQLException;
    }

    /** Takes one row of a query. */
    @FunctionalInterface
    interface Row {
        void read(ResultSet row) throws SQLException;
    }

    private static final Row IGNORED = row -> {};

    private final List<String> statements = new ArrayList<>();
    private final List<Row> readers = new ArrayList<>();
    private final List<Value> values = new ArrayList<>();

    static Value text(String value) {
        return (connection, statement, index) -> statement.setString(index, value);
    }

    static Value number(long value) {
        return (connection, statement, index) -> statement.setLong(index, value);
    }

    static <T> Value texts(Collection<T> rows, Function<T, @Nullable String> column) {
        return array("text", rows, column, String[]::new);
    }

    static <T> Value numbers(Collection<T> rows, Function<T, Long> column) {
        return array("int8", rows, column, Long[]::new);
    }

    static <T> Value blobs(Collection<T> rows, Function<T, byte @Nullable []> column) {
        return array("bytea", rows, column, byte[][]::new);
    }

    private static <T, C> Value array(
            String type, Collection<T> rows, Function<T, ? extends @Nullable C> column, IntFunction<C[]> typed) {
        C[] cells = rows.stream().map(column).toArray(typed);
        return (connection, statement, index) -> statement.setArray(index, connection.createArrayOf(type, cells));
    }

    SqlBatch query(Row reader, String sql, Value... parameters) {
        statements.add(sql);
        readers.add(reader);
        values.addAll(List.of(parameters));
        return this;
    }

    SqlBatch update(String sql, Value... parameters) {
        return query(IGNORED, sql, parameters);
    }

    /** Runs them all and hands over the queries' rows, in order. */
    void execute(Connection connection) throws SQLException {
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
