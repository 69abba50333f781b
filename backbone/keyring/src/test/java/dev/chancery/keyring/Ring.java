package dev.chancery.keyring;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.schema.options.v1.RetentionClass;
import dev.chancery.testkit.Backing;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.UUID;

/** One database with the keyring's schema for all tests of this module, and rings on it as separate processes have them. */
final class Ring {
    static final Database DATABASE = Backing.database("keyring");
    static final Sealer SEALER = sealer();

    private Ring() {}

    /** As a process that starts now has it: nothing cached. */
    static Keyring fresh() {
        return new Keyring(DATABASE, SEALER);
    }

    static int destroy(Keyring keyring, String tenant, String subject) {
        return keyring.eraser().destroy(tenant, subject, Eraser.allClasses());
    }

    static Sealer sealer() {
        try {
            Path parent = Files.createDirectories(Path.of("target", "sealers").toAbsolutePath());
            return TestSealer.make(Files.createTempDirectory(parent, "ring-")).open();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    static String id() {
        return UUID.randomUUID().toString();
    }

    static SealContext email(String tenant, String subject) {
        return new SealContext(
                tenant,
                subject,
                RetentionClass.RETENTION_CLASS_ACCOUNT,
                UUID.randomUUID(),
                "chancery.identity.v1.PrincipalCreated",
                "email");
    }

    static SealContext reason(String tenant, String subject) {
        return new SealContext(
                tenant,
                subject,
                RetentionClass.RETENTION_CLASS_AUDIT,
                UUID.randomUUID(),
                "chancery.log.v1.Statement",
                "reason");
    }

    /** What a superuser reads, whom no policy binds. */
    static long count(String sql) {
        return count(DATABASE, sql);
    }

    static long count(Database database, String sql) {
        try (Connection superuser = Backing.postgres().superuser(database.name());
                var statement = superuser.createStatement();
                var found = statement.executeQuery(sql)) {
            found.next();
            return found.getLong(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    static int update(DatabaseRole role, String tenant, String sql) {
        return DATABASE.inTenant(role, tenant, connection -> {
            try (var statement = connection.createStatement()) {
                return statement.executeUpdate(sql);
            }
        });
    }

    static long query(DatabaseRole role, String tenant, String sql) {
        return DATABASE.inTenant(role, tenant, connection -> {
            try (var statement = connection.createStatement();
                    var found = statement.executeQuery(sql)) {
                found.next();
                return found.getLong(1);
            }
        });
    }
}
