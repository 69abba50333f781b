package dev.chancery.testkit;

import dev.chancery.embedded.EmbeddedPostgres;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * A PostgreSQL that is none of Chancery's: a database of orders, the role {@value #WRITER} that may write in it, and an administrator, {@value
 * #ADMIN}, who makes roles and is no superuser.
 */
public final class TargetPostgres implements AutoCloseable {
    public static final String ADMIN = "vault_admin";
    public static final String WRITER = "orders_writer";
    public static final String DATABASE = "orders";

    private final EmbeddedPostgres server;
    private final String adminPassword = Secrets.fresh();

    private TargetPostgres(EmbeddedPostgres server) {
        this.server = server;
    }

    /** @param directory empty, and the caller's to delete */
    public static TargetPostgres start(Path directory) {
        var target = new TargetPostgres(EmbeddedPostgres.start(directory, 0, Secrets.fresh()));
        target.execute("postgres", "CREATE DATABASE " + DATABASE);
        target.execute(
                DATABASE,
                "CREATE ROLE " + ADMIN + " LOGIN CREATEROLE PASSWORD '" + target.adminPassword + "'",
                "CREATE ROLE " + WRITER,
                "CREATE SCHEMA shop",
                "CREATE TABLE shop.item (name text)",
                "GRANT USAGE, CREATE ON SCHEMA shop TO " + WRITER,
                "GRANT SELECT, INSERT ON shop.item TO " + WRITER,
                "GRANT " + WRITER + " TO " + ADMIN + " WITH ADMIN OPTION");
        return target;
    }

    public int port() {
        return server.port();
    }

    public String adminPassword() {
        return adminPassword;
    }

    /** As the superuser. */
    public void execute(String database, String... statements) {
        try (Connection connection = server.superuser(database);
                var statement = connection.createStatement()) {
            for (String each : statements) {
                statement.execute(each);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A connection to the orders; the caller closes it. */
    public Connection signIn(String user, String password) throws SQLException {
        return DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:" + port() + "/" + DATABASE + "?loginTimeout=10", user, password);
    }

    public boolean letsIn(String user, String password) {
        try (Connection connection = signIn(user, password)) {
            return connection.isValid(5);
        } catch (SQLException e) {
            return false;
        }
    }

    /** The roles whose names begin with {@code chancery_}, in order. */
    public List<String> roles() {
        try (Connection connection = server.superuser("postgres");
                var statement = connection.createStatement();
                var rows = statement.executeQuery(
                        "SELECT rolname FROM pg_roles WHERE starts_with(rolname, 'chancery_') ORDER BY rolname")) {
            List<String> roles = new ArrayList<>();
            while (rows.next()) {
                roles.add(rows.getString(1));
            }
            return roles;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Ends all its processes with SIGKILL. */
    public void kill() {
        server.kill();
    }

    public void restart() {
        server.restart();
    }

    @Override
    public void close() {
        server.close();
    }
}
