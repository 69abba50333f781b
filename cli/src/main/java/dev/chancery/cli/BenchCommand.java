package dev.chancery.cli;

import dev.chancery.cli.bench.Load;
import dev.chancery.cli.client.KeyFile;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "bench",
        description = "Sends an instance privileged commands over gRPC and prints what it did, with the hardware.",
        mixinStandardHelpOptions = true)
final class BenchCommand implements Callable<Integer> {
    private final PrintStream out;

    @Mixin
    private Server server = new Server();

    @Option(
            names = "--key",
            required = true,
            paramLabel = "FILE",
            description = "The owner's key, as 'claim' writes it.")
    private Path key = Path.of("");

    @Option(names = "--tenants", defaultValue = "1", description = "Organisations (default: ${DEFAULT-VALUE}).")
    private int tenants;

    @Option(names = "--callers", defaultValue = "64", description = "Callers at once (default: ${DEFAULT-VALUE}).")
    private int callers;

    @Option(
            names = "--warmup",
            defaultValue = "15",
            description = "Seconds not counted, first (default: ${DEFAULT-VALUE}).")
    private int warmupSeconds;

    @Option(names = "--seconds", defaultValue = "30", description = "Seconds counted (default: ${DEFAULT-VALUE}).")
    private int seconds;

    @Option(
            names = "--rate",
            defaultValue = "0",
            description = "Commands a second on a schedule; 0: as fast as answers come (default: ${DEFAULT-VALUE}).")
    private int rate;

    BenchCommand(PrintStream out) {
        this.out = out;
    }

    @Override
    public Integer call() throws Exception {
        try (var load = new Load(out, server.instance(), KeyFile.read(key))) {
            load.run(new Load.Plan(tenants, callers, warmupSeconds, seconds, rate));
            return 0;
        }
    }
}
