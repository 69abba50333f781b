package dev.chancery.cli;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Hands its arguments to the auditor, which shares no code with what it audits. */
@Command(
        name = "verify",
        description = {
            "Verifies what was done about a subject's request, and that the log has it, offline.",
            "It says what the proof does not prove.",
            "Exit code: 0 proven; 1 not proven; 2 wrong usage; 3 unreadable."
        },
        mixinStandardHelpOptions = true)
final class DsarVerifyCommand implements Callable<Integer> {
    private final PrintStream out;
    private final PrintStream err;

    @Parameters(paramLabel = "FILE", description = "What `dsar proof` has written.")
    private Path proof = Path.of("");

    @Option(
            names = "--trust",
            required = true,
            paramLabel = "FILE",
            description = "Verifier keys, one a line. Get them from another source than the proof.")
    private Path trust = Path.of("");

    @Option(
            names = "--origin",
            paramLabel = "NAME",
            description = "The log that the proof must lead into: <instance id>/<log id>.")
    private @Nullable String origin;

    @Option(names = "--json", description = "The report as JSON.")
    private boolean json;

    DsarVerifyCommand(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    @Override
    public Integer call() {
        return new AuditorCall("dsar", proof.toString())
                .with("--trust", trust)
                .with("--origin", origin)
                .run(json, out, err);
    }
}
