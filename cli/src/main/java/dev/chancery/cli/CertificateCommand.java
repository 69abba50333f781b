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
            "Verifies what was destroyed of a subject, and that the log says so, offline.",
            "A certificate without its records is not proven: `erasure proof` writes it with them.",
            "Exit code: 0 proven; 1 not proven; 2 wrong usage; 3 unreadable."
        },
        mixinStandardHelpOptions = true)
final class CertificateCommand implements Callable<Integer> {
    private final PrintStream out;
    private final PrintStream err;

    @Parameters(paramLabel = "FILE", description = "What `erasure proof` has written.")
    private Path certificate = Path.of("");

    @Option(
            names = "--origin",
            paramLabel = "NAME",
            description = "The log that the proofs must lead into: <instance id>/<log id>.")
    private @Nullable String origin;

    @Mixin
    private AuditorOptions options = new AuditorOptions();

    CertificateCommand(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    @Override
    public Integer call() {
        return options.call("erasure", certificate.toString())
                .with("--origin", origin)
                .run(out, err);
    }
}
