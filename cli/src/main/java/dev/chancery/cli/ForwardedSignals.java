package dev.chancery.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * Passes the signals that ask a program to end on to the program that this one started, and so lives as long as that. Those that come
 * before it is started are passed on then.
 */
final class ForwardedSignals implements AutoCloseable {
    private static final List<String> NAMES = List.of("HUP", "INT", "TERM");

    private final Map<Signal, SignalHandler> before = new LinkedHashMap<>();
    private final List<String> waiting = new ArrayList<>();
    private @Nullable Process child;

    ForwardedSignals() {
        for (String name : NAMES) {
            var signal = new Signal(name);
            before.put(signal, Signal.handle(signal, received -> receive(received.getName())));
        }
    }

    synchronized void to(Process started) {
        child = started;
        waiting.forEach(name -> pass(started, name));
        waiting.clear();
    }

    private synchronized void receive(String name) {
        Process started = child;
        if (started == null) {
            waiting.add(name);
        } else {
            pass(started, name);
        }
    }

    private static void pass(Process started, String name) {
        try {
            new ProcessBuilder("kill", "-s", name, Long.toString(started.pid()))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException e) {
            // A system without kill(1): at least it ends.
            started.destroy();
        }
    }

    @Override
    public void close() {
        before.forEach(Signal::handle);
    }
}
