package dev.chancery.projection;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.database.DatabaseUnavailable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Answers {@code relay.republish_request} from the records that a test has sent, where the test has no log for the relay to read. */
final class Republisher implements AutoCloseable {
    private final Database database;
    private final Records records;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread thread = Thread.ofPlatform().name("republisher").unstarted(this::run);

    Republisher(Database database, Records records) {
        this.database = database;
        this.records = records;
        thread.start();
    }

    private void run() {
        try {
            while (!closed.await(20, TimeUnit.MILLISECONDS)) {
                try {
                    serve();
                } catch (DatabaseUnavailable e) {
                    // A test has killed it: it comes back.
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void serve() {
        database.transaction(DatabaseRole.RELAY, connection -> {
            var rows = connection
                    .createStatement()
                    .executeQuery("SELECT id, tenant, from_position FROM relay.republish_request");
            while (rows.next()) {
                if (records.republish(rows.getString(2), rows.getLong(3))) {
                    var delete = connection.prepareStatement("DELETE FROM relay.republish_request WHERE id = ?");
                    delete.setLong(1, rows.getLong(1));
                    delete.executeUpdate();
                }
            }
            return true;
        });
    }

    @Override
    public void close() {
        closed.countDown();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
