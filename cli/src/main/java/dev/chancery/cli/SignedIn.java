package dev.chancery.cli;

import dev.chancery.cli.client.Caller;
import dev.chancery.cli.client.GrpcTransport;
import dev.chancery.cli.client.Instance;
import dev.chancery.cli.client.KeyFile;
import dev.chancery.cli.client.RestTransport;
import dev.chancery.cli.client.SignIn;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of a command that signs in at an instance and calls its methods. */
final class SignedIn {
    /** What a command does there; its answer is the exit code. */
    interface Calls {
        int make(Caller caller) throws Exception;
    }

    @Mixin
    private Server server = new Server();

    @Option(names = "--key", required = true, paramLabel = "FILE", description = "Your key.")
    private Path key = Path.of("");

    @Option(
            names = "--position",
            paramLabel = "POSITION",
            defaultValue = "",
            description = "What is read includes the log up to this position.")
    private String position = "";

    int call(Calls calls) throws Exception {
        Instance instance = server.instance();
        try (var rest = new RestTransport(instance);
                var grpc = new GrpcTransport(instance)) {
            return calls.make(new Caller(grpc, new SignIn(rest, KeyFile.read(key), Optional.empty()), position));
        }
    }
}
