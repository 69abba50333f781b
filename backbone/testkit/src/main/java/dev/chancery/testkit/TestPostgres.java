package dev.chancery.testkit;

import java.sql.Connection;
import java.sql.SQLException;

/** The PostgreSQL behind the tests, wherever it runs. */
public interface TestPostgres extends AutoCloseable {
    /** On the loopback; the same after {@link #restart}. */
    int port();

    /** A connection of the superuser's, with auto-commit on; the caller closes it. */
    Connection superuser(String database) throws SQLException;

    /** Ends all its processes with SIGKILL, as a crash would. */
    void kill();

    /** Starts it again, and returns when it serves. */
    void restart();

    /** Its process id; 0 where that is not one of this machine's. */
    long pid();

    @Override
    void close();
}
