package dev.chancery.cli;

import dev.chancery.cli.client.ClientKey;
import dev.chancery.cli.client.KeyFile;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A key for somebody who is about to be created. The instance learns the public half only, and answers with the client id. */
@Command(
        name = "keygen",
        description = {
            "Makes a key, and prints its public half for CreateOrganisation or CreatePrincipal.",
            "Their reply has the client id. Run it again with --client-id to write that into the key file."
        },
        mixinStandardHelpOptions = true)
final class KeygenCommand implements Callable<Integer> {
    private final PrintStream out;

    @Option(names = "--key", required = true, paramLabel = "FILE", description = "The key file.")
    private Path file = Path.of("");

    @Option(names = "--client-id", paramLabel = "ID", description = "The client id to write into an existing key file.")
    private @Nullable String clientId;

    KeygenCommand(PrintStream out) {
        this.out = out;
    }

    @Override
    public Integer call() throws IOException {
        if (clientId != null) {
            ClientKey key = KeyFile.read(file);
            if (key.clientId().equals(clientId)) {
                return 0;
            }
            if (!key.clientId().equals(ClaimCommand.UNCLAIMED)) {
                throw new IOException(file + " already has the client id " + key.clientId());
            }
            KeyFile.replace(file, key.withClientId(clientId));
            return 0;
        }
        if (!Files.exists(file)) {
            KeyFile.create(file, ClientKey.generate(ClaimCommand.UNCLAIMED));
        }
        out.println(Base64.getEncoder().encodeToString(KeyFile.read(file).publicKey()));
        return 0;
    }
}
