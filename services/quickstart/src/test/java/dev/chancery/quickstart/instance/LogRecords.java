package dev.chancery.quickstart.instance;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.database.DatabaseRole;
import dev.chancery.quickstart.InstanceAccess;
import dev.chancery.schema.EntryFrame;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.schema.log.v1.Record;
import dev.chancery.schema.log.v1.Statement;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/** What the logs of an instance have, read past all boundaries. */
public final class LogRecords {
    /** Records before a position, and how many of them calls wrote. */
    private record Counted(long next, long ofCalls) {}

    private final InstanceAccess inside;
    private final Map<String, Counted> counted = new HashMap<>();

    LogRecords(InstanceAccess inside) {
        this.inside = inside;
    }

    /**
     * How many records each tenant's log has: one that a call wrote anywhere shows. What Chancery's own processes
     * write later doesn't: an erasure's next step, or the counts of refused hosts; nor what the ledger writes once a session, that it was
     * copied.
     */
    public synchronized Map<String, Long> lengths() {
        return inside.database().transaction(DatabaseRole.RELAY, connection -> {
            Map<String, Long> lengths = new TreeMap<>();
            try (var query = connection.createStatement();
                    var rows = query.executeQuery("SELECT tenant, next_position FROM log.head")) {
                while (rows.next()) {
                    lengths.put(rows.getString(1), rows.getLong(2));
                }
            }
            for (var head : lengths.entrySet()) {
                Counted known = counted.getOrDefault(head.getKey(), new Counted(0, 0));
                if (known.next() < head.getValue()) {
                    long more = ofCalls(connection, head.getKey(), known.next(), head.getValue());
                    known = new Counted(head.getValue(), known.ofCalls() + more);
                    counted.put(head.getKey(), known);
                }
                head.setValue(known.ofCalls());
            }
            return lengths;
        });
    }

    private static long ofCalls(Connection connection, String tenant, long from, long to) throws SQLException {
        try (var query = connection.prepareStatement("SELECT record FROM log.record"
                + " WHERE tenant = ? AND position >= ? AND position < ?"
                + " AND feature <> 'ledger' AND NOT 'chancery.egress.v1.HostDenied' = ANY (event_types)")) {
            query.setString(1, tenant);
            query.setLong(2, from);
            query.setLong(3, to);
            long count = 0;
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    count += statement(rows.getBytes(1)).getActor().getType() == ActorType.ACTOR_TYPE_SYSTEM ? 0 : 1;
                }
            }
            return count;
        }
    }

    /** What a record of PostgreSQL's says. */
    public static Statement statement(byte[] record) {
        try {
            byte[] entry = Record.parseFrom(record).getEntry().toByteArray();
            int length = EntryFrame.of(entry).statementBytes();
            return Statement.parseFrom(ByteString.copyFrom(entry, 1, length));
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }
}
