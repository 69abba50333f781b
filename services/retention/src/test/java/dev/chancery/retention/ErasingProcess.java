package dev.chancery.retention;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseAccess;
import dev.chancery.database.DatabaseRole;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.log.Appender;
import dev.chancery.log.Claims;
import dev.chancery.log.LogTimes;
import dev.chancery.log.Streams;
import dev.chancery.testkit.Backing;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;

/**
 * A process that erases, with all that the core has for it: the log, the key ring, the key file. It ends what is left of earlier subjects, then
 * erases one, and stands still after a step of that one, where {@link #start its parent} kills it.
 */
final class ErasingProcess {
    static final String INSTANCE = "ch-test";
    private static final String AT = "at ";
    private static final String DONE = "done";

    private ErasingProcess() {}

    /** What the eraser is asked for. */
    record Asked(String subject, String request) {}

    /**
     * Starts one, and returns once it stands after the step, or has done all.
     *
     * @param step empty: it does all, and ends
     * @return the process, standing still where it is alive
     */
    static Process start(Path keyFile, Database database, String tenant, String step, List<Asked> subjects)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                ErasingProcess.class.getName(),
                keyFile.toString(),
                String.valueOf(Backing.postgres().port()),
                database.name(),
                tenant,
                step));
        subjects.forEach(asked -> command.addAll(List.of(asked.subject(), asked.request())));
        Process process =
                new ProcessBuilder(command).redirectError(Redirect.INHERIT).start();
        try (var input = process.outputWriter(StandardCharsets.UTF_8)) {
            for (DatabaseRole role : DatabaseRole.STANDARD) {
                input.write(role.name() + " " + Backing.passwordOf(role) + "\n");
            }
        }
        String wanted = step.isEmpty() ? DONE : AT + step;
        String said = process.inputReader(StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.startsWith(AT) || line.equals(DONE))
                .findFirst()
                .orElse("nothing");
        if (!said.equals(wanted)) {
            process.destroyForcibly();
            throw new IllegalStateException("the process said " + said + " in place of " + wanted);
        }
        return process;
    }

    /** @param arguments key file, port, database, tenant, step, then each subject and its request */
    public static void main(String... arguments) throws IOException {
        Map<String, String> passwords = new HashMap<>();
        try (var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            input.lines().map(line -> line.split(" ")).forEach(words -> passwords.put(words[0], words[1]));
        }
        DatabaseAccess access = DatabaseAccess.byPassword(
                "127.0.0.1", Integer.parseInt(arguments[1]), arguments[2], role -> Optional.ofNullable(
                                passwords.get(role.name()))
                        .orElseThrow());
        try (Database database = Database.pooled(access, 4)) {
            erase(
                    database,
                    KeyFileSealer.open(Path.of(arguments[0])),
                    arguments[3],
                    arguments[4],
                    Stream.iterate(5, at -> at < arguments.length, at -> at + 2)
                            .map(at -> new Asked(arguments[at], arguments[at + 1]))
                            .toList());
        }
        System.out.println(DONE);
    }

    private static void erase(Database database, KeyFileSealer sealer, String tenant, String step, List<Asked> all) {
        var keyring = new Keyring(database, sealer);
        var streams = new Streams(database, DatabaseRole.RETENTION);
        var times = new LogTimes(database, DatabaseRole.RETENTION);
        var last = new boolean[1];
        try (var appender = new Appender(
                database, DatabaseRole.RETENTION, INSTANCE, new SigningKeys(database, sealer), Optional::empty)) {
            var eraser = new SubjectEraser(
                    new Claims(database, DatabaseRole.RETENTION),
                    appender,
                    streams,
                    times::recordedAtMicros,
                    keyring.eraser().telling(done -> standAfter(step, done, last[0])),
                    Duration.ZERO,
                    done -> standAfter(step, done, last[0]));
            for (Asked asked : all) {
                last[0] = asked.equals(all.getLast());
                eraser.answer(tenant, asked.subject(), asked.request());
                eraser.destroy(tenant, asked.subject());
                eraser.complete(tenant, asked.subject(), Duration.ZERO);
            }
        }
    }

    private static void standAfter(String step, Enum<?> done, boolean last) {
        if (!last || !done.name().equals(step)) {
            return;
        }
        System.out.println(AT + step);
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
