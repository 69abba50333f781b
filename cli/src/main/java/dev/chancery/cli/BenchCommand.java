package dev.chancery.cli;

import dev.chancery.cli.bench.Bench;
import dev.chancery.cli.bench.Plan;
import dev.chancery.cli.bench.ProcessorTime;
import dev.chancery.cli.bench.Report;
import dev.chancery.cli.client.ClientKey;
import dev.chancery.cli.client.Instance;
import dev.chancery.cli.client.KeyFile;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "bench",
        description =
                "Puts an instance under load and prints what it did, the processor time it used, and the hardware.",
        mixinStandardHelpOptions = true)
final class BenchCommand implements Callable<Integer> {
    private static final int CALLERS = 64;

    private final PrintStream out;

    @Spec
    private CommandSpec command = CommandSpec.create();

    @Mixin
    private Server server = new Server();

    @Option(
            names = "--key",
            required = true,
            paramLabel = "FILE",
            description = "The owner's key, as 'claim' writes it.")
    private Path key = Path.of("");

    @Option(
            names = "--mode",
            defaultValue = "commands",
            paramLabel = "MODE",
            description = {
                "commands: privileged commands over gRPC (the default);",
                "check: access checks, over gRPC and then over AuthZEN;",
                "read: reads of secrets over gRPC, each recorded before it is answered;",
                "revoke: from a revocation's acknowledgement to the first denied check;",
                "consent: checks of consents over gRPC, then from a withdrawal's acknowledgement to the first denied check."
            })
    private Plan.Mode mode = Plan.Mode.COMMANDS;

    @Option(names = "--tenants", defaultValue = "1", description = "Organisations (default: ${DEFAULT-VALUE}).")
    private int tenants;

    @Option(
            names = "--callers",
            description = "Callers at once (default: " + CALLERS + "; with --mode revoke, commands beside it: 0).")
    private @Nullable Integer callers;

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
            description = "Calls a second on a schedule; 0: as fast as answers come (default: ${DEFAULT-VALUE}).")
    private int rate;

    @Option(
            names = "--rounds",
            defaultValue = "200",
            description = "Revocations, or withdrawals, to time (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(
            names = "--also",
            paramLabel = "URL",
            description = "With --mode revoke: another process of the installation to check at. Repeatable.")
    private List<String> checkedToo = new ArrayList<>();

    @Option(
            names = "--pid",
            paramLabel = "PID",
            split = ",",
            description = "The instance's processes, whose processor time is counted with their descendants';"
                    + " by default those of the instance on --data.")
    private List<Long> processIds = new ArrayList<>();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Where to leave the administrators' keys, so that the logs can be exported.")
    private @Nullable Path directory;

    @Option(names = "--json", description = "Prints one JSON object instead of lines.")
    private boolean json;

    BenchCommand(PrintStream out) {
        this.out = out;
    }

    @Override
    public Integer call() throws Exception {
        if (tenants < 1 || seconds < 1 || rounds < 1 || warmupSeconds < 0 || rate < 0 || callers() < 0) {
            throw new ParameterException(command.commandLine(), "Counts must be positive.");
        }
        var plan = new Plan(mode, tenants, callers(), warmupSeconds, seconds, rate, rounds);
        var processorTime = processIds.isEmpty() ? server.processorTime() : ProcessorTime.of(processIds);
        List<Instance> others = checkedToo.stream().map(server::at).toList();
        try (var bench =
                new Bench(new Report(out, json), plan, processorTime, server.instance(), others, KeyFile.read(key))) {
            leave(bench.prepare());
            bench.run();
            return 0;
        }
    }

    private int callers() {
        if (callers != null) {
            return callers;
        }
        return mode == Plan.Mode.REVOKE ? 0 : CALLERS;
    }

    private void leave(List<ClientKey> keys) throws IOException {
        if (directory != null) {
            Files.createDirectories(directory);
            for (ClientKey administrator : keys) {
                KeyFile.create(directory.resolve(administrator.clientId() + ".jwk"), administrator);
            }
        }
    }
}
