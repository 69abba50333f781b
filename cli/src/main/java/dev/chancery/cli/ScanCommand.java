package dev.chancery.cli;

import dev.chancery.cli.scan.Allowed;
import dev.chancery.cli.scan.Scan;
import dev.chancery.redaction.SecretRules;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "scan",
        description = {
            "Looks for secrets where they don't belong, and prints 'FILE:LINE RULE' for each, never the value.",
            "Passes over .git, target and node_modules. Places that may be there are listed in .chancery-scan-allow,",
            "a line each: GLOB RULE REASON.",
            "Exit code: 0 nothing found; 1 found; 2 wrong usage, or something can't be read."
        },
        mixinStandardHelpOptions = true)
final class ScanCommand implements Callable<Integer> {
    private static final int WRONG = 2;

    private final PrintStream out;
    private final PrintStream err;
    private int found;

    @Spec
    private CommandSpec command = CommandSpec.create();

    @ArgGroup(multiplicity = "1")
    private What what = new What();

    @Option(
            names = "--allow",
            paramLabel = "FILE",
            description =
                    "What may be there; by default .chancery-scan-allow in PATH or the working directory, where there is one.")
    private @Nullable Path allow;

    /** One of these. */
    static final class What {
        @Parameters(paramLabel = "PATH", description = "A file, or a directory with all below it.")
        private @Nullable Path path;

        @Option(names = "--diff", description = "What the working tree adds to the last commit (git).")
        private boolean diff;

        @Option(names = "--history", description = "What any commit of any branch ever added (git).")
        private boolean history;

        @Option(names = "--jar", paramLabel = "FILE", description = "An archive, and the archives in it.")
        private @Nullable Path jar;

        @Option(names = "--rules", description = "Print the rules' names and look at nothing.")
        private boolean rules;
    }

    ScanCommand(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    @Override
    public Integer call() throws InterruptedException {
        if (what.rules) {
            SecretRules.names().forEach(out::println);
            return 0;
        }
        try {
            Allowed allowed = allowed();
            var scan = new Scan(allowed, place -> {
                found++;
                out.println(place.where() + " " + place.rule());
            });
            if (what.diff) {
                git(
                        scan,
                        "diff",
                        "--unified=0",
                        "--no-color",
                        "--no-ext-diff",
                        "--src-prefix=a/",
                        "--dst-prefix=b/",
                        "HEAD");
            } else if (what.history) {
                git(
                        scan,
                        "log",
                        "--all",
                        "--patch",
                        "--unified=0",
                        "--no-color",
                        "--no-ext-diff",
                        "--src-prefix=a/",
                        "--dst-prefix=b/",
                        "--format=commit %h");
            } else if (what.jar != null) {
                scan.archive(what.jar);
            } else if (what.path != null) {
                scan.path(what.path);
            }
            if (allowed.count() > 0) {
                err.println("allowed: " + allowed.count());
            }
            allowed.unused().forEach(line -> err.println("allows nothing: " + line));
            return found == 0 ? 0 : Main.FAILED;
        } catch (IOException e) {
            err.println("chancery: " + e.getMessage() + " can't be read");
            return WRONG;
        }
    }

    private Allowed allowed() throws IOException {
        Path root = what.path != null && Files.isDirectory(what.path) ? what.path : Path.of("");
        Path file = allow == null ? root.resolve(Allowed.FILE) : allow;
        if (allow == null && !Files.exists(file)) {
            return Allowed.none();
        }
        try {
            return Allowed.read(file);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    private static void git(Scan scan, String... words) throws IOException, InterruptedException {
        List<String> git = new ArrayList<>(List.of("git"));
        git.addAll(Arrays.asList(words));
        Process process = new ProcessBuilder(git)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (InputStream patch = process.getInputStream()) {
            scan.patch(patch);
        }
        if (process.waitFor() != 0) {
            throw new IOException("git's answer to " + words[0]);
        }
    }
}
