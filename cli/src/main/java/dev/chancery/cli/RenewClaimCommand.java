package dev.chancery.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Has an instance's next start make a new owner claim: the way back for whoever holds its files and lost its owner. */
@Command(
        name = "renew-claim",
        description = "Has the next start make a new owner claim, for whoever lost the owner's key or access;"
                + " whoever uses it takes the owner's place. It is recorded in the log.",
        mixinStandardHelpOptions = true)
final class RenewClaimCommand implements Callable<Integer> {
    private final PrintStream out;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            defaultValue = "data",
            description = "The instance's data directory (default: ${DEFAULT-VALUE}).")
    private Path data = Path.of("data");

    RenewClaimCommand(PrintStream out) {
        this.out = out;
    }

    @Override
    public Integer call() throws IOException {
        if (!Files.exists(data.resolve("format"))) {
            throw new IOException(data + " is no Chancery data directory; name it with --data");
        }
        Path asked = data.resolve("claim.renew");
        if (!Files.exists(asked)) {
            Files.createFile(asked, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        }
        out.println("The next start makes a new owner claim in " + data.resolve("claim")
                + "; start the instance again and use 'claim'.");
        return 0;
    }
}
