package dev.chancery.cli;

import dev.chancery.cli.client.KeyFile;
import dev.chancery.cli.client.RestTransport;
import dev.chancery.cli.client.SignIn;
import dev.chancery.cli.export.CompletionProofFile;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "proof",
        description = {
            "Writes the proof of what was done about a subject's request: the signed statement, and that the log has it.",
            "You need dsar:read and ledger:read."
        },
        mixinStandardHelpOptions = true)
final class DsarProofCommand implements Callable<Integer> {
    private final PrintStream out;

    @Mixin
    private Server server = new Server();

    @Parameters(paramLabel = "REQUEST", description = "The request's id.")
    private String request = "";

    @Option(names = "--key", required = true, paramLabel = "FILE", description = "Your key.")
    private Path key = Path.of("");

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "A new file.")
    private Path file = Path.of("");

    DsarProofCommand(PrintStream out) {
        this.out = out;
    }

    @Override
    public Integer call() throws Exception {
        try (var rest = new RestTransport(server.instance())) {
            var signIn = new SignIn(rest, KeyFile.read(key), Optional.empty());
            CompletionProofFile.write(rest, signIn, request, file);
            out.println(file);
            return 0;
        }
    }
}
