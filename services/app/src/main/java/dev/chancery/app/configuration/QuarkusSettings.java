package dev.chancery.app.configuration;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseAccess;
import dev.chancery.database.DatabaseRole;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.config.spi.ConfigSource;
import org.jspecify.annotations.Nullable;

/**
 * What Quarkus is told by the process's main, before it starts: its HTTP server, and one datasource for each database role that the
 * process holds; the others are inactive. {@code quarkus.*} properties of the configuration file win over it.
 */
public final class QuarkusSettings implements ConfigSource {
    /** Over what the application is built with (250), under the environment (300). */
    private static final int ORDINAL = 275;

    private static volatile Map<String, String> settings = Map.of();

    /** For Java's service loader. */
    public QuarkusSettings() {}

    /** Where the process's HTTP server listens. Without a certificate it is for this machine alone. */
    public record Listener(String host, int port, Optional<Path> certificate, Optional<Path> key) {
        /** @throws Unusable if requests would go over a network in clear, or a file is missing */
        public static Listener of(ChanceryConfig.Http http) {
            if (http.certificateFile().isPresent() != http.keyFile().isPresent()) {
                throw new Unusable("set chancery.http.certificate-file and chancery.http.key-file together");
            }
            if (http.certificateFile().isEmpty() && !Loopback.is(http.host())) {
                throw new Unusable("chancery.http.host is " + http.host()
                        + ", which others can reach: set chancery.http.certificate-file and chancery.http.key-file");
            }
            http.certificateFile().ifPresent(SecretFiles::text);
            http.keyFile().ifPresent(SecretFiles::read);
            return new Listener(http.host(), http.port(), http.certificateFile(), http.keyFile());
        }

        private void tell(Map<String, String> told) {
            told.put("quarkus.http.host", host);
            if (certificate.isPresent() && key.isPresent()) {
                told.put("quarkus.http.ssl-port", Integer.toString(port));
                told.put("quarkus.http.insecure-requests", "disabled");
                told.put("quarkus.http.ssl.certificate.files", certificate.get().toString());
                told.put("quarkus.http.ssl.certificate.key-files", key.get().toString());
            } else {
                told.put("quarkus.http.port", Integer.toString(port));
            }
        }
    }

    /** Tells Quarkus, which has not started yet. */
    public static void tell(
            Listener listener, DatabaseAccess database, int poolSize, Set<DatabaseRole> held, Optional<Config> file) {
        Map<String, String> told = new HashMap<>();
        listener.tell(told);
        for (DatabaseRole role : Datasources.ALL) {
            String datasource = "quarkus.datasource." + Datasources.name(role) + ".";
            told.put(datasource + "active", Boolean.toString(held.contains(role)));
            // A persistence unit, where a feature has one, has the datasource's name.
            told.put(
                    "quarkus.hibernate-orm." + Datasources.name(role) + ".active",
                    Boolean.toString(held.contains(role)));
            if (held.contains(role)) {
                told.put(datasource + "jdbc.url", database.jdbcUrl());
                told.put(datasource + "jdbc.max-size", Integer.toString(poolSize));
                told.put(datasource + "jdbc.acquisition-timeout", Database.ACQUIRE_TIMEOUT.toString());
                told.put(datasource + "jdbc.foreground-validation-interval", "PT5S");
                told.put(datasource + "jdbc.idle-removal-interval", "PT2M");
                told.put(datasource + "credentials-provider", role.roleName());
                told.put(datasource + "credentials-provider-name", Datasources.CREDENTIALS);
                database.credentials().apply(role).forEach((name, value) -> {
                    if (!name.equals("password")) {
                        told.put(datasource + "jdbc.additional-jdbc-properties." + name, value);
                    }
                });
            }
        }
        file.ifPresent(properties -> {
            for (String name : properties.getPropertyNames()) {
                if (name.startsWith("quarkus.") || name.startsWith("kafka.")) {
                    told.put(name, properties.getValue(name, String.class));
                }
            }
        });
        Datasources.reach(database);
        settings = Map.copyOf(told);
    }

    @Override
    public Map<String, String> getProperties() {
        return settings;
    }

    @Override
    public Set<String> getPropertyNames() {
        return settings.keySet();
    }

    @Override
    public @Nullable String getValue(String name) {
        return settings.get(name);
    }

    @Override
    public String getName() {
        return "chancery";
    }

    @Override
    public int getOrdinal() {
        return ORDINAL;
    }
}
