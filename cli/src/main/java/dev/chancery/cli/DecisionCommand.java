package dev.chancery.cli;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Hands its arguments to the auditor, which shares no code with what it audits. */
@Command(
        name = "decision",
        description = {
            "Verifies that a decision was made and recorded, and says what it was, without the log.",
            "To get one: ./chancery call GetDecisionProof '{\"position\": \"5\"}' --key FILE --field proof",
            "Exit code: 0 proven; 1 not proven; 2 wrong usage; 3 unreadable."
        },
        mixinStandardHelpOptions = true)
final class DecisionCommand implements Callable<Integer> {
    private final PrintStream out;
    private final PrintStream err;

    @Parameters(paramLabel = "FILE", description = "What GetDecisionProof answers.")
    private Path decision = Path.of("");

    @Option(
            names = "--request",
            paramLabel = "FILE",
            description = "What the application was asked to do: the decision must be for it.")
    private @Nullable Path request;

    @Option(
            names = "--origin",
            paramLabel = "NAME",
            description = "The log that the decision must be in: <instance id>/<log id>.")
    private @Nullable String origin;

    @Mixin
    private AuditorOptions options = new AuditorOptions();

    DecisionCommand(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    @Override
    public Integer call() {
        return options.call("decision", decision.toString())
                .with("--request", request)
                .with("--origin", origin)
                .run(out, err);
    }
}
