package dev.chancery.cli;

import dev.chancery.cli.client.Caller;
import dev.chancery.cli.client.GrpcTransport;
import dev.chancery.cli.client.Instance;
import dev.chancery.cli.client.KeyFile;
import dev.chancery.cli.client.RestTransport;
import dev.chancery.cli.client.SignIn;
import dev.chancery.cli.model.ModelClient;
import dev.chancery.cli.model.ModelFile;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Writes an organisation's role model as the file that {@code apply} reads. */
@Command(
        name = "export-model",
        description = {
            "Prints your organisation's capabilities, roles, groups and assignments as the YAML that 'apply' reads.",
            "You need role:read and assignment:read."
        },
        mixinStandardHelpOptions = true)
final class ExportModelCommand implements Callable<Integer> {
    private final PrintStream out;

    @Mixin
    private Server server = new Server();

    @Option(names = "--key", required = true, paramLabel = "FILE", description = "Your key.")
    private Path key = Path.of("");

    @Option(
            names = "--position",
            paramLabel = "POSITION",
            defaultValue = "",
            description = "It includes the log up to this position.")
    private String position = "";

    ExportModelCommand(PrintStream out) {
        this.out = out;
    }

    @Override
    public Integer call() throws Exception {
        Instance instance = server.instance();
        try (var rest = new RestTransport(instance);
                var grpc = new GrpcTransport(instance)) {
            var client =
                    new ModelClient(new Caller(grpc, new SignIn(rest, KeyFile.read(key), Optional.empty()), position));
            out.print(ModelFile.write(client.read(System.currentTimeMillis()).model()));
            return 0;
        }
    }
}
