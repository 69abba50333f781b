package dev.chancery.cli;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The arguments of one of the auditor's commands. */
final class AuditorCall {
    private final List<String> arguments = new ArrayList<>();

    AuditorCall(String... begin) {
        arguments.addAll(List.of(begin));
    }

    /** Adds an option, where it was given. */
    AuditorCall with(String option, @Nullable Object value) {
        if (value != null) {
            arguments.addAll(List.of(option, value.toString()));
        }
        return this;
    }

    AuditorCall with(String flag) {
        arguments.add(flag);
        return this;
    }

    /** Answers the auditor's exit code. */
    int run(PrintStream out, PrintStream err) {
        return dev.chancery.auditor.Main.run(arguments.toArray(String[]::new), out, err);
    }
}
