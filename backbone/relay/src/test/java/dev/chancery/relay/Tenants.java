package dev.chancery.relay;

import com.google.protobuf.ByteString;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.keyring.Signer;
import dev.chancery.schema.EntryFrame;
import dev.chancery.schema.log.v1.Intent;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Record;
import dev.chancery.schema.log.v1.Statement;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.UnaryOperator;

/** Appends to tenants' logs by SQL, as the role of a feature; the signatures are zeros. */
final class Tenants {
    private final Database database;

    Tenants(Database database) {
        this.database = database;
    }

    void begin(String... tenants) {
        for (String tenant : tenants) {
            database.inTenant(DatabaseRole.IDENTITY, tenant, connection -> {
                try (var insert = connection.prepareStatement("INSERT INTO log.head VALUES (?, 0, 0)")) {
                    insert.setString(1, tenant);
                    return insert.executeUpdate();
                }
            });
        }
    }

    /** Appends {@code count} records in one transaction; answers the last one's position. */
    long append(String tenant, int count) {
        return database.inTenant(DatabaseRole.IDENTITY, tenant, connection -> append(connection, tenant, count));
    }

    static long append(Connection connection, String tenant, int count) throws SQLException {
        long first;
        try (var lock = connection.prepareStatement("SELECT next_position FROM log.head WHERE tenant = ? FOR UPDATE")) {
            lock.setString(1, tenant);
            var row = lock.executeQuery();
            row.next();
            first = row.getLong(1);
        }
        try (var insert = connection.prepareStatement("INSERT INTO log.record VALUES (?, ?, 'identity', '{}', ?)")) {
            for (long position = first; position < first + count; position++) {
                insert.setString(1, tenant);
                insert.setLong(2, position);
                insert.setBytes(3, record(tenant, position, "test"));
                insert.addBatch();
            }
            insert.executeBatch();
        }
        try (var move = connection.prepareStatement("UPDATE log.head SET next_position = ? WHERE tenant = ?")) {
            move.setLong(1, first + count);
            move.setString(2, tenant);
            move.executeUpdate();
        }
        return first + count - 1;
    }

    /** A record that nobody signed. Even positions are intents, odd ones outcomes. */
    static byte[] record(String tenant, long position, String requestId) {
        return record(tenant, position, requestId, 0, signed -> new byte[EntryFrame.SIGNATURE_BYTES]);
    }

    /** The same, signed by a source of the installation. */
    static byte[] signed(Signer source, String tenant, long position, String requestId) {
        return record(tenant, position, requestId, source.verifierKey().keyId(), source::sign);
    }

    private static byte[] record(
            String tenant, long position, String requestId, int sourceKey, UnaryOperator<byte[]> signature) {
        var statement = Statement.newBuilder()
                .setOrigin("ch-test/" + tenant)
                .setPosition(position)
                .setRequestId(requestId)
                .setFeature("identity")
                .setSourceKey(sourceKey);
        if (position % 2 == 0) {
            statement.setIntent(Intent.getDefaultInstance());
        } else {
            statement.setOutcome(Outcome.getDefaultInstance());
        }
        ByteString signed =
                ByteString.copyFrom(new byte[] {1}).concat(statement.build().toByteString());
        ByteString entry = signed.concat(ByteString.copyFrom(signature.apply(signed.toByteArray())));
        return Record.newBuilder().setEntry(entry).build().toByteArray();
    }
}
