package dev.chancery.cli;

import dev.chancery.cli.client.KeyFile;
import dev.chancery.cli.client.RestTransport;
import dev.chancery.cli.client.SignIn;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "token",
        description = "Signs in and prints an access token, valid for ten minutes.",
        mixinStandardHelpOptions = true)
final class TokenCommand implements Callable<Integer> {
    private final PrintStream out;

    @Mixin
    private Server server = new Server();

    @Option(names = "--key", required = true, paramLabel = "FILE", description = "Your key, as 'claim' writes it.")
    private Path key = Path.of("");

    @Option(names = "--workspace", paramLabel = "ID", description = "The workspace to act in.")
    private @Nullable String workspace;

    TokenCommand(PrintStream out) {
        this.out = out;
    }

    @Override
    public Integer call() throws Exception {
        try (var rest = new RestTransport(server.instance())) {
            out.println(new SignIn(rest, KeyFile.read(key), Optional.ofNullable(workspace)).token());
            return 0;
        }
    }
}
