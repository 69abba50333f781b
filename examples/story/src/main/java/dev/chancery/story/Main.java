package dev.chancery.story;

import dev.chancery.cli.export.Export;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ./chancery demo}: the story on a fresh instance. Exit code 0 if every step passed, 1 if not, 2 for wrong usage. */
@Command(
        name = "chancery demo",
        description = "Tells the story: a fresh instance, some forty steps, and an auditor's verdict at the end.",
        mixinStandardHelpOptions = true)
final class Main implements Callable<Integer> {
    private static final int FAILED = 1;

    // Kept, because the logging framework holds its loggers weakly and would forget the level.
    private static final Logger ROOT = Logger.getLogger("");

    private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    @Spec
    private CommandSpec command = CommandSpec.create();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "A new or empty directory to keep all files in; by default they are removed.")
    private @Nullable Path kept;

    @Option(
            names = "--story",
            paramLabel = "NAME",
            defaultValue = "organisation",
            description =
                    "organisation, or privacy: a subject's consent, copy, hold, erasure, proof and restore (default: ${DEFAULT-VALUE}).")
    private Told told = Told.ORGANISATION;

    /** The stories, as the command line names them. */
    private enum Told {
        ORGANISATION,
        PRIVACY
    }

    public static void main(String... arguments) {
        Locale.setDefault(Locale.ROOT);
        ROOT.setLevel(Level.OFF);
        System.setProperty("slf4j.internal.verbosity", "ERROR");
        System.exit(new CommandLine(new Main())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((failure, line, parsed) -> {
                    System.err.println("chancery: " + failure.getMessage());
                    return FAILED;
                })
                .execute(arguments));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path home = home();
        if (kept != null && !Export.isFree(kept)) {
            throw new ParameterException(
                    command.commandLine(), kept + " is not empty; name a new or empty directory with --out");
        }
        Path directory = kept == null
                ? Files.createTempDirectory("chancery-demo-")
                : Files.createDirectories(kept.toAbsolutePath().normalize());
        var story = new Story(home, directory, out);
        var ended = new AtomicBoolean();
        // Ctrl-C and TERM come this way, and nothing that the story started outlives them.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            if (ended.compareAndSet(false, true)) {
                end(story, directory, kept == null);
            }
        }));
        boolean passed = story.run(told == Told.PRIVACY);
        if (!ended.compareAndSet(false, true)) {
            return FAILED;
        }
        if (passed && kept != null) {
            story.printFiles(told == Told.PRIVACY);
        }
        // After a failure the files may explain it, so they stay.
        end(story, directory, passed && kept == null);
        if (!passed) {
            System.err.println("chancery: a step failed; the files are in " + directory);
        }
        return passed ? 0 : FAILED;
    }

    private static Path home() throws IOException {
        String named = System.getProperty("chancery.home", "");
        Path home = Path.of(named).toAbsolutePath().normalize();
        if (named.isEmpty() || !Files.isDirectory(home.resolve("services/quickstart"))) {
            throw new IOException("start the demo as ./chancery demo, from the repository that it is part of");
        }
        return home;
    }

    private static void end(Story story, Path directory, boolean delete) {
        story.close();
        try {
            if (delete) {
                Export.delete(directory);
            }
        } catch (IOException e) {
            System.err.println("chancery: could not remove " + directory);
        }
    }
}
