package dev.chancery.app;

import dev.chancery.app.configuration.ChanceryConfig;
import dev.chancery.app.configuration.DatabaseFiles;
import dev.chancery.app.configuration.QuarkusSettings;
import dev.chancery.app.configuration.Unusable;
import dev.chancery.boundary.connections.ConnectionLimits;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.feature.ProcessRole;
import dev.chancery.keyring.SealerUnusable;
import dev.chancery.relay.RelayRefused;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.annotations.QuarkusMain;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * One process of an installation, against a PostgreSQL and a Kafka that are there. Exit codes: 0 stopped as asked, or migrated; 1 failed;
 * 2 wrong usage; {@value #SEALED} sealed, to be started again. What keeps it from starting is said in one line.
 */
@QuarkusMain(name = "server")
public final class Main {
    private static final Logger LOG = Logger.getLogger(Main.class);

    /** Sets {@code chancery.process}, so that replicas can share their configuration. */
    private static final String PROCESS_VARIABLE = "CHANCERY_PROCESS";

    private static final int MIGRATION_CONNECTIONS = 2;

    /** How a process ends that gives its keys up: no memory of it is left. The next one stands sealed. */
    static final int SEALED = 3;

    private static volatile Serve.@Nullable Start start;

    private Main() {}

    public static void main(String... given) {
        // A machine's language must not change what is written: not the digits of a number, not a file's name.
        Locale.setDefault(Locale.ROOT);
        Arguments arguments;
        try {
            arguments = Arguments.parse(given);
        } catch (IllegalArgumentException e) {
            System.err.println("chancery: " + e.getMessage() + "\n" + Arguments.USAGE);
            System.exit(2);
            return;
        }
        Logs.redactEarly();
        HttpFront.prepare();
        try {
            ChanceryConfig.Read read = ChanceryConfig.read(arguments.files(), overrides());
            if (arguments.migrate()) {
                migrate(read.config());
                System.exit(0);
            }
            start = prepare(arguments.roles(), read);
        } catch (RuntimeException e) {
            System.exit(complain(e));
        }
        Quarkus.run(Serve.class, (code, failure) -> System.exit(code), given);
    }

    private static Map<String, String> overrides() {
        Map<String, String> overrides = new HashMap<>();
        Optional.ofNullable(System.getenv(PROCESS_VARIABLE))
                .ifPresent(process -> overrides.put("chancery.process", process));
        return overrides;
    }

    private static void migrate(ChanceryConfig config) {
        var access = DatabaseFiles.access(config.database(), Set.of(DatabaseRole.OWNER));
        try (Database database = Database.pooled(access, MIGRATION_CONNECTIONS)) {
            Application.migrate(database);
        }
    }

    private static Serve.Start prepare(Set<ProcessRole> roles, ChanceryConfig.Read read) {
        ChanceryConfig config = read.config();
        var start = Serve.Start.of(roles, read);
        Set<DatabaseRole> held = ProcessRole.databaseRoles(roles);
        ConnectionLimits.use(ChanceryConfig.options(config.http().limits()));
        QuarkusSettings.tell(
                QuarkusSettings.Listener.of(config.http()),
                DatabaseFiles.access(config.database(), held),
                config.database().poolSize(),
                held,
                Optional.of(read.properties()));
        return start;
    }

    /** What the main has prepared, for what Quarkus runs. */
    static Serve.Start prepared() {
        Serve.Start prepared = start;
        if (prepared == null) {
            throw new IllegalStateException("nothing was prepared");
        }
        return prepared;
    }

    /** Says in one line why nothing started; answers the exit code. */
    static int complain(RuntimeException failure) {
        String said =
                switch (failure) {
                    case Unusable known -> known.getMessage();
                    case SealerUnusable known -> known.getMessage();
                    case RelayRefused known -> known.getMessage();
                    default -> {
                        LOG.error("Not started", failure);
                        yield "could not start; the log says why";
                    }
                };
        System.err.println("chancery: " + said);
        return 1;
    }
}
