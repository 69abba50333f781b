package dev.chancery.story;

import dev.chancery.cli.client.Refused;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Runs the story's steps and prints a line for each, with its duration; and every few seconds while one takes long. */
final class Steps implements AutoCloseable {
    private static final int TITLE_WIDTH = 92;
    private static final int PROGRESS_SECONDS = 3;

    /** What happens in a step. */
    @FunctionalInterface
    interface Action {
        void run() throws Unexpected, Refused, IOException, InterruptedException;
    }

    /** What happens in a step that has a result. */
    @FunctionalInterface
    interface Source<T> {
        T run() throws Unexpected, Refused, IOException, InterruptedException;
    }

    /** A step failed, and the reason was printed. */
    static final class Failed extends Exception {
        Failed(Throwable cause) {
            super(cause);
        }
    }

    private final PrintStream out;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("progress").factory());
    private final List<String> notes = new ArrayList<>();
    private volatile boolean closed;
    private int count;

    Steps(PrintStream out) {
        this.out = out;
    }

    int count() {
        return count;
    }

    void chapter(String title) {
        print("");
        print(title);
    }

    void print(String line) {
        if (!closed) {
            out.println(line);
        }
    }

    /** Adds a line below the current step's. */
    void note(String line) {
        notes.add(line);
    }

    void run(String title, Action action) throws Failed, InterruptedException {
        get(title, () -> {
            action.run();
            return title;
        });
    }

    <T> T get(String title, Source<T> action) throws Failed, InterruptedException {
        count++;
        notes.clear();
        long began = System.nanoTime();
        Future<?> progress = timer.scheduleAtFixedRate(
                () -> print(String.format(Locale.ROOT, "     ... %s: %.0f s", title, seconds(began))),
                PROGRESS_SECONDS,
                PROGRESS_SECONDS,
                TimeUnit.SECONDS);
        try {
            T result = action.run();
            progress.cancel(false);
            print(String.format(Locale.ROOT, "%3d  %-" + TITLE_WIDTH + "s %6.2f s", count, title, seconds(began)));
            notes.forEach(line -> print("     " + line));
            return result;
        } catch (Unexpected e) {
            throw failed(
                    title, e.getMessage() + "\n     expected  " + e.expected() + "\n     received  " + e.received(), e);
        } catch (Refused e) {
            String request = e.requestId().isEmpty() ? "" : " (request " + e.requestId() + ")";
            throw failed(title, "refused: " + e.code() + ": " + e.text() + request, e);
        } catch (IOException e) {
            throw failed(title, String.valueOf(e.getMessage()), e);
        } finally {
            progress.cancel(false);
        }
    }

    private Failed failed(String title, String why, Exception cause) {
        print(String.format(Locale.ROOT, "%3d  %s: FAILED", count, title));
        print("     " + why);
        return new Failed(cause);
    }

    private static double seconds(long sinceNanos) {
        return (System.nanoTime() - sinceNanos) / 1e9;
    }

    /** Prints no more; from any thread. */
    @Override
    public void close() {
        closed = true;
        timer.shutdownNow();
    }
}
