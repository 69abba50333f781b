package dev.chancery.cli;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Hands its arguments to the auditor, which shares no code with what it audits. */
@Command(
        name = "consistency",
        description = {
            "Verifies that a log has only grown since a checkpoint that you kept, by a proof and without the log.",
            "To get one: ./chancery call GetConsistencyProof '{\"oldSize\": \"5\"}' --key FILE --field proof",
            "Exit code: 0 proven; 1 not proven; 2 wrong usage; 3 unreadable."
        },
        mixinStandardHelpOptions = true)
final class ConsistencyCommand implements Callable<Integer> {
    private final PrintStream out;
    private final PrintStream err;

    @Option(
            names = "--from",
            required = true,
            paramLabel = "CHECKPOINT",
            description = "The earlier checkpoint: one that you kept, e.g. an export's log/checkpoint.")
    private Path from = Path.of("");

    @Option(
            names = "--to",
            paramLabel = "CHECKPOINT",
            description = "The later one (default: the one that the proof ends with).")
    private @Nullable Path to;

    @Option(
            names = "--proof",
            required = true,
            paramLabel = "FILE",
            description = "The body of a C2SP tlog-witness add-checkpoint request.")
    private Path proof = Path.of("");

    @Mixin
    private AuditorOptions options = new AuditorOptions();

    ConsistencyCommand(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    @Override
    public Integer call() {
        return options.call("consistency")
                .with("--from", from)
                .with("--to", to)
                .with("--proof", proof)
                .run(out, err);
    }
}
