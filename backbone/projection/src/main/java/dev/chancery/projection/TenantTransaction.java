package dev.chancery.projection;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseUnavailable;
import io.quarkus.hibernate.orm.panache.Panache;
import io.quarkus.narayana.jta.QuarkusTransaction;
import java.sql.SQLException;
import java.util.concurrent.Callable;
import org.hibernate.Session;
import org.jspecify.annotations.Nullable;

/**
 * Reads a projection's tables through entities: runs queries over them in one transaction that sees the rows of one tenant. Without it a query finds nothing: row-level security is
 * forced, and the tenant stands on the connection for this transaction alone.
 */
public final class TenantTransaction {
    private TenantTransaction() {}

    /**
     * Runs the work, and answers what it does.
     *
     * @param entity any of the persistence unit's
     * @throws DatabaseUnavailable if PostgreSQL does not answer
     */
    public static <T> T in(String tenant, Class<?> entity, Callable<T> work) {
        try {
            return QuarkusTransaction.requiringNew().call(() -> {
                Panache.getEntityManager(entity)
                        .unwrap(Session.class)
                        .doWork(connection -> Database.setTenant(connection, tenant));
                return work.call();
            });
        } catch (RuntimeException e) {
            SQLException cause = sqlCause(e);
            throw cause == null ? e : new DatabaseUnavailable(cause);
        }
    }

    private static @Nullable SQLException sqlCause(Throwable thrown) {
        for (Throwable at = thrown; at != null; at = at.getCause()) {
            if (at instanceof SQLException sql) {
                return sql;
            }
        }
        return null;
    }
}
