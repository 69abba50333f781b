package dev.chancery.relay;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import java.util.ArrayList;
import java.util.List;

/** Serves {@code relay.republish_request}. */
final class Republishing {
    /** Requests served between two looks at everything else. */
    private static final int MAX_AT_ONCE = 16;

    private record Request(long id, String tenant, long from, long to) {}

    private final Database database;
    private final Publisher publisher;

    Republishing(Database database, Publisher publisher) {
        this.database = database;
        this.publisher = publisher;
    }

    void serve() {
        for (Request request : oldest()) {
            publisher.republish(request.tenant(), request.from(), request.to());
            remove(request);
        }
    }

    private List<Request> oldest() {
        return database.transaction(DatabaseRole.RELAY, connection -> {
            var requests = new ArrayList<Request>();
            try (var query = connection.prepareStatement(
                    "SELECT id, tenant, from_position, to_position FROM relay.republish_request ORDER BY id LIMIT ?")) {
                query.setInt(1, MAX_AT_ONCE);
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        requests.add(new Request(rows.getLong(1), rows.getString(2), rows.getLong(3), rows.getLong(4)));
                    }
                }
            }
            return requests;
        });
    }

    private void remove(Request request) {
        database.transaction(DatabaseRole.RELAY, connection -> {
            try (var delete = connection.prepareStatement("DELETE FROM relay.republish_request WHERE id = ?")) {
                delete.setLong(1, request.id());
                return delete.executeUpdate();
            }
        });
    }
}
