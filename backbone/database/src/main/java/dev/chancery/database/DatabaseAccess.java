package dev.chancery.database;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Map;
import java.util.Properties;
import java.util.function.Function;

/**
 * How to reach a database: where it is, and what each role shows when it signs in.
 *
 * @param credentials a role's properties for the JDBC driver: {@code password}, {@code sslmode}, {@code sslcert} and so on. Asked anew for
 *     every connection, so that a changed password is picked up; throws for a role that this process does not hold
 */
public record DatabaseAccess(
        String host, int port, String name, Function<DatabaseRole, Map<String, String>> credentials) {

    /** Roles sign in by their passwords alone, in clear: for a server on this machine. */
    public static DatabaseAccess byPassword(
            String host, int port, String name, Function<DatabaseRole, String> passwords) {
        return new DatabaseAccess(host, port, name, role -> Map.of("password", passwords.apply(role)));
    }

    public String jdbcUrl() {
        // A statement that waits for ever would hold the tenant's head lock for ever: sockets have a deadline.
        // The detail of a server's error repeats the row that it refused: values don't get into exceptions.
        return "jdbc:postgresql://" + host + ":" + port + "/" + name
                + "?socketTimeout=30&connectTimeout=5&tcpKeepAlive=true&reWriteBatchedInserts=true"
                + "&logServerErrorDetail=false";
    }

    /** Everything the driver needs to sign in as a role, {@code user} and the secret included: never print it. */
    public Properties properties(DatabaseRole role) {
        var properties = new Properties();
        properties.setProperty("user", role.roleName());
        credentials.apply(role).forEach(properties::setProperty);
        return properties;
    }

    /** A connection of no pool, with auto-commit on, for work that keeps it: a lock, a stream. */
    public Connection connect(DatabaseRole role) throws SQLException {
        return DriverManager.getConnection(jdbcUrl(), properties(role));
    }
}
