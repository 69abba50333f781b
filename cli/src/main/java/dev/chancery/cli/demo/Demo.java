package dev.chancery.cli.demo;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;

/** The whole story, from a fresh instance to the auditor's verdict. */
public final class Demo implements AutoCloseable {
    private final PrintStream print;
    private final Path out;
    private final Stage stage;
    private final Narrator narrator;

    /**
     * @param home the repository's root
     * @param out an empty directory
     */
    public Demo(Path home, Path out, PrintStream print) {
        this.print = print;
        this.out = out;
        this.stage = new Stage(home, out);
        this.narrator = new Narrator(print);
    }

    /** Plays it; answers whether each step did what it should. */
    public boolean play() throws InterruptedException {
        long began = System.nanoTime();
        print.println("Chancery, the story: every step says what it did, and stops here if it did something else.");
        try {
            acts();
        } catch (Narrator.StoryEnds e) {
            narrator.say("     what the instance printed is in " + stage.log());
            return false;
        }
        narrator.say("");
        narrator.say("%d steps, all as they should be, in %.1f s."
                .formatted(narrator.steps(), (System.nanoTime() - began) / 1e9));
        return true;
    }

    private void acts() throws Narrator.StoryEnds, InterruptedException {
        Seen seen = new Seen();
        Opening.Opened opened = new Opening(stage, narrator, seen).play();
        Company company = new Staffing(stage, narrator, opened.administrator(), seen).play();
        new Deciding(stage, narrator, company).play();
        new Forging(stage, narrator, company, opened.rival()).play();
        new Crashing(stage, narrator, company).play();
        new Closing(stage, narrator, company).play();
        new Auditing(stage, narrator).play();
    }

    /** What is left, and what to do with it. */
    public void tellWhatIsLeft() throws IOException {
        narrator.say("");
        narrator.say("  " + stage.export() + "  the log, its bodies, the contract");
        narrator.say("  " + stage.trust() + "  the keys that verify it");
        narrator.say("  " + stage.data() + "  the instance's data, sealed with what lies in "
                + out.relativize(stage.data()) + ".sealer beside it");
        narrator.say("  " + stage.administratorKey() + "  the administrator's key");
        narrator.say("");
        narrator.say("  ./chancery audit verify " + stage.export() + " --trust " + stage.trust());
        narrator.say("  ./chancery up --data " + stage.data());
        narrator.say("  ./chancery call ListAssignments --data " + stage.data() + " --key " + stage.administratorKey());
    }

    /** Ends whatever runs; from any thread, more than once. */
    @Override
    public void close() {
        narrator.fallSilent();
        narrator.close();
        stage.close();
    }
}
