package dev.chancery.ledger;

import java.sql.Connection;
import java.sql.SQLException;

/**
 * What a tenant's tree has come to in a schema, the live one or one that was rebuilt.
 *
 * @param size entries; 0 when there is no tree
 * @param root in hexadecimal
 */
public record TreeHead(long size, String root) {
    /** The root of the tree as it stands, signed or not. */
    public static TreeHead of(Connection connection, String schema, String tenant) throws SQLException {
        return new LedgerTables(schema).treeHead(connection, tenant);
    }
}
