package dev.chancery.cli;

import dev.chancery.cli.client.Instance;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that name an instance. */
final class Server {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command = CommandSpec.create();

    @Option(
            names = "--server",
            paramLabel = "URL",
            description = "The instance; by default the one that runs on --data.")
    private @Nullable String server;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            defaultValue = "data",
            description = "Its data directory, whose run.json says where it is (default: ${DEFAULT-VALUE}).")
    private Path data = Path.of("data");

    Instance instance() throws IOException {
        if (server == null) {
            return Instance.on(data);
        }
        try {
            return Instance.at(server);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }
}
