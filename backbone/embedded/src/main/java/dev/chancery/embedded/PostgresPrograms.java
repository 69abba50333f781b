package dev.chancery.embedded;

import static dev.chancery.embedded.ServerNotStarted.Reason.FAILED;
import static dev.chancery.embedded.ServerNotStarted.Reason.NOT_RUNNABLE;

import com.sun.security.auth.module.UnixSystem;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * How a program of PostgreSQL's is run: in a session of its own, never with root's privileges, and without this process's
 * environment. The process that is started is the program itself, so its id is the program's.
 */
record PostgresPrograms(Path home) {
    private static final List<Path> SYSTEM_DIRECTORIES = List.of(Path.of("/usr/bin"), Path.of("/bin"));
    private static final int MAX_OUTPUT_LINES = 1_000;

    /** How a program ended, and what it said, both streams in one. */
    record Outcome(int exitCode, List<String> output) {
        boolean mentions(Predicate<String> words) {
            return output.stream().anyMatch(words);
        }
    }

    /** Runs a program to its end, or kills it when it does not end in time. */
    Outcome run(Duration limit, String program, String... arguments) {
        try {
            Process process = builder(program, arguments).start();
            var output = CompletableFuture.supplyAsync(
                    () -> process.inputReader().lines().limit(MAX_OUTPUT_LINES).toList());
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                throw new ServerNotStarted(FAILED, "PostgreSQL's " + program + " did not end in time");
            }
            return new Outcome(process.exitValue(), output.get(limit.toMillis(), TimeUnit.MILLISECONDS));
        } catch (IOException | ExecutionException | TimeoutException e) {
            throw Failures.of(FAILED, "PostgreSQL's " + program + " could not be run", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServerNotStarted(FAILED, "interrupted while PostgreSQL starts or stops", e);
        }
    }

    /** Both output streams go to one place; the caller says which. */
    ProcessBuilder builder(String program, String... arguments) {
        var command = new ArrayList<String>();
        // A terminal's Ctrl-C goes to its whole foreground group; PostgreSQL stops after the application, not with it.
        Path setsid = find("setsid");
        if (setsid != null) {
            command.add(setsid.toString());
        }
        if (new UnixSystem().getUid() == 0) {
            Path unshare = find("unshare");
            if (unshare == null) {
                throw refusedAsRoot();
            }
            // In a user namespace of its own root is nobody, which is all that PostgreSQL asks for.
            command.add(unshare.toString());
            command.add("--user");
        }
        command.add(home.resolve("bin").resolve(program).toString());
        command.addAll(List.of(arguments));

        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        // It may hold secrets, and settings of PostgreSQL's.
        builder.environment().clear();
        builder.environment().put("LC_ALL", "C");
        builder.environment().put("PATH", "/usr/bin:/bin");
        return builder.redirectInput(Redirect.from(new File("/dev/null")));
    }

    /** Whether a line is the complaint of a system that lets nobody make a user namespace. */
    static boolean isNamespaceRefused(String line) {
        return line.contains("unshare: ");
    }

    static ServerNotStarted refusedAsRoot() {
        return new ServerNotStarted(
                NOT_RUNNABLE,
                "PostgreSQL does not run as root, and this machine allows no user namespace (unshare); start as another user");
    }

    private static @Nullable Path find(String program) {
        return SYSTEM_DIRECTORIES.stream()
                .map(directory -> directory.resolve(program))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
    }
}
