package dev.chancery.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Takes a process's keys away: it records that, ends, and stands sealed once its supervisor has started it again. */
@Command(
        name = "seal",
        description =
                "Seals a process of this machine: it records that, ends, and once it is started again it answers"
                        + " nothing but health until it is unsealed. Processes that share the file that unlocks their keys are sealed together.",
        mixinStandardHelpOptions = true)
final class SealCommand implements Callable<Integer> {
    private final PrintStream out;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            required = true,
            description = "A configuration file of the process; again for each, in the order in which it has them.")
    private List<Path> files = List.of();

    SealCommand(PrintStream out) {
        this.out = out;
    }

    @Override
    public Integer call() throws IOException {
        SealedProcess process = SealedProcess.of(files);
        process.mark();
        process.await(
                Set.of(SealedProcess.SEALED)::contains,
                "it has not sealed itself; is its log taken, and does something"
                        + " start it again when it has ended?");
        out.println("sealed: " + process.address());
        return 0;
    }
}
