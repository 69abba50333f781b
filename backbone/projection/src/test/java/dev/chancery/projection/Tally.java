package dev.chancery.projection;

import dev.chancery.database.DatabaseRole;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A view that lists what it was given; a second of the same position breaks its primary key. */
final class Tally implements Projection {
    private final String schema;
    private final DatabaseRole role;
    final AtomicInteger again = new AtomicInteger();
    final Map<String, Long> committed = new ConcurrentHashMap<>();
    /** Thrown after rows were written. */
    volatile RuntimeException failure;
    /** Only this tenant's. */
    volatile String failing = "";

    Tally(String schema, DatabaseRole role) {
        this.schema = schema;
        this.role = role;
    }

    @Override
    public String name() {
        return schema.replace('_', '-');
    }

    @Override
    public DatabaseRole role() {
        return role;
    }

    @Override
    public String schema() {
        return schema;
    }

    @Override
    public List<String> tables() {
        return List.of("seen");
    }

    @Override
    public void apply(Connection connection, String tenant, List<LogRecord> run) throws SQLException {
        try (var insert = connection.prepareStatement("INSERT INTO " + schema + ".seen VALUES (?, ?, ?)")) {
            for (LogRecord record : run) {
                insert.setString(1, tenant);
                insert.setLong(2, record.position());
                insert.setString(3, record.statement().getRequestId());
                insert.addBatch();
            }
            insert.executeBatch();
        }
        RuntimeException thrown = failure;
        if (thrown != null && tenant.equals(failing)) {
            throw thrown;
        }
    }

    @Override
    public void seenAgain(Connection connection, LogRecord record) throws SQLException {
        again.incrementAndGet();
        try (var query = connection.prepareStatement("SELECT request_id FROM " + schema + ".seen WHERE position = ?")) {
            query.setLong(1, record.position());
            var row = query.executeQuery();
            if (!row.next() || !row.getString(1).equals(record.statement().getRequestId())) {
                throw new ForkFound(record.tenant(), record.position());
            }
        }
    }

    @Override
    public void committed(String tenant, long position) {
        committed.put(tenant, position);
    }
}
