package dev.chancery.quickstart;

import dev.chancery.app.Application;
import dev.chancery.app.configuration.QuarkusSettings;
import dev.chancery.app.configuration.Unusable;
import dev.chancery.database.Database;
import dev.chancery.feature.ProcessRole;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What runs before Quarkus starts, since Quarkus is told where it is: the data directory is taken, its servers run, the schemas are there. */
record Started(DataDirectory data, Servers servers, SpaceGuard space, int port) implements AutoCloseable {
    private static volatile @Nullable Started begun;

    /** Begins, and tells Quarkus where PostgreSQL is and where to listen. */
    static void begin(Options options, int port) {
        DataDirectory data = DataDirectory.open(options.data(), true);
        try {
            if (SpaceGuard.isFull(data.directory())) {
                // PostgreSQL may find room that its recovery gives up, and Kafka then none.
                throw new Unusable("nothing was started");
            }
            Servers servers = Servers.start(data);
            try (Database database = servers.pooled()) {
                Application.migrate(database);
            } catch (RuntimeException | Error e) {
                servers.close();
                throw e;
            }
            QuarkusSettings.tell(
                    new QuarkusSettings.Listener("127.0.0.1", port, Optional.empty(), Optional.empty()),
                    servers.access(),
                    Servers.CONNECTIONS_A_ROLE,
                    ProcessRole.databaseRoles(ProcessRole.ALL),
                    Optional.empty());
            begun = new Started(data, servers, new SpaceGuard(data.directory()), port);
        } catch (RuntimeException | Error e) {
            data.close();
            throw e;
        }
    }

    /** What this process's main began; whoever takes it closes it. */
    static Started taken() {
        Started taken = begun;
        if (taken == null) {
            throw new IllegalStateException("nothing was begun");
        }
        begun = null;
        return taken;
    }

    /** Closes what was begun and nobody took. */
    static void abandon() {
        Started left = begun;
        if (left != null) {
            begun = null;
            left.close();
        }
    }

    @Override
    public void close() {
        space.close();
        servers.close();
        data.close();
    }
}
