package dev.chancery.app.configuration;

import dev.chancery.database.DatabaseAccess;
import dev.chancery.database.DatabaseRole;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** PostgreSQL's access out of files: each role's password, certificate and key, in one directory. */
public final class DatabaseFiles {
    private final ChanceryConfig.Database config;
    private final Set<DatabaseRole> held;

    private DatabaseFiles(ChanceryConfig.Database config, Set<DatabaseRole> held) {
        this.config = config;
        this.held = held;
    }

    /**
     * @param held the roles of this process; another is refused, whatever files are there
     * @throws Unusable if a role's files are missing or wrong, or the password would go over a network in clear
     */
    public static DatabaseAccess access(ChanceryConfig.Database config, Set<DatabaseRole> held) {
        if (config.caFile().isEmpty() && !Loopback.is(config.host())) {
            throw new Unusable(
                    "PostgreSQL on " + config.host() + " is reached over a network: set chancery.database.ca-file");
        }
        var files = new DatabaseFiles(config, held);
        held.forEach(files::credentials);
        return new DatabaseAccess(config.host(), config.port(), config.name(), files::credentials);
    }

    private Map<String, String> credentials(DatabaseRole role) {
        if (!held.contains(role)) {
            throw new IllegalStateException("this process does not hold the database role " + role.roleName());
        }
        Map<String, String> properties = new LinkedHashMap<>();
        config.caFile().ifPresent(ca -> {
            properties.put("sslmode", "verify-full");
            properties.put("sslrootcert", ca.toString());
        });
        Path certificate = file(role, ".crt");
        Path key = file(role, ".key");
        Path password = file(role, ".password");
        if (Files.exists(certificate) || Files.exists(key)) {
            SecretFiles.text(certificate);
            properties.put("sslcert", certificate.toString());
            properties.put("sslkey", key.toString());
            properties.put("pemKeyAlgorithm", PrivateKeys.algorithm(key));
        } else if (!Files.exists(password)) {
            throw new Unusable("the database role " + role.roleName() + " has no credentials: put " + password
                    + ", or a certificate and its key, in the credentials directory");
        }
        if (Files.exists(password)) {
            properties.put("password", SecretFiles.read(password).strip());
        }
        return properties;
    }

    private Path file(DatabaseRole role, String suffix) {
        return config.credentialsDirectory().resolve(role.roleName() + suffix);
    }
}
