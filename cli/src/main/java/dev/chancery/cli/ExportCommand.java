package dev.chancery.cli;

import dev.chancery.cli.client.KeyFile;
import dev.chancery.cli.client.RestTransport;
import dev.chancery.cli.client.SignIn;
import dev.chancery.cli.export.Coverage;
import dev.chancery.cli.export.Export;
import dev.chancery.cli.export.LedgerClient;
import dev.chancery.cli.export.TrustFile;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "export",
        description = "Writes the log of the caller's organisation as files, for 'audit verify'.",
        mixinStandardHelpOptions = true)
final class ExportCommand implements Callable<Integer> {
    /** Checkpoints follow records within a second where nothing is wrong. */
    private static final Duration CHECKPOINT_WAIT = Duration.ofSeconds(10);

    private final PrintStream out;
    private final PrintStream err;

    @Spec
    private CommandSpec command = CommandSpec.create();

    @Mixin
    private Server server = new Server();

    @Option(
            names = "--key",
            required = true,
            paramLabel = "FILE",
            description = "Your key; you need ledger:read and ledger:export.")
    private Path key = Path.of("");

    @Option(names = "--out", required = true, paramLabel = "EXPORT", description = "A new or empty directory.")
    private Path export = Path.of("");

    @Option(
            names = "--trust",
            paramLabel = "FILE",
            description = "Write the instance's verifier keys there; or, if it exists, compare them with it.")
    private @Nullable Path trust;

    ExportCommand(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    @Override
    public Integer call() throws Exception {
        if (!Export.isFree(export)) {
            throw new ParameterException(
                    command.commandLine(), export + " is not empty; name a new or empty directory with --out");
        }
        try (var rest = new RestTransport(server.instance())) {
            var ledger = new LedgerClient(rest, new SignIn(rest, KeyFile.read(key), Optional.empty()));
            if (trust != null) {
                pin(ledger, trust);
            }
            Coverage coverage = Coverage.await(ledger::coverage, CHECKPOINT_WAIT);
            Export written = Export.write(ledger, export);
            out.println("exported " + written.size() + " records of " + written.origin() + " to " + export + " ("
                    + written.files() + " files)");
            coverage.warning().ifPresent(err::println);
            return 0;
        }
    }

    private void pin(LedgerClient ledger, Path file) throws Exception {
        switch (TrustFile.pin(file, ledger.verifierKeys())) {
            case WRITTEN ->
                err.println("wrote the instance's own verifier keys to " + file
                        + ": compare them with keys from another source before you rely on them");
            case CONFIRMED -> err.println("the instance's verifier keys match " + file);
        }
    }
}
