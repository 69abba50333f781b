package dev.chancery.log;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.schema.log.v1.Record;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** A log's entries, byte for byte as they were signed: what a proof of inclusion has as extra data. */
public final class LogEntries {
    private final Database database;
    private final DatabaseRole role;

    public LogEntries(Database database, DatabaseRole role) {
        this.database = database;
        this.role = role;
    }

    public ByteString entry(String tenant, long position) {
        return entries(tenant, Set.of(position)).values().iterator().next();
    }

    /**
     * By position.
     *
     * @throws IllegalStateException if the log lacks one of the positions
     */
    public SortedMap<Long, ByteString> entries(String tenant, Set<Long> positions) {
        SortedMap<Long, ByteString> entries = database.inTenant(role, tenant, connection -> {
            var found = new TreeMap<Long, ByteString>();
            try (var query = connection.prepareStatement(
                    "SELECT position, record FROM log.record WHERE tenant = ? AND position = ANY (?)")) {
                query.setString(1, tenant);
                query.setArray(2, connection.createArrayOf("bigint", positions.toArray()));
                try (var row = query.executeQuery()) {
                    while (row.next()) {
                        found.put(
                                row.getLong(1),
                                Record.parseFrom(row.getBytes(2)).getEntry());
                    }
                }
            } catch (InvalidProtocolBufferException e) {
                throw new IllegalStateException("a record of the log does not parse", e);
            }
            return found;
        });
        if (!entries.keySet().containsAll(positions)) {
            throw new IllegalStateException("the log lacks some of the positions " + positions);
        }
        return entries;
    }
}
