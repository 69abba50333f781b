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
        name = "proof",
        description = {
            "Verifies that a record is in a log, by a proof and without the log.",
            "To get one: ./chancery call GetInclusionProof '{\"position\": \"5\"}' --key FILE --field proof",
            "Exit code: 0 proven; 1 not proven; 2 wrong usage; 3 unreadable."
        },
        mixinStandardHelpOptions = true)
final class ProofCommand implements Callable<Integer> {
    private final PrintStream out;
    private final PrintStream err;

    @Option(names = "--proof", required = true, paramLabel = "FILE", description = "A C2SP tlog-proof.")
    private Path proof = Path.of("");

    @Option(names = "--entry", paramLabel = "FILE", description = "The entry, where the proof has none with it.")
    private @Nullable Path entry;

    @Option(
            names = "--origin",
            paramLabel = "NAME",
            description = "The log that the record must be in: <instance id>/<log id>.")
    private @Nullable String origin;

    @Mixin
    private AuditorOptions options = new AuditorOptions();

    ProofCommand(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    @Override
    public Integer call() {
        return options.call("proof")
                .with("--proof", proof)
                .with("--entry", entry)
                .with("--origin", origin)
                .run(out, err);
    }
}
