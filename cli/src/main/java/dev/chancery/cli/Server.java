package dev.chancery.cli;

import dev.chancery.cli.bench.ProcessorTime;
import dev.chancery.cli.client.Instance;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
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
            description = "The instance, https:// unless it runs here; by default the one that runs on --data.")
    private @Nullable String server;

    @Option(
            names = "--ca",
            paramLabel = "FILE",
            description = "PEM certificates that the instance's is checked against; by default the system's.")
    private @Nullable Path ca;

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
            Instance named = Instance.at(url, Optional.ofNullable(ca));
            named.trust();
            return named;
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    /** Of the instance on --data; of none where a URL was given, since it may run anywhere. */
    ProcessorTime processorTime() throws IOException {
        return server == null ? ProcessorTime.on(data) : ProcessorTime.of(List.of());
    }
}
