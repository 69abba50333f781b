package dev.chancery.app.configuration;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseAccess;
import dev.chancery.database.DatabaseRole;
import dev.chancery.feature.FeatureDescription;
import io.agroal.api.AgroalDataSource;
import io.quarkus.agroal.DataSource.DataSourceLiteral;
import io.quarkus.arc.Unremovable;
import io.quarkus.credentials.CredentialsProvider;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Any;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Inject;
import jakarta.inject.Named;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Quarkus' datasources, one a database role: active for the roles that this process holds. Nothing injects them: {@link Database} is the one
 * that asks.
 */
@ApplicationScoped
@Unremovable
@Named(Datasources.CREDENTIALS)
public class Datasources implements CredentialsProvider {
    static final String CREDENTIALS = "chancery-database";

    /** Every role that a serving process may hold. */
    static final List<DatabaseRole> ALL = FeatureDescription.databaseRoles().stream()
            .filter(role -> !role.equals(DatabaseRole.OWNER) && !role.equals(DatabaseRole.REPLAY))
            .toList();

    private static volatile @Nullable DatabaseAccess access;

    private final Instance<AgroalDataSource> datasources;
    private final Map<DatabaseRole, DataSource> found = new ConcurrentHashMap<>();

    @Inject
    Datasources(@Any Instance<AgroalDataSource> datasources) {
        this.datasources = datasources;
    }

    static String name(DatabaseRole role) {
        return role.name();
    }

    static void reach(DatabaseAccess database) {
        access = database;
    }

    private static DatabaseAccess access() {
        DatabaseAccess database = access;
        if (database == null) {
            throw new IllegalStateException("the process's main has not said where PostgreSQL is");
        }
        return database;
    }

    /** The process's database, on Quarkus' pools. */
    public Database database(int poolSize, Set<DatabaseRole> held) {
        return new Database(access(), poolSize, role -> {
            if (!held.contains(role)) {
                throw new IllegalStateException("this process does not hold the database role " + role.roleName());
            }
            return found.computeIfAbsent(role, wanted -> datasources
                    .select(new DataSourceLiteral(name(wanted)))
                    .get());
        });
    }

    /** What a new connection signs in with: asked for each, so that a changed password is picked up. */
    @Override
    public Map<String, String> getCredentials(String roleName) {
        DatabaseRole role = ALL.stream()
                .filter(known -> known.roleName().equals(roleName))
                .findFirst()
                .orElseThrow();
        String password = access().credentials().apply(role).get("password");
        return password == null
                ? Map.of(USER_PROPERTY_NAME, roleName)
                : Map.of(USER_PROPERTY_NAME, roleName, PASSWORD_PROPERTY_NAME, password);
    }
}
