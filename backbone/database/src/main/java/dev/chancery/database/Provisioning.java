package dev.chancery.database;

import dev.chancery.database.DatabaseRole.Group;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collection;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.postgresql.PGConnection;

/**
 * What an administrator of PostgreSQL does once, before Chancery starts: the database and its roles. Idempotent. The quick start
 * and the tests run it; an installation's own administrator runs the same statements by hand (docs/reference/postgresql.md).
 */
public final class Provisioning {
    private Provisioning() {}

    /** Creates the database where it is missing. The connection is a superuser's, on any database, with auto-commit on. */
    public static void createDatabase(Connection superuser, String name) throws SQLException {
        try (var statement = superuser.createStatement()) {
            try (var found =
                    statement.executeQuery("SELECT 1 FROM pg_database WHERE datname = '" + quoted(name) + "'")) {
                if (found.next()) {
                    return;
                }
            }
            statement.execute("CREATE DATABASE \"" + quoted(name) + "\"");
        }
    }

    /**
     * Creates the groups and these roles, puts each role into its groups and sets its password. The connection is a superuser's, on
     * Chancery's database, auto-commit on.
     */
    public static void createRoles(
            Connection superuser,
            String database,
            Collection<DatabaseRole> roles,
            Function<DatabaseRole, String> passwords)
            throws SQLException {
        try (var statement = superuser.createStatement()) {
            for (Group group : Group.values()) {
                createIfMissing(statement, group.roleName(), "NOLOGIN", "NOREPLICATION");
            }
            for (DatabaseRole role : roles) {
                createIfMissing(
                        statement,
                        role.roleName(),
                        "LOGIN",
                        role.equals(DatabaseRole.RELAY) ? "REPLICATION" : "NOREPLICATION");
                // Hashed here, so that the password is in no statement and in no log of the server.
                superuser
                        .unwrap(PGConnection.class)
                        .alterUserPassword(
                                role.roleName(), passwords.apply(role).toCharArray(), "scram-sha-256");
            }
            statement.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC");
            for (DatabaseRole role : roles) {
                for (Group group : role.groups()) {
                    statement.execute("GRANT " + group.roleName() + " TO " + role.roleName());
                }
            }
        }
        admitRoles(superuser, database, roles);
    }

    /**
     * Lets these roles, which exist, into the database, and nobody else: {@link #createRoles} does it too. The connection is a
     * superuser's, on any database, auto-commit on.
     */
    public static void admitRoles(Connection superuser, String database, Collection<DatabaseRole> roles)
            throws SQLException {
        String named = "DATABASE \"" + quoted(database) + "\"";
        try (var statement = superuser.createStatement()) {
            statement.execute("REVOKE ALL ON " + named + " FROM PUBLIC");
            statement.execute("GRANT CONNECT ON " + named + " TO "
                    + roles.stream().map(DatabaseRole::roleName).collect(Collectors.joining(", ")));
            statement.execute("GRANT CREATE ON " + named + " TO " + DatabaseRole.OWNER.roleName());
        }
    }

    private static void createIfMissing(Statement statement, String role, String login, String replication)
            throws SQLException {
        try (var found = statement.executeQuery("SELECT 1 FROM pg_roles WHERE rolname = '" + role + "'")) {
            if (found.next()) {
                return;
            }
        }
        statement.execute("CREATE ROLE " + role + " NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS INHERIT " + login
                + " " + replication);
    }

    private static String quoted(String name) {
        if (!name.matches("[a-z_]{1,63}")) {
            throw new IllegalArgumentException("a database's name has 1 to 63 lower-case letters and underscores");
        }
        return name;
    }
}
