package dev.chancery.cli;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Names the command that somebody meant who misspelt one; of anything else picocli says what is wrong, and how to use the command. */
final class Misspelt implements IParameterExceptionHandler {
    /** Programs of their own, which the script {@code chancery} starts. */
    private static final List<String> ELSEWHERE = List.of("up", "demo", "replay", "repair", "aot");

    private static final int MAX_EDITS = 2;

    private final IParameterExceptionHandler picocli =
            new CommandLine(CommandLine.Model.CommandSpec.create()).getParameterExceptionHandler();

    @Override
    public int handleParseException(ParameterException wrong, String[] arguments) throws Exception {
        CommandLine line = wrong.getCommandLine();
        String typed = wrong instanceof UnmatchedArgumentException unmatched
                ? unmatched.getUnmatched().getFirst()
                : "";
        if (line.getParent() != null || typed.isEmpty() || typed.startsWith("-")) {
            return picocli.handleParseException(wrong, arguments);
        }
        line.getErr()
                .println("chancery: there is no command " + typed + "; "
                        + meant(typed, line.getSubcommands().keySet().stream())
                                .map(name -> "did you mean " + name + "?")
                                .orElse("'chancery --help' lists them"));
        return line.getCommandSpec().exitCodeOnInvalidInput();
    }

    private static Optional<String> meant(String typed, Stream<String> commands) {
        int most = Math.min(MAX_EDITS, typed.length() / 2);
        return Stream.of(commands, ELSEWHERE.stream(), Stream.of("help"))
                .flatMap(names -> names)
                .filter(name -> edits(typed, name) <= most)
                .min(Comparator.comparingInt(name -> edits(typed, name)))
                .map(name -> name.equals("help") ? "--help" : name);
    }

    /** How many letters have to be put in, taken out or replaced (Levenshtein). */
    private static int edits(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[to.length()];
    }
}
