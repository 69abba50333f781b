package dev.chancery.vault;

import dev.chancery.feature.LeaseOptions;
import dev.chancery.firewall.AddressRanges;
import dev.chancery.firewall.EgressPolicy;
import dev.chancery.firewall.Host;
import dev.chancery.firewall.Scheme;
import dev.chancery.firewall.Target;
import dev.chancery.outbound.Destinations;
import dev.chancery.outbound.NotReached;
import dev.chancery.schema.vault.v1.DatabaseConnected;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.jboss.logging.Logger;
import org.postgresql.Driver;
import org.postgresql.PGProperty;
import org.postgresql.util.PasswordUtil;

/**
 * Signs in to databases as their administrators, makes, prolongs, finds and drops roles there, and gives passwords to others.
 *
 * <p>A database is dialled where {@link Destinations} says, at the address that was looked up once. Beyond the loopback it has to show a
 * certificate for its name, and everywhere it has to know the administrator's password itself (SCRAM): it is never told it. It is told no password
 * of a role either, but what SCRAM derives from one.
 *
 * <p><b>Thread safety:</b> safe; a {@link Session} is one thread's. <b>Limits:</b> {@value #CONNECT_SECONDS} s to connect, {@value
 * #ANSWER_SECONDS} s for an answer; {@value #MAX_ROLES} roles in one database.
 *
 * <p><b>Does not promise</b> that a password leaves no trace in memory: the driver takes strings.
 */
final class TargetServer {
    static final int CONNECT_SECONDS = 3;
    static final int ANSWER_SECONDS = 5;
    static final int MAX_ROLES = 1_000;
    static final int DEFAULT_PORT = 5_432;

    private static final Logger LOG = Logger.getLogger(TargetServer.class);
    private static final int GRANTS_WITH_OPTIONS = 16;
    private static final int POLL_MILLIS = 20;
    private static final String INVALID_PASSWORD = "28P01";
    private static final String INVALID_AUTHORIZATION = "28000";
    private static final String INSUFFICIENT_PRIVILEGE = "42501";
    /** The beginnings of states that are about a connection, or a server that goes down, and about no role. */
    private static final List<String> OF_THE_SERVER = List.of("08", "53", "57", "58", "XX");

    private final Destinations destinations;
    private final Optional<Path> authorities;

    /** A role that was found; {@code over}: its own end has passed, by the database's clock. */
    record Found(RoleName name, boolean over) {}

    /** @param authorities as {@link LeaseOptions} has it */
    TargetServer(Destinations destinations, Optional<Path> authorities) {
        this.destinations = destinations;
        this.authorities = authorities;
    }

    /** Where none of its connections goes. */
    AddressRanges forbidden() {
        return destinations.forbidden();
    }

    /** @param adminPassword not kept */
    Session open(DatabaseConnected database, EgressPolicy policy, byte[] adminPassword, long nowMicros)
            throws TargetRefused {
        InetAddress address = address(database, policy, nowMicros);
        var properties = new Properties();
        PGProperty.USER.set(properties, database.getAdminName());
        PGProperty.PASSWORD.set(properties, new String(adminPassword, StandardCharsets.UTF_8));
        PGProperty.AUTHENTICATION_PLUGIN_CLASS_NAME.set(properties, ScramOnly.class.getName());
        PGProperty.SOCKET_FACTORY.set(properties, PinnedSocketFactory.class.getName());
        PGProperty.SOCKET_FACTORY_ARG.set(properties, PinnedSocketFactory.argument(address, database.getPort()));
        PGProperty.LOGIN_TIMEOUT.set(properties, ANSWER_SECONDS);
        PGProperty.SOCKET_TIMEOUT.set(properties, ANSWER_SECONDS);
        PGProperty.APPLICATION_NAME.set(properties, "chancery");
        // Who may make a function there might otherwise give it the name of one that is called here.
        PGProperty.CURRENT_SCHEMA.set(properties, "pg_catalog");
        // An error of the server may repeat what it was sent.
        PGProperty.LOG_SERVER_ERROR_DETAIL.set(properties, false);
        if (address.isLoopbackAddress()) {
            PGProperty.SSL_MODE.set(properties, "disable");
        } else {
            PGProperty.SSL_MODE.set(properties, "verify-full");
            authorities.ifPresentOrElse(
                    file -> PGProperty.SSL_ROOT_CERT.set(properties, file.toString()),
                    () -> PGProperty.SSL_FACTORY.set(properties, "org.postgresql.ssl.DefaultJavaSSLFactory"));
        }
        String url =
                "jdbc:postgresql://" + database.getHost() + ":" + database.getPort() + "/" + database.getDatabaseName();
        try {
            Connection connection = new Driver().connect(url, properties);
            if (connection == null) {
                throw new TargetRefused(VaultRejection.DATABASE_UNREACHABLE);
            }
            return new Session(connection);
        } catch (SQLException e) {
            throw refused(e);
        }
    }

    private InetAddress address(DatabaseConnected database, EgressPolicy policy, long nowMicros) throws TargetRefused {
        Host host =
                Host.parse(database.getHost()).orElseThrow(() -> new TargetRefused(VaultRejection.DATABASE_ADDRESS));
        // A list's entry without a scheme means any; one with a port means that port.
        var target = new Target(Scheme.HTTPS, host, database.getPort());
        try {
            return destinations.address(target, policy, Instant.EPOCH.plus(nowMicros, ChronoUnit.MICROS));
        } catch (NotReached e) {
            throw new TargetRefused(
                    switch (e.reason()) {
                        case EGRESS_DENIED -> VaultRejection.EGRESS_DENIED;
                        case NO_ADDRESS -> VaultRejection.DATABASE_UNREACHABLE;
                    });
        }
    }

    /** What keeps one role from being dropped keeps no other. */
    private static TargetRefused kept(SQLException e) {
        String state = String.valueOf(e.getSQLState());
        if (state.equals(INSUFFICIENT_PRIVILEGE) || OF_THE_SERVER.stream().anyMatch(state::startsWith)) {
            return refused(e);
        }
        LOG.warnf("A role stays that is to be dropped: state=%s", state);
        return new TargetRefused(VaultRejection.ROLE_KEPT);
    }

    /** A server's words may hold what it was sent: they go nowhere. */
    private static TargetRefused refused(SQLException e) {
        String state = String.valueOf(e.getSQLState());
        LOG.warnf("A database whose credentials the vault makes refused: state=%s", state);
        return new TargetRefused(
                switch (state) {
                    case INVALID_PASSWORD, INVALID_AUTHORIZATION, INSUFFICIENT_PRIVILEGE ->
                        VaultRejection.ADMIN_REFUSED;
                    default -> VaultRejection.DATABASE_UNREACHABLE;
                });
    }

    /** What is done there, as its administrator. Every name in its SQL is one of ours or has the contract's pattern for identifiers. */
    final class Session implements AutoCloseable {
        private final Connection connection;

        private Session(Connection connection) {
            this.connection = connection;
        }

        /**
         * Makes a role that signs in.
         *
         * @param granted roles that it is a member of
         * @param password is overwritten
         * @param seconds until it signs in no more, by the database's clock
         */
        void create(RoleName role, List<String> granted, int connections, char[] password, double seconds)
                throws TargetRefused {
            try {
                String verifier = PasswordUtil.encodePassword(role.text(), password, "scram-sha-256");
                connection.setAutoCommit(false);
                lock(role.prefix());
                if (count(role.prefix()) >= MAX_ROLES) {
                    throw new TargetRefused(VaultRejection.TOO_MANY_LEASES);
                }
                requireHarmless(granted);
                try (var statement = connection.createStatement()) {
                    statement.execute("CREATE ROLE \"" + role.text() + "\" LOGIN INHERIT CONNECTION LIMIT "
                            + connections + " PASSWORD '" + verifier + "' VALID UNTIL '" + end(seconds) + "'");
                    for (String each : granted) {
                        statement.execute("GRANT \"" + each + "\" TO \"" + role.text() + "\"");
                    }
                }
                connection.commit();
            } catch (SQLException e) {
                throw refused(e);
            }
        }

        /** Waits until no other session is at a role of ours or of anybody's, and keeps others out until this one is closed. */
        void hold(String role) throws TargetRefused {
            try (var lock =
                    connection.prepareStatement("SELECT pg_advisory_lock(hashtextextended('chancery ' || ?, 0))")) {
                lock.setString(1, role);
                lock.execute();
            } catch (SQLException e) {
                throw refused(e);
            }
        }

        /**
         * Gives a role that somebody made a password.
         *
         * @param password is overwritten
         */
        void setPassword(String role, char[] password) throws TargetRefused {
            try (var statement = connection.createStatement()) {
                requireHarmless(List.of(role));
                String verifier = PasswordUtil.encodePassword(role, password, "scram-sha-256");
                statement.execute("ALTER ROLE \"" + role + "\" PASSWORD '" + verifier + "'");
            } catch (SQLException e) {
                throw refused(e);
            }
        }

        /** Leaves a role, if it is there, without one. */
        void endPassword(String role) throws TargetRefused {
            try (var statement = connection.createStatement()) {
                if (exists(role)) {
                    statement.execute("ALTER ROLE \"" + role + "\" PASSWORD NULL");
                }
            } catch (SQLException e) {
                throw refused(e);
            }
        }

        /** Ends the connections that a role has now. */
        void endSessions(String role) throws TargetRefused {
            try {
                endConnections(role);
            } catch (SQLException e) {
                throw refused(e);
            }
        }

        /** Whether a role is there. */
        boolean has(RoleName role) throws TargetRefused {
            try {
                return exists(role.text());
            } catch (SQLException e) {
                throw refused(e);
            }
        }

        /** Lets a role sign in for longer, or shorter. */
        void prolong(RoleName role, double seconds) throws TargetRefused {
            try (var statement = connection.createStatement()) {
                if (exists(role.text())) {
                    statement.execute("ALTER ROLE \"" + role.text() + "\" VALID UNTIL '" + end(seconds) + "'");
                }
            } catch (SQLException e) {
                throw refused(e);
            }
        }

        /**
         * Ends a role's connections and drops it, if it is there. What it made goes to a role that it was a member of.
         *
         * @throws TargetRefused {@link VaultRejection#ROLE_KEPT} where it signs in no more, and something keeps it from being dropped; then, and
         *     where the administrator may not, other roles can be dropped all the same
         */
        void drop(RoleName role) throws TargetRefused {
            try (var statement = connection.createStatement()) {
                if (!exists(role.text())) {
                    return;
                }
                String name = "\"" + role.text() + "\"";
                statement.execute("ALTER ROLE " + name + " NOLOGIN PASSWORD NULL");
                // Whoever made a role may let itself act as it.
                statement.execute("GRANT " + name + " TO CURRENT_USER"
                        + (hasGrantOptions() ? " WITH INHERIT TRUE, SET TRUE" : ""));
                endConnections(role.text());
                connection.setAutoCommit(false);
                giveAway(statement, role);
                statement.execute("DROP OWNED BY " + name);
                statement.execute("DROP ROLE " + name);
                connection.commit();
            } catch (SQLException e) {
                throw kept(e);
            } finally {
                rollBack();
            }
        }

        /**
         * What a role made goes to the first role, by name, that it was a member of and that may have it. Never to the administrator: a function
         * that runs with its owner's rights would have the administrator's.
         */
        private void giveAway(Statement statement, RoleName role) throws SQLException, TargetRefused {
            if (!owns(role)) {
                return;
            }
            for (String heir : grantedTo(role)) {
                Savepoint before = connection.setSavepoint();
                try {
                    statement.execute("REASSIGN OWNED BY \"" + role.text() + "\" TO " + heir);
                    return;
                } catch (SQLException e) {
                    if (!INSUFFICIENT_PRIVILEGE.equals(e.getSQLState())) {
                        throw e;
                    }
                    connection.rollback(before);
                }
            }
            throw new TargetRefused(VaultRejection.ROLE_KEPT);
        }

        /** Whether something in this database, or of the whole server, is a role's. */
        private boolean owns(RoleName role) throws SQLException {
            try (var query = connection.prepareStatement("""
                    SELECT EXISTS (SELECT FROM pg_catalog.pg_shdepend d JOIN pg_catalog.pg_roles r ON d.refobjid = r.oid
                        WHERE d.refclassid = 'pg_catalog.pg_authid'::regclass AND d.deptype = 'o' AND r.rolname = ?
                        AND d.dbid IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())))""")) {
                query.setString(1, role.text());
                try (var row = query.executeQuery()) {
                    row.next();
                    return row.getBoolean(1);
                }
            }
        }

        /** The roles that a role is a member of, as SQL writes them. */
        private List<String> grantedTo(RoleName role) throws SQLException {
            try (var query = connection.prepareStatement("""
                    SELECT DISTINCT quote_ident(g.rolname) FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles g ON g.oid = m.roleid
                        JOIN pg_catalog.pg_roles r ON r.oid = m.member WHERE r.rolname = ? ORDER BY 1""")) {
                query.setString(1, role.text());
                List<String> granted = new ArrayList<>();
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        granted.add(rows.getString(1));
                    }
                }
                return granted;
            }
        }

        /** Ends a transaction that was not committed, and is ready for the next role. */
        private void rollBack() {
            try {
                if (!connection.getAutoCommit()) {
                    connection.rollback();
                    connection.setAutoCommit(true);
                }
            } catch (SQLException e) {
                LOG.debugf("A transaction in a database was not rolled back: state=%s", e.getSQLState());
            }
        }

        /** The roles with a prefix, in order; at most {@value TargetServer#MAX_ROLES}. */
        List<Found> roles(String prefix) throws TargetRefused {
            try (var query = connection.prepareStatement(
                    "SELECT rolname, coalesce(rolvaliduntil <= clock_timestamp(), false) FROM pg_catalog.pg_roles"
                            + " WHERE starts_with(rolname, ?) ORDER BY rolname LIMIT " + MAX_ROLES)) {
                query.setString(1, prefix);
                List<Found> found = new ArrayList<>();
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        boolean over = rows.getBoolean(2);
                        RoleName.parse(prefix, rows.getString(1)).ifPresent(name -> found.add(new Found(name, over)));
                    }
                }
                return found;
            } catch (SQLException e) {
                throw refused(e);
            }
        }

        /** Whether memberships say what they are good for, as from PostgreSQL 16 on. */
        private boolean hasGrantOptions() throws SQLException {
            return connection.getMetaData().getDatabaseMajorVersion() >= GRANTS_WITH_OPTIONS;
        }

        private void lock(String prefix) throws SQLException {
            try (var lock = connection.prepareStatement("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))")) {
                lock.setString(1, prefix);
                lock.execute();
            }
        }

        private int count(String prefix) throws SQLException {
            try (var query = connection.prepareStatement(
                    "SELECT count(*) FROM pg_catalog.pg_roles WHERE starts_with(rolname, ?)")) {
                query.setString(1, prefix);
                try (var row = query.executeQuery()) {
                    row.next();
                    return row.getInt(1);
                }
            }
        }

        private boolean exists(String role) throws SQLException {
            try (var query = connection.prepareStatement("SELECT FROM pg_catalog.pg_roles WHERE rolname = ?")) {
                query.setString(1, role);
                try (var row = query.executeQuery()) {
                    return row.next();
                }
            }
        }

        private String end(double seconds) throws SQLException {
            try (var query =
                    connection.prepareStatement("SELECT (clock_timestamp() + make_interval(secs => ?))::text")) {
                query.setDouble(1, seconds);
                try (var row = query.executeQuery()) {
                    row.next();
                    return row.getString(1);
                }
            }
        }

        /**
         * Whether all of them are there, neither is, nor leads to, one that could make itself more than it is, and the administrator is a member of
         * them: what a credential makes goes to one of them in the end.
         */
        private void requireHarmless(List<String> granted) throws SQLException, TargetRefused {
            String mayAct = hasGrantOptions() ? "SET" : "MEMBER";
            try (var query = connection.prepareStatement("""
                    WITH RECURSIVE reached (oid) AS (
                        SELECT oid FROM pg_catalog.pg_roles WHERE rolname = ANY (?)
                        UNION SELECT m.roleid FROM pg_catalog.pg_auth_members m JOIN reached r ON m.member = r.oid)
                    SELECT (SELECT count(*) FROM pg_catalog.pg_roles WHERE rolname = ANY (?)),
                        coalesce(bool_or(rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls
                            OR starts_with(rolname, 'chancery_')
                            OR (starts_with(rolname, 'pg_') AND rolname NOT IN
                                ('pg_read_all_data', 'pg_write_all_data', 'pg_monitor', 'pg_read_all_settings',
                                 'pg_read_all_stats', 'pg_stat_scan_tables'))), false),
                        (SELECT count(*) FROM pg_catalog.pg_roles WHERE rolname = ANY (?)
                            AND pg_has_role(oid, 'USAGE') AND pg_has_role(oid, ?))
                    FROM reached JOIN pg_catalog.pg_roles USING (oid)""")) {
                var names = connection.createArrayOf("text", granted.toArray());
                query.setArray(1, names);
                query.setArray(2, names);
                query.setArray(3, names);
                query.setString(4, mayAct);
                try (var row = query.executeQuery()) {
                    row.next();
                    if (row.getInt(1) != granted.size() || row.getBoolean(2)) {
                        throw new TargetRefused(VaultRejection.GRANTED_ROLES);
                    }
                    if (row.getInt(3) != granted.size()) {
                        throw new TargetRefused(VaultRejection.ADMIN_REFUSED);
                    }
                }
            }
        }

        /** Those that began before: where a role goes on signing in, others may come. */
        private void endConnections(String role) throws SQLException, TargetRefused {
            long deadline = System.nanoTime() + ANSWER_SECONDS * 1_000_000_000L;
            String now = end(0);
            try (var end = connection.prepareStatement(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_catalog.pg_stat_activity"
                            + " WHERE usename = ? AND backend_start <= ?::timestamptz")) {
                end.setString(1, role);
                end.setString(2, now);
                while (true) {
                    try (var row = end.executeQuery()) {
                        row.next();
                        if (row.getInt(1) == 0) {
                            return;
                        }
                    }
                    if (System.nanoTime() - deadline > 0) {
                        throw new TargetRefused(VaultRejection.ROLE_KEPT);
                    }
                    Thread.sleep(POLL_MILLIS);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new TargetRefused(VaultRejection.DATABASE_UNREACHABLE);
            }
        }

        @Override
        public void close() {
            try {
                rollBack();
                connection.close();
            } catch (SQLException e) {
                LOG.debugf("A database's connection did not close: state=%s", e.getSQLState());
            }
        }
    }
}
