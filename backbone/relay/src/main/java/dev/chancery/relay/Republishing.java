package dev.chancery.relay;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Serves {@code relay.republish_request}: sends a tenant's records again from the position asked for up to whatever Kafka has had by
 * then, so that what a projection dropped behind a gap comes again behind what it missed.
 */
final class Republishing {
    /** @param id another one once the request was made again or was served in part */
    private record Request(long id, String tenant, long from) {}

    private final Database database;
    private final Publisher publisher;

    Republishing(Database database, Publisher publisher) {
        this.database = database;
        this.publisher = publisher;
    }

    /**
     * Serves the oldest request, or a batch of it; the rest queues up behind the other requests.
     *
     * @return whether there is more to serve
     */
    boolean serve() {
        Optional<Request> oldest = oldest();
        oldest.ifPresent(request -> {
            OptionalLong next = publisher.republish(request.tenant(), request.from());
            if (next.isPresent()) {
                change(request, "UPDATE relay.republish_request SET id = DEFAULT, from_position = " + next.getAsLong());
            } else {
                change(request, "DELETE FROM relay.republish_request");
            }
        });
        return oldest.isPresent();
    }

    private Optional<Request> oldest() {
        return database.transaction(DatabaseRole.RELAY, connection -> {
            try (var query = connection.prepareStatement(
                            "SELECT id, tenant, from_position FROM relay.republish_request ORDER BY id LIMIT 1");
                    var rows = query.executeQuery()) {
                return rows.next()
                        ? Optional.of(new Request(rows.getLong(1), rows.getString(2), rows.getLong(3)))
                        : Optional.empty();
            }
        });
    }

    /** A request that was made again meanwhile has another id: it stays as it is, and is served from its beginning. */
    private void change(Request request, String statement) {
        database.transaction(DatabaseRole.RELAY, connection -> {
            try (var change = connection.prepareStatement(statement + " WHERE id = ?")) {
                change.setLong(1, request.id());
                return change.executeUpdate();
            }
        });
    }
}
