package dev.chancery.cli;

import dev.chancery.cli.model.ModelClient;
import dev.chancery.cli.model.ModelFile;
import dev.chancery.cli.model.ModelPlan;
import dev.chancery.cli.model.OrganisationModel;
import dev.chancery.schema.access.v1.ChangeModelRequest;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Brings an organisation's role model to what a file says. */
@Command(
        name = "apply",
        description = {
            "Brings your organisation's capabilities, roles, groups and assignments to what a YAML file says.",
            "Prints each change: '+' comes, '~' changes, '-' goes. All of it is done as you, by what you may do. What the file doesn't name, goes.",
            "Exit code: 0 it is as the file says; 1 with --preview: something would change, otherwise: something was refused; 2 wrong usage or file."
        },
        mixinStandardHelpOptions = true)
final class ApplyCommand implements Callable<Integer> {
    private final PrintStream out;
    private final PrintStream err;

    @Spec
    private CommandSpec command = CommandSpec.create();

    @Mixin
    private SignedIn signedIn = new SignedIn();

    @Parameters(paramLabel = "FILE", description = "The model, as docs/reference/model.md describes it.")
    private Path file = Path.of("");

    @Option(names = "--preview", description = "Print what would change, and change nothing.")
    private boolean preview;

    @Option(names = "--reason", paramLabel = "TEXT", defaultValue = "", description = "Why; it stands in the log.")
    private String reason = "";

    ApplyCommand(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    @Override
    public Integer call() throws Exception {
        OrganisationModel wanted = read();
        return signedIn.call(caller -> {
            var client = new ModelClient(caller);
            ModelPlan plan = ModelPlan.of(client.read(System.currentTimeMillis()), wanted);
            plan.lines().forEach(out::println);
            if (preview || plan.isEmpty()) {
                return plan.isEmpty() ? 0 : Main.FAILED;
            }
            List<ChangeModelRequest> batches = plan.batches(reason);
            for (ChangeModelRequest batch : batches) {
                // Where one is refused, the ones before it stay: the next run goes on from there.
                client.change(batch);
            }
            err.println("position: " + caller.position());
            return 0;
        });
    }

    private OrganisationModel read() throws IOException {
        try {
            return ModelFile.read(file);
        } catch (ModelFile.Unusable e) {
            throw new ParameterException(command.commandLine(), "can't use the model " + file + ": " + e.getMessage());
        }
    }
}
