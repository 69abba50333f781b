package dev.chancery.cli;

import dev.chancery.cli.client.KeyFile;
import dev.chancery.cli.client.RestTransport;
import dev.chancery.cli.client.SignIn;
import dev.chancery.cli.export.ErasureProofFile;
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
            "Writes a subject's erasure certificate, with the records that it names and the proofs that the log has them.",
            "It waits ten seconds at most for a checkpoint that covers them. You need erasure:read and ledger:read."
        },
        mixinStandardHelpOptions = true)
final class ErasureProofCommand implements Callable<Integer> {
    private final PrintStream out;

    @Mixin
    private Server server = new Server();

    @Parameters(paramLabel = "PRINCIPAL", description = "The subject's id.")
    private String principal = "";

    @Option(names = "--key", required = true, paramLabel = "FILE", description = "Your key.")
    private Path key = Path.of("");

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "A new file.")
    private Path file = Path.of("");

    ErasureProofCommand(PrintStream out) {
        this.out = out;
    }

    @Override
    public Integer call() throws Exception {
        try (var rest = new RestTransport(server.instance())) {
            var signIn = new SignIn(rest, KeyFile.read(key), Optional.empty());
            ErasureProofFile.write(rest, signIn, principal, file);
            out.println(file);
            return 0;
        }
    }
}
