package dev.chancery.cli;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The auditor, which shares no code with what it audits: this hands its arguments over and its exit code back. */
@Command(
        name = "verify",
        description = {
            "Verifies an export of an organisation's log.",
            "Exit code: 0 intact; 1 something is missing, added, malformed or wrong; 2 wrong usage; 3 unreadable."
        },
        mixinStandardHelpOptions = true)
final class VerifyCommand implements Callable<Integer> {
    private final PrintStream out;
    private final PrintStream err;

    @Parameters(paramLabel = "EXPORT", description = "The export's directory.")
    private Path export = Path.of("");

    @Option(
            names = "--contract",
            paramLabel = "FILE",
            description = "A contract of your own: methods that it marks as privileged count as privileged, too.")
    private @Nullable Path contract;

    @Option(
            names = "--checkpoint",
            paramLabel = "FILE",
            description =
                    "A checkpoint that you kept (log/checkpoint of an earlier export): the log must go on from it.")
    private @Nullable Path checkpoint;

    @Option(
            names = "--origin",
            paramLabel = "NAME",
            description = "The log that it must be the export of: <instance id>/<log id>.")
    private @Nullable String origin;

    @Option(names = "--min-size", paramLabel = "N", description = "How many records it must have at least.")
    private @Nullable String minSize;

    @Mixin
    private AuditorOptions options = new AuditorOptions();

    VerifyCommand(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    @Override
    public Integer call() {
        return options.call("verify", export.toString())
                .with("--contract", contract)
                .with("--checkpoint", checkpoint)
                .with("--origin", origin)
                .with("--min-size", minSize)
                .run(out, err);
    }
}
