package dev.chancery.embedded;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the server is told, and told again at each start; written as SHOW answers, so that each can be checked. */
final class PostgresSettings {
    private PostgresSettings() {}

    static Map<String, String> on(int port, @Nullable ServerTls tls) {
        var settings = new LinkedHashMap<String, String>();
        settings.put("listen_addresses", Ports.LOOPBACK);
        settings.put("port", Integer.toString(port));
        settings.put("unix_socket_directories", "");
        settings.put("max_connections", "100");
        settings.put("password_encryption", "scram-sha-256");
        if (tls != null) {
            settings.put("ssl", "on");
            settings.put("ssl_cert_file", tls.certificate().toString());
            settings.put("ssl_key_file", tls.key().toString());
            settings.put("ssl_ca_file", tls.authority().toString());
        }
        // Durable: an acknowledged commit survives the machine.
        settings.put("fsync", "on");
        settings.put("synchronous_commit", "on");
        settings.put("full_page_writes", "on");
        // The relay reads the write-ahead log. A slot that nobody reads must not fill the disk.
        settings.put("wal_level", "logical");
        settings.put("max_wal_senders", "10");
        settings.put("max_replication_slots", "10");
        settings.put("max_slot_wal_keep_size", "4GB");
        settings.put("max_wal_size", "1GB");
        // Records are signed, hashed and partly encrypted: nothing to gain.
        settings.put("wal_compression", "off");
        settings.put("shared_buffers", "128MB");
        settings.put("huge_pages", "off");
        settings.put("jit", "off");
        // Messages of the levels WARNING and ERROR quote what a client sent (it gets them anyway): above them only.
        settings.put("log_min_messages", "log");
        settings.put("log_min_error_statement", "panic");
        settings.put("log_error_verbosity", "terse");
        settings.put("log_statement", "none");
        settings.put("log_min_duration_statement", "-1");
        settings.put("log_parameter_max_length_on_error", "0");
        settings.put("log_checkpoints", "off");
        settings.put("log_autovacuum_min_duration", "-1");
        settings.put("log_timezone", "UTC");
        settings.put("lc_messages", "C");
        settings.put("TimeZone", "UTC");
        // What stands here stands: nothing written by ALTER SYSTEM outlives a restart.
        settings.put("allow_alter_system", "off");
        return settings;
    }

    static String file(Map<String, String> settings) {
        var text = new StringBuilder("# Written at each start; changes made here are lost.\n");
        settings.forEach(
                (name, value) -> text.append(name).append(" = '").append(value).append("'\n"));
        return text.toString();
    }

    /**
     * Who may connect: everybody from the loopback who knows a password, the superuser too. With TLS, every role but the superuser also
     * shows a certificate that names it.
     */
    static String hostAccess(@Nullable ServerTls tls) {
        return tls == null ? """
                # Written at each start; changes made here are lost.
                host all         all 127.0.0.1/32 scram-sha-256
                host replication all 127.0.0.1/32 scram-sha-256
                """ : """
                # Written at each start; changes made here are lost.
                host    all         postgres 127.0.0.1/32 scram-sha-256
                hostssl all         all      127.0.0.1/32 scram-sha-256 clientcert=verify-full
                hostssl replication all      127.0.0.1/32 scram-sha-256 clientcert=verify-full
                """;
    }

    /** Fails unless the running server has every setting, data checksums included. */
    static void verify(Connection connection, Map<String, String> settings) throws SQLException {
        var expected = new LinkedHashMap<>(settings);
        expected.put("data_checksums", "on");
        for (var setting : expected.entrySet()) {
            try (var statement = connection.createStatement();
                    var row = statement.executeQuery("SHOW " + setting.getKey())) {
                row.next();
                // The driver sets a time zone and a verbosity of messages for its own session.
                if (!setting.getKey().equals("TimeZone") && !setting.getValue().equals(row.getString(1))) {
                    throw new ServerNotStarted(
                            ServerNotStarted.Reason.FAILED,
                            "PostgreSQL runs with " + setting.getKey() + "=" + row.getString(1) + " instead of "
                                    + setting.getValue());
                }
            }
        }
    }
}
