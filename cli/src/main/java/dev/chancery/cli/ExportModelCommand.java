package dev.chancery.cli;

import dev.chancery.cli.model.ModelClient;
import dev.chancery.cli.model.ModelFile;
import java.io.PrintStream;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

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
    private SignedIn signedIn = new SignedIn();

    ExportModelCommand(PrintStream out) {
        this.out = out;
    }

    @Override
    public Integer call() throws Exception {
        return signedIn.call(caller -> {
            out.print(ModelFile.write(
                    new ModelClient(caller).read(System.currentTimeMillis()).model()));
            return 0;
        });
    }
}
