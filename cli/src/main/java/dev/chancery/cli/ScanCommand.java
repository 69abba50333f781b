package dev.chancery.cli;

import dev.chancery.cli.scan.Allowed;
import dev.chancery.cli.scan.Scan;
import dev.chancery.redaction.SecretRules;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
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

        @Option(
                names = "--diff",
                description = "What the working tree adds to the last commit (git), untracked files included.")
        private boolean diff;

        @Option(names = "--history", description = "What any commit of any branch ever added (git), merges included.")
        private boolean history;

        @Option(names = "--jar", paramLabel = "FILE", description = "A zip or jar archive, and those in it.")
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
                patch(scan, "diff", "HEAD");
                untracked(scan);
            } else if (what.history) {
                // A merge against each of its parents: what only it adds is in none of their patches.
                patch(scan, "log", "--all", "--root", "--patch", "--diff-merges=separate", "--format=commit %h");
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

    /** What git says that a command adds. */
    private static void patch(Scan scan, String... words) throws IOException, InterruptedException {
        List<String> git = new ArrayList<>(Arrays.asList(words));
        git.addAll(List.of(
                // Else git only says that a binary file differs.
                "--text",
                "--unified=0",
                "--no-color",
                "--no-ext-diff",
                "--no-textconv",
                "--src-prefix=a/",
                "--dst-prefix=b/"));
        git(scan::patch, git);
    }

    /** The files that git was not told of yet, unless it is to ignore them. */
    private static void untracked(Scan scan) throws IOException, InterruptedException {
        Path root = Path.of(text("rev-parse", "--show-cdup").strip());
        String names = text("ls-files", "--others", "--exclude-standard", "--full-name", "-z", ":/");
        for (String name : names.split("\0")) {
            Path file = root.resolve(name);
            if (!name.isEmpty() && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                scan.file(file, name);
            }
        }
    }

    private static String text(String... words) throws IOException, InterruptedException {
        var said = new ByteArrayOutputStream();
        git(out -> out.transferTo(said), Arrays.asList(words));
        return said.toString(StandardCharsets.UTF_8);
    }

    /** What takes a program's output. */
    private interface Taker {
        void take(InputStream out) throws IOException;
    }

    private static void git(Taker taker, List<String> words) throws IOException, InterruptedException {
        List<String> git = new ArrayList<>(List.of("git", "-c", "core.quotePath=false"));
        git.addAll(words);
        Process process = new ProcessBuilder(git)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (InputStream out = process.getInputStream()) {
            taker.take(out);
        }
        if (process.waitFor() != 0) {
            throw new IOException("git's answer to " + words.getFirst());
        }
    }
}
