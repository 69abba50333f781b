package dev.chancery.cli.demo;

import dev.chancery.cli.client.Refused;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Tells the story: a line a step, with how long it took, and a sign of life while one takes long. */
final class Narrator implements AutoCloseable {
    private static final int TITLE_WIDTH = 92;
    private static final int SIGN_OF_LIFE_SECONDS = 3;

    /** What happens in a step. */
    @FunctionalInterface
    interface Action {
        void run() throws NotAsTold, Refused, IOException, InterruptedException;
    }

    /** What happens in a step that later ones build on. */
    @FunctionalInterface
    interface Giving<T> {
        T run() throws NotAsTold, Refused, IOException, InterruptedException;
    }

    private final PrintStream out;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("narrator").factory());
    private final List<String> besides = new ArrayList<>();
    private volatile boolean silent;
    private int steps;

    Narrator(PrintStream out) {
        this.out = out;
    }

    int steps() {
        return steps;
    }

    /** Says no more: the story was broken off. */
    void fallSilent() {
        silent = true;
    }

    void act(String title) {
        say("");
        say(title);
    }

    void say(String line) {
        if (!silent) {
            out.println(line);
        }
    }

    /** Something worth knowing about the step that is going on; told after it. */
    void besides(String line) {
        besides.add(line);
    }

    /** @throws StoryEnds if the step did not do what it should; it has been told then */
    void step(String title, Action action) throws StoryEnds, InterruptedException {
        stepGiving(title, () -> {
            action.run();
            return title;
        });
    }

    /** @throws StoryEnds if the step did not do what it should; it has been told then */
    <T> T stepGiving(String title, Giving<T> action) throws StoryEnds, InterruptedException {
        steps++;
        besides.clear();
        long began = System.nanoTime();
        Future<?> signs = clock.scheduleAtFixedRate(
                () -> say("     ... %s: %.0f s".formatted(title, seconds(began))),
                SIGN_OF_LIFE_SECONDS,
                SIGN_OF_LIFE_SECONDS,
                TimeUnit.SECONDS);
        try {
            T given = action.run();
            signs.cancel(false);
            say(("%3d  %-" + TITLE_WIDTH + "s %6.2f s").formatted(steps, title, seconds(began)));
            besides.forEach(line -> say("     " + line));
            return given;
        } catch (NotAsTold e) {
            throw ends(
                    title, e.getMessage() + "\n     expected  " + e.expected() + "\n     received  " + e.received(), e);
        } catch (Refused e) {
            String request = e.requestId().isEmpty() ? "" : " (request " + e.requestId() + ")";
            throw ends(title, "refused: " + e.code() + ": " + e.text() + request, e);
        } catch (IOException e) {
            throw ends(title, String.valueOf(e.getMessage()), e);
        } finally {
            signs.cancel(false);
        }
    }

    private StoryEnds ends(String title, String why, Exception cause) {
        say("%3d  %s: NOT AS IT SHOULD BE".formatted(steps, title));
        say("     " + why);
        return new StoryEnds(cause);
    }

    private static double seconds(long sinceNanos) {
        return (System.nanoTime() - sinceNanos) / 1e9;
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }

    /** The story can't go on; why has been told. */
    static final class StoryEnds extends Exception {
        StoryEnds(Throwable cause) {
            super(cause);
        }
    }
}
