package dev.chancery.cli;

import dev.chancery.cli.bench.ProcessorTime;
import dev.chancery.cli.client.Instance;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
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
        return server == null ? Instance.on(data) : at(server);
    }

    /** The one at a URL that the user gave. */
    Instance at(String url) {
        try {
            return Instance.at(url);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    /** Of the instance on --data; of none where a URL was given, since it may run anywhere. */
    ProcessorTime processorTime() throws IOException {
        return server == null ? ProcessorTime.on(data) : ProcessorTime.of(List.of());
    }
}
