package dev.chancery.database;

import io.agroal.api.AgroalDataSource;
import io.agroal.api.configuration.AgroalConnectionFactoryConfiguration.TransactionIsolation;
import io.agroal.api.configuration.AgroalConnectionPoolConfiguration.ConnectionValidator;
import io.agroal.api.configuration.supplier.AgroalDataSourceConfigurationSupplier;
import io.agroal.api.exceptionsorter.PostgreSQLExceptionSorter;
import io.agroal.api.security.NamePrincipal;
import io.agroal.api.security.SimplePassword;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;

/**
 * One PostgreSQL database, reached as several roles.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@code poolSize} connections a role, {@code ACQUIRE_TIMEOUT} to wait for one.
 */
public final class Database implements AutoCloseable {
    /** How long a caller waits for a free connection before its operation fails. */
    public static final Duration ACQUIRE_TIMEOUT = Duration.ofSeconds(5);

    /** Answers a role's password. Called when a connection is made, so that a rotated one is picked up. */
    @FunctionalInterface
    public interface Passwords {
        String passwordOf(DatabaseRole role);
    }

    /** Work on a connection; its transaction is committed when it returns and rolled back when it throws. */
    @FunctionalInterface
    public interface Work<T> {
        T run(Connection connection) throws SQLException;
    }

    private final String host;
    private final int port;
    private final String name;
    private final Passwords passwords;
    private final int poolSize;
    private final Map<DatabaseRole, AgroalDataSource> pools = new EnumMap<>(DatabaseRole.class);

    /** @param poolSize connections a role at most */
    public Database(String host, int port, String name, Passwords passwords, int poolSize) {
        this.host = host;
        this.port = port;
        this.name = name;
        this.passwords = passwords;
        this.poolSize = poolSize;
    }

    public String host() {
        return host;
    }

    public int port() {
        return port;
    }

    public String name() {
        return name;
    }

    /** Connections a role at most. */
    public int poolSize() {
        return poolSize;
    }

    public String passwordOf(DatabaseRole role) {
        return passwords.passwordOf(role);
    }

    public String jdbcUrl() {
        // A statement that waits for ever would hold the tenant's head lock for ever: sockets have a deadline.
        // The detail of a server's error repeats the row that it refused: values don't get into exceptions.
        return ("jdbc:postgresql://%s:%d/%s?socketTimeout=30&connectTimeout=5&tcpKeepAlive=true&reWriteBatchedInserts=true"
                        + "&logServerErrorDetail=false")
                .formatted(host, port, name);
    }

    /** The pool of a role; auto-commit is off. */
    public synchronized DataSource as(DatabaseRole role) {
        return pools.computeIfAbsent(role, this::open);
    }

    private AgroalDataSource open(DatabaseRole role) {
        var configuration = new AgroalDataSourceConfigurationSupplier()
                .connectionPoolConfiguration(pool -> pool.initialSize(0)
                        .minSize(0)
                        .maxSize(poolSize)
                        .acquisitionTimeout(ACQUIRE_TIMEOUT)
                        .reapTimeout(Duration.ofMinutes(2))
                        .idleValidationTimeout(Duration.ofSeconds(5))
                        // Without a validator there is nothing that the timeout would start.
                        .connectionValidator(ConnectionValidator.defaultValidator())
                        // Otherwise a connection that broke is handed out again, for as long as somebody keeps asking.
                        .exceptionSorter(new PostgreSQLExceptionSorter())
                        .connectionFactoryConfiguration(factory -> factory.jdbcUrl(jdbcUrl())
                                .autoCommit(false)
                                .jdbcTransactionIsolation(TransactionIsolation.READ_COMMITTED)
                                .principal(new NamePrincipal(role.roleName()))
                                .credential(new SimplePassword(passwords.passwordOf(role)))));
        try {
            return AgroalDataSource.from(configuration);
        } catch (SQLException e) {
            throw new DatabaseUnavailable(e);
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
        try (Connection connection = as(role).getConnection()) {
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
                .dataSource(as(DatabaseRole.OWNER))
                .schemas(asSchema)
                .createSchemas(true)
                .locations("classpath:db/" + schema)
                .table("schema_history")
                .load()
                .migrate();
    }

    @Override
    public synchronized void close() {
        pools.values().forEach(AgroalDataSource::close);
        pools.clear();
    }
}
