package dev.chancery.database;

import io.agroal.api.AgroalDataSource;
import io.agroal.api.configuration.AgroalConnectionFactoryConfiguration.TransactionIsolation;
import io.agroal.api.configuration.AgroalConnectionPoolConfiguration.ConnectionValidator;
import io.agroal.api.configuration.supplier.AgroalConnectionFactoryConfigurationSupplier;
import io.agroal.api.configuration.supplier.AgroalDataSourceConfigurationSupplier;
import io.agroal.api.exceptionsorter.PostgreSQLExceptionSorter;
import io.agroal.api.security.NamePrincipal;
import io.agroal.api.security.SimplePassword;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import javax.sql.DataSource;

/** The pools of a process without Quarkus (migrations, replay, tests): one a role, opened when it is first asked for. */
final class Pools implements Function<DatabaseRole, DataSource>, AutoCloseable {
    private final DatabaseAccess access;
    private final int size;
    private final Map<DatabaseRole, AgroalDataSource> open = new HashMap<>();

    Pools(DatabaseAccess access, int size) {
        this.access = access;
        this.size = size;
    }

    @Override
    public synchronized DataSource apply(DatabaseRole role) {
        return open.computeIfAbsent(role, this::open);
    }

    private AgroalDataSource open(DatabaseRole role) {
        var configuration = new AgroalDataSourceConfigurationSupplier()
                .connectionPoolConfiguration(pool -> pool.initialSize(0)
                        .minSize(0)
                        .maxSize(size)
                        .acquisitionTimeout(Database.ACQUIRE_TIMEOUT)
                        .reapTimeout(Duration.ofMinutes(2))
                        .idleValidationTimeout(Duration.ofSeconds(5))
                        // Without a validator there is nothing that the timeout would start.
                        .connectionValidator(ConnectionValidator.defaultValidator())
                        // Otherwise a connection that broke is handed out again, for as long as somebody keeps asking.
                        .exceptionSorter(new PostgreSQLExceptionSorter())
                        .connectionFactoryConfiguration(factory -> signIn(factory, role)));
        try {
            return AgroalDataSource.from(configuration);
        } catch (SQLException e) {
            throw new DatabaseUnavailable(e);
        }
    }

    private AgroalConnectionFactoryConfigurationSupplier signIn(
            AgroalConnectionFactoryConfigurationSupplier factory, DatabaseRole role) {
        factory.jdbcUrl(access.jdbcUrl())
                .jdbcTransactionIsolation(TransactionIsolation.READ_COMMITTED)
                .principal(new NamePrincipal(role.roleName()));
        access.credentials().apply(role).forEach((name, value) -> {
            if (name.equals("password")) {
                factory.credential(new SimplePassword(value));
            } else {
                factory.jdbcProperty(name, value);
            }
        });
        return factory;
    }

    @Override
    public synchronized void close() {
        open.values().forEach(AgroalDataSource::close);
        open.clear();
    }
}
