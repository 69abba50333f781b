package dev.chancery.cli;

import dev.chancery.cli.demo.Demo;
import dev.chancery.cli.export.Export;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "demo",
        description = "Plays the story: a fresh instance, some thirty steps, and an auditor's verdict at the end.",
        mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {
    private final PrintStream out;
    private final PrintStream err;

    @Spec
    private CommandSpec command = CommandSpec.create();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "A new or empty directory for everything it leaves; by default nothing is left.")
    private @Nullable Path directory;

    DemoCommand(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    @Override
    public Integer call() throws Exception {
        Path home = home();
        Path kept = directory;
        if (kept != null && !Export.isFree(kept)) {
            throw new ParameterException(
                    command.commandLine(), kept + " is not empty; the story needs a directory of its own");
        }
        Path stage = kept == null
                ? Files.createTempDirectory("chancery-demo-")
                : Files.createDirectories(kept.toAbsolutePath().normalize());
        return play(home, stage, kept == null);
    }

    private int play(Path home, Path stage, boolean temporary) throws IOException, InterruptedException {
        var demo = new Demo(home, stage, out);
        var ended = new AtomicBoolean();
        // Ctrl-C and TERM come this way, and nothing of ours survives them.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            if (ended.compareAndSet(false, true)) {
                end(demo, stage, temporary);
            }
        }));
        boolean asTold = demo.play();
        if (!ended.compareAndSet(false, true)) {
            return Main.FAILED;
        }
        if (asTold && !temporary) {
            demo.tellWhatIsLeft();
        }
        // What went wrong may be worth a look, so a directory of ours stays then.
        end(demo, stage, asTold && temporary);
        if (!asTold) {
            err.println("chancery: the story did not go as it should; what it left is in " + stage);
        }
        return asTold ? 0 : Main.FAILED;
    }

    private static Path home() throws IOException {
        String named = System.getProperty("chancery.home", System.getenv().getOrDefault("CHANCERY_HOME", ""));
        Path home = Path.of(named).toAbsolutePath().normalize();
        if (named.isEmpty() || !Files.isDirectory(home.resolve("services/quickstart"))) {
            throw new IOException("start the demo as ./chancery demo, from the repository that it is part of");
        }
        return home;
    }

    private void end(Demo demo, Path stage, boolean delete) {
        demo.close();
        try {
            if (delete) {
                Export.delete(stage);
            }
        } catch (IOException e) {
            err.println("chancery: could not remove " + stage);
        }
    }
}
