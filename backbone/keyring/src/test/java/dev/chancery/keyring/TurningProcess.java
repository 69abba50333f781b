package dev.chancery.keyring;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseAccess;
import dev.chancery.database.DatabaseRole;
import dev.chancery.testkit.Backing;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** A process that turns an organisation's key and the sealer's rings, again and again, until {@link #start its parent} kills it. */
final class TurningProcess {
    private static final String TURNING = "turning";
    private static final List<DatabaseRole> ROLES = List.of(DatabaseRole.KEYRING, DatabaseRole.VAULT);

    private TurningProcess() {}

    /** Starts one, and returns once it has turned all. */
    static Process start(Path keyFile, Database database, String tenant) throws IOException {
        Process process = new ProcessBuilder(List.of(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        TurningProcess.class.getName(),
                        keyFile.toString(),
                        String.valueOf(Backing.postgres().port()),
                        database.name(),
                        tenant))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (var input = process.outputWriter(StandardCharsets.UTF_8)) {
            for (DatabaseRole role : ROLES) {
                input.write(Backing.passwordOf(role) + "\n");
            }
        }
        if (process.inputReader(StandardCharsets.UTF_8).lines().noneMatch(TURNING::equals)) {
            process.destroyForcibly();
            throw new IllegalStateException("the process ended before it turned a key");
        }
        return process;
    }

    /** @param arguments key file, port, database, tenant */
    public static void main(String... arguments) throws IOException {
        List<String> passwords = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))
                .lines()
                .toList();
        DatabaseAccess access = DatabaseAccess.byPassword(
                "127.0.0.1", Integer.parseInt(arguments[1]), arguments[2], role -> passwords.get(ROLES.indexOf(role)));
        try (Database database = Database.pooled(access, 4)) {
            var keyring = new Keyring(database, KeyFileSealer.open(Path.of(arguments[0])));
            while (true) {
                turn(keyring, arguments[3]);
                System.out.println(TURNING);
            }
        }
    }

    /** As if it recorded none: what it finds as asked for is one that another process left, and it goes on with that. */
    static void turn(Keyring keyring, String tenant) {
        int version = keyring.organisations().rotate(tenant, 0).orElseThrow();
        do {
            keyring.organisations().rewrap(tenant, 1);
        } while (!keyring.organisations().retire(tenant, version - 1));
        keyring.organisations().rotate(tenant, version).orElseThrow();
        for (SealerKeys seals : List.of(keyring.seals(), keyring.installationSeals())) {
            int ring = seals.rotate(0).orElseThrow();
            do {
                seals.reseal(1);
            } while (!seals.retire(ring - 1));
            seals.destroyRetired(Duration.ZERO);
            seals.rotate(ring).orElseThrow();
        }
    }
}
