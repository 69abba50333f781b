package dev.chancery.story;

import dev.chancery.cli.client.Instance;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The whole story: its files, its instance, and its chapters in order. */
final class Story implements AutoCloseable {
    private static final String LISTENING = "LISTENING ";

    private final Path home;
    private final Path directory;
    private final Steps steps;
    private final InstanceProcess server;
    private @Nullable Connection connection;
    private @Nullable Process holder;

    /**
     * @param home the repository's root
     * @param directory an empty one, for all files of the story
     */
    Story(Path home, Path directory, PrintStream out) {
        this.home = home;
        this.directory = directory;
        this.steps = new Steps(out);
        this.server = new InstanceProcess(home, data(), log());
    }

    /**
     * Runs it up to the first step that fails; returns whether none did.
     *
     * @param privacy the story of a subject's data, instead of an organisation's
     */
    boolean run(boolean privacy) throws InterruptedException {
        long began = System.nanoTime();
        steps.print("Chancery, the story. Each step checks its result; the first one that fails ends the story.");
        try {
            var people = new NewInstance(this).run();
            if (privacy) {
                new Privacy(this, people.administrator()).run();
            } else {
                company(people);
            }
        } catch (Steps.Failed e) {
            steps.print("     the instance's output is in " + log());
            return false;
        }
        steps.print("");
        steps.print(String.format(
                Locale.ROOT, "%d steps, all passed, in %.1f s.", steps.count(), (System.nanoTime() - began) / 1e9));
        return true;
    }

    private void company(NewInstance.Administrators people) throws Steps.Failed, InterruptedException {
        Company company = new People(this, people.administrator()).run();
        new Decisions(this, company).run();
        new OtherOrganisation(this, company, people.rival()).run();
        new Emergency(this, company).run();
        new Agreement(this, company).run();
        new Crash(this, company).run();
        new Evidence(this, company).run();
        new Audit(this).run();
    }

    /** Prints what is left, and what to do with it. */
    void printFiles(boolean privacy) {
        steps.print("");
        if (privacy) {
            steps.print("  " + proof() + "  what was done about the request, and that the log has it");
            steps.print("  " + trust() + "  the keys that verify it");
            steps.print("");
            steps.print("  ./chancery dsar verify " + proof() + " --trust " + trust());
            return;
        }
        steps.print("  " + export() + "  the log, its bodies, the contract");
        steps.print("  " + trust() + "  the keys that verify it");
        steps.print("  " + data() + "  the instance's data; " + directory.relativize(data())
                + ".sealer beside it holds the key that seals it");
        steps.print("  " + administratorKey() + "  the administrator's key");
        steps.print("");
        steps.print("  ./chancery audit verify " + export() + " --trust " + trust());
        steps.print("  ./chancery up --data " + data());
        steps.print("  ./chancery call ListAssignments --data " + data() + " --key " + administratorKey());
    }

    Steps steps() {
        return steps;
    }

    InstanceProcess server() {
        return server;
    }

    void connect(Instance instance) {
        connection = Connection.to(instance);
    }

    Connection connection() {
        if (connection == null) {
            throw new IllegalStateException("the first step connects");
        }
        return connection;
    }

    Path roleModel() {
        return home.resolve("examples/role-models/kubernetes.json");
    }

    Path directory() {
        return directory;
    }

    Path data() {
        return directory.resolve("data");
    }

    Path export() {
        return directory.resolve("export");
    }

    Path trust() {
        return directory.resolve("trust.vkey");
    }

    Path administratorKey() {
        return directory.resolve("administrator.jwk");
    }

    Path proof() {
        return directory.resolve("proof.json");
    }

    /** Starts the example's system that holds data of subjects; answers its port. */
    int startHolder(Path data, Path secret) throws IOException {
        Process started = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        home.resolve("examples/holder/Holder.java").toString(),
                        "0",
                        data.toString(),
                        secret.toString())
                .redirectError(directory.resolve("holder.log").toFile())
                .start();
        holder = started;
        String line = started.inputReader().readLine();
        if (line == null || !line.startsWith(LISTENING)) {
            throw new IOException("the system did not start; see " + directory.resolve("holder.log"));
        }
        return Integer.parseInt(line.substring(LISTENING.length()));
    }

    private Path log() {
        return directory.resolve("server.log");
    }

    /** Stops whatever runs; from any thread, more than once. */
    @Override
    public void close() {
        steps.close();
        Process system = holder;
        if (system != null) {
            system.destroyForcibly();
        }
        if (connection != null) {
            connection.close();
        }
        server.close();
    }
}
