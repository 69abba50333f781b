package dev.chancery.projection;

import dev.chancery.database.DatabaseRole;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/**
 * Builds a view from the log. It has no clock, no randomness and no keys: the same records give the same rows.
 *
 * <p>Its schema's migration makes its tables with {@code projection.make}, which adds {@code position} (one row a tenant) and {@code offset} (one row a partition).
 */
public interface Projection {
    /** Name in metrics, logs and the consumer group, e.g. {@code rbac}. */
    String name();

    /** Writes the schema's tables. */
    DatabaseRole role();

    /** Holds the view's tables and its {@code position} and {@code offset} tables. */
    String schema();

    /** The schema's tables that hold what was projected, all with a column {@code tenant}; at least one. */
    List<String> tables();

    /**
     * What {@code replay} compares: two that applied the same records have the same.
     *
     * @param connection one that sees the tenant's rows, in a transaction
     */
    default ViewHash contents(Connection connection, String tenant) throws SQLException {
        return ViewHash.of(connection, this, tenant);
    }

    /**
     * Applies a dense, non-empty run of one tenant's records; the first is at the last applied position plus one. The connection's
     * tenant is set, and what is written commits together with the position or not at all.
     *
     * @throws ForkFound when a record contradicts one that was applied: the tenant stops
     */
    void apply(Connection connection, String tenant, List<LogRecord> run) throws SQLException;

    /**
     * Called for a signed record at or below the last applied position. It is compared with the one that is committed at its position.
     *
     * @throws ForkFound when it isn't the same record: the tenant stops
     */
    default void seenAgain(Connection connection, LogRecord record) throws SQLException {
        PositionTable.compareWithLog(connection, record);
    }

    /**
     * Called after a commit, outside of any transaction. It may be called again with the same position: after a restart, and after it
     * threw.
     */
    default void committed(String tenant, long position) {}
}
