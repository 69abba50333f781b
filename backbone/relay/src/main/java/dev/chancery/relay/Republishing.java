package dev.chancery.relay;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;

/** Serves {@code relay.republish_request}. */
final class Republishing {
    private record Request(long id, String tenant, long from, long to) {}

    private final Database database;
    private final Publisher publisher;

    Republishing(Database database, Publisher publisher) {
        this.database = database;
        this.publisher = publisher;
    }

    /**
     * Serves the oldest request, or a batch of it, so that everything else has its turn.
     *
     * @return whether there is more to serve
     */
    boolean serve() {
        Optional<Request> oldest = oldest();
        oldest.ifPresent(request -> {
            long next = publisher.republish(request.tenant(), request.from(), request.to());
            if (next > request.to()) {
                remove(request);
            } else {
                shorten(request, next);
            }
        });
        return oldest.isPresent();
    }

    private Optional<Request> oldest() {
        return database.transaction(DatabaseRole.RELAY, connection -> {
            try (var query = connection.prepareStatement(
                            "SELECT id, tenant, from_position, to_position FROM relay.republish_request ORDER BY id LIMIT 1");
                    var rows = query.executeQuery()) {
                return rows.next()
                        ? Optional.of(new Request(rows.getLong(1), rows.getString(2), rows.getLong(3), rows.getLong(4)))
                        : Optional.empty();
            }
        });
    }

    /** Somebody may have asked for exactly the rest meanwhile: then that request stands for it. */
    private void shorten(Request request, long next) {
        database.transaction(DatabaseRole.RELAY, connection -> {
            try (var update = connection.prepareStatement("UPDATE relay.republish_request SET from_position = ?"
                    + " WHERE id = ? AND NOT EXISTS (SELECT FROM relay.republish_request"
                    + " WHERE tenant = ? AND from_position = ? AND to_position = ?)")) {
                update.setLong(1, next);
                update.setLong(2, request.id());
                update.setString(3, request.tenant());
                update.setLong(4, next);
                update.setLong(5, request.to());
                if (update.executeUpdate() == 0) {
                    return delete(connection, request);
                }
            }
            return 0;
        });
    }

    private void remove(Request request) {
        database.transaction(DatabaseRole.RELAY, connection -> delete(connection, request));
    }

    private static int delete(Connection connection, Request request) throws SQLException {
        try (var delete = connection.prepareStatement("DELETE FROM relay.republish_request WHERE id = ?")) {
            delete.setLong(1, request.id());
            return delete.executeUpdate();
        }
    }
}
