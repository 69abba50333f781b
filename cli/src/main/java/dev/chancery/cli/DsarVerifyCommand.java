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
            names = "--origin",
            paramLabel = "NAME",
            description = "The log that the proof must lead into: <instance id>/<log id>.")
    private @Nullable String origin;

    @Mixin
    private AuditorOptions options = new AuditorOptions();

    DsarVerifyCommand(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    @Override
    public Integer call() {
        return options.call("dsar", proof.toString()).with("--origin", origin).run(out, err);
    }
}
