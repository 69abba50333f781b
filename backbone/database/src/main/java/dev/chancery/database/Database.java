package dev.chancery.database;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;

/**
 * One PostgreSQL database, reached as several roles: the only way to it.
 *
 * <pre>{@code
 * database.inTenant(role, tenant, connection -> { ... read and write this tenant's rows ... });
 * }</pre>
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@code poolSize} connections a role, {@code ACQUIRE_TIMEOUT} to wait for one.
 */
public final class Database implements AutoCloseable {
    /** How long a caller waits for a free connection before its operation fails. */
    public static final Duration ACQUIRE_TIMEOUT = Duration.ofSeconds(5);

    /** SQLSTATE: the client could not establish the connection. */
    private static final String CANNOT_CONNECT = "08001";

    /** SQLSTATE: the server is starting up, or going down. */
    private static final String STARTING = "57P03";

    private static final Duration REACH_INTERVAL = Duration.ofMillis(200);

    /** Work on a connection; its transaction is committed when it returns and rolled back when it throws. */
    @FunctionalInterface
    public interface Work<T> {
        T run(Connection connection) throws SQLException;
    }

    private final DatabaseAccess access;
    private final int poolSize;
    private final Function<DatabaseRole, ? extends DataSource> pools;

    /**
     * @param poolSize connections a role at most, as {@code pools} has it
     * @param pools a role's pool; throws for a role that this process does not hold. Whoever made them closes them
     */
    public Database(DatabaseAccess access, int poolSize, Function<DatabaseRole, ? extends DataSource> pools) {
        this.access = access;
        this.poolSize = poolSize;
        this.pools = pools;
    }

    /** For a process without Quarkus: with pools of its own, which {@link #close} closes. */
    public static Database pooled(DatabaseAccess access, int poolSize) {
        return new Database(access, poolSize, new Pools(access, poolSize));
    }

    /**
     * Waits until PostgreSQL lets a role in: for a start, where it may start itself, or where the first connection of a busy machine takes its
     * time.
     *
     * @throws DatabaseUnavailable if it has not answered by then, or at once if it refuses
     */
    public void awaitReachable(DatabaseRole role, Duration atMost) {
        long begun = System.nanoTime();
        while (true) {
            try (Connection connection = connection(role)) {
                connection.rollback();
                return;
            } catch (SQLException e) {
                if (!isUnreachable(e) || System.nanoTime() - begun >= atMost.toNanos()) {
                    throw new DatabaseUnavailable(e);
                }
            }
            LockSupport.parkNanos(REACH_INTERVAL.toNanos());
        }
    }

    /** It isn't there, doesn't answer in time, or is starting. Not: it refuses the role. */
    private static boolean isUnreachable(SQLException e) {
        String state = e.getSQLState();
        return state == null || state.startsWith("08") || state.equals(STARTING);
    }

    /** How to reach it, for a connection of no pool. */
    public DatabaseAccess access() {
        return access;
    }

    public String name() {
        return access.name();
    }

    /** Connections a role at most. */
    public int poolSize() {
        return poolSize;
    }

    /** A connection of a role's pool, with auto-commit off; the caller closes it. */
    public Connection connection(DatabaseRole role) throws SQLException {
        Connection connection = connection(pools.apply(role));
        try {
            connection.setAutoCommit(false);
            return connection;
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    /** A pool that gives up on a server which doesn't answer interrupts its own attempt, and passes on what that throws. */
    private static Connection connection(DataSource pool) throws SQLException {
        try {
            return pool.getConnection();
        } catch (RuntimeException e) {
            throw new SQLTransientConnectionException("no connection in time", CANNOT_CONNECT, e);
        }
    }

    /** Runs work in one transaction that sees and writes the rows of {@code tenant} alone. */
    public <T> T inTenant(DatabaseRole role, String tenant, Work<T> work) {
        return transaction(role, connection -> {
            setTenant(connection, tenant);
            return work.run(connection);
        });
    }

    /**
     * Runs statements in one transaction that sees and writes the rows of {@code tenant} alone, its end included in one round trip. For
     * statements that go by keys: they are planned once.
     */
    public void atOnce(DatabaseRole role, String tenant, SqlBatch statements) {
        var all = new SqlBatch()
                .update("SELECT set_config('chancery.tenant', ?, true), " + SqlBatch.BY_KEYS, SqlBatch.text(tenant))
                .then(statements)
                .update("COMMIT");
        transaction(role, connection -> {
            all.execute(connection);
            return true;
        });
    }

    /** Runs work in one transaction with no tenant set: only tables and policies that span tenants answer. */
    public <T> T transaction(DatabaseRole role, Work<T> work) {
        try (Connection connection = connection(role)) {
            try {
                T result = work.run(connection);
                connection.commit();
                return result;
            } catch (SQLException | RuntimeException | Error e) {
                rollback(connection, e);
                throw e;
            }
        } catch (SQLException e) {
            throw new DatabaseUnavailable(e);
        }
    }

    /** Binds the connection's current transaction to a tenant; it is unbound when the transaction ends. */
    public static void setTenant(Connection connection, String tenant) throws SQLException {
        try (var statement = connection.prepareStatement("SELECT set_config('chancery.tenant', ?, true)")) {
            statement.setString(1, tenant);
            statement.execute();
        }
    }

    private static void rollback(Connection connection, Throwable cause) {
        try {
            connection.rollback();
        } catch (SQLException e) {
            cause.addSuppressed(e);
        }
    }

    /** Brings a schema to this version: runs {@code db/<schema>/V*.sql} from the class path as the owner. */
    public void migrate(String schema) {
        migrate(schema, schema);
    }

    /**
     * Makes the tables of {@code schema} in a schema of another name, to be filled anew beside the live one. Only for migrations that
     * name no schema: they run with {@code asSchema} as their search path.
     */
    public void migrate(String schema, String asSchema) {
        Flyway.configure()
                .dataSource(pools.apply(DatabaseRole.OWNER))
                .schemas(asSchema)
                .createSchemas(true)
                .locations("classpath:db/" + schema)
                .table("schema_history")
                .load()
                .migrate();
    }

    @Override
    public void close() {
        if (pools instanceof Pools own) {
            own.close();
        }
    }
}
