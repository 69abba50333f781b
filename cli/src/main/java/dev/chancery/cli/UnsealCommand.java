package dev.chancery.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Lets a process that stands sealed have its keys again. */
@Command(
        name = "unseal",
        description = "Unseals a process of this machine: it takes its keys up, starts, and records that.",
        mixinStandardHelpOptions = true)
final class UnsealCommand implements Callable<Integer> {
    private final PrintStream out;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            required = true,
            description = "A configuration file of the process; again for each, in the order in which it has them.")
    private List<Path> files = List.of();

    UnsealCommand(PrintStream out) {
        this.out = out;
    }

    @Override
    public Integer call() throws IOException {
        SealedProcess process = SealedProcess.of(files);
        process.unmark();
        process.await(
                complaints -> !SealedProcess.WITHOUT_KEYS.contains(complaints),
                "it does not serve; its log says what keeps its keys away");
        out.println("unsealed: " + process.address());
        return 0;
    }
}
