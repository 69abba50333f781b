package dev.chancery.database;

import java.sql.SQLException;

/** PostgreSQL could not be reached, or refused a statement. Its message holds no SQL and no values. */
public final class DatabaseUnavailable extends RuntimeException {
    private static final long serialVersionUID = 1;

    public DatabaseUnavailable(SQLException cause) {
        super("PostgreSQL failed with SQLSTATE " + cause.getSQLState(), cause);
    }

    /** The SQLSTATE, e.g. {@code 23505}; null when the failure had none. */
    public @org.jspecify.annotations.Nullable String sqlState() {
        return getCause() instanceof SQLException cause ? cause.getSQLState() : null;
    }
}
