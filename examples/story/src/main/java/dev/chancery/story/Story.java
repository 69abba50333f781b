package dev.chancery.story;

import dev.chancery.cli.client.Instance;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The whole story: its files, its instance, and its chapters in order. */
final class Story implements AutoCloseable {
    private final Path home;
    private final Path directory;
    private final Steps steps;
    private final InstanceProcess server;
    private @Nullable Connection connection;

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

    /** Runs it up to the first step that fails; returns whether none did. */
    boolean run() throws InterruptedException {
        long began = System.nanoTime();
        steps.print("Chancery, the story. Each step checks its result; the first one that fails ends the story.");
        try {
            var people = new NewInstance(this).run();
            Company company = new People(this, people.administrator()).run();
            new Decisions(this, company).run();
            new OtherOrganisation(this, company, people.rival()).run();
            new Emergency(this, company).run();
            new Agreement(this, company).run();
            new Crash(this, company).run();
            new Evidence(this, company).run();
            new Audit(this).run();
        } catch (Steps.Failed e) {
            steps.print("     the instance's output is in " + log());
            return false;
        }
        steps.print("");
        steps.print(String.format(
                Locale.ROOT, "%d steps, all passed, in %.1f s.", steps.count(), (System.nanoTime() - began) / 1e9));
        return true;
    }

    /** Prints what is left, and what to do with it. */
    void printFiles() {
        steps.print("");
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

    private Path log() {
        return directory.resolve("server.log");
    }

    /** Stops whatever runs; from any thread, more than once. */
    @Override
    public void close() {
        steps.close();
        if (connection != null) {
            connection.close();
        }
        server.close();
    }
}
