package dev.chancery.quickstart;

import java.nio.file.Path;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** {@code up [--data DIR] [--port PORT]}, {@code replay --check [--data DIR]} and {@code repair [--apply] [--data DIR]}. */
record Options(String command, Path data, int port, boolean check, boolean apply) {
    static final String USAGE = """
            usage: chancery up [--data DIR] [--port PORT]     start an instance (./data, 8080; port 0: any free one)
                   chancery replay --check [--data DIR]       rebuild views and ledger from Kafka and compare
                   chancery repair [--apply] [--data DIR]     bring Kafka back from PostgreSQL; without --apply, say what is wrong""";

    private static final Pattern OPTION = Pattern.compile("--?[a-z][a-z-]{0,30}");

    static boolean askForHelp(String... arguments) {
        return Stream.of(arguments).anyMatch(Set.of("--help", "-h")::contains);
    }

    /** @throws IllegalArgumentException for anything else */
    static Options parse(String... arguments) {
        if (arguments.length == 0) {
            throw new IllegalArgumentException("name a command");
        }
        Path data = Path.of("data");
        int port = 8080;
        boolean check = false;
        boolean apply = false;
        for (int i = 1; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--data" -> data = Path.of(value(arguments, ++i));
                case "--port" -> port = port(value(arguments, ++i));
                case "--check" -> check = true;
                case "--apply" -> apply = true;
                default -> throw new IllegalArgumentException(unknown(arguments[i]));
            }
        }
        require(!check || arguments[0].equals("replay"), "--check is for replay");
        require(!apply || arguments[0].equals("repair"), "--apply is for repair");
        switch (arguments[0]) {
            case "up", "repair" -> {}
            case "replay" -> require(check, "replay needs --check: it rebuilds, compares, and changes nothing");
            default -> throw new IllegalArgumentException("unknown command");
        }
        return new Options(arguments[0], data, port, check, apply);
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }

    /** Names an option, and nothing else that somebody typed: it might be a secret in the wrong place. */
    private static String unknown(String argument) {
        String name = argument.split("=", 2)[0];
        return OPTION.matcher(name).matches()
                ? "unknown option " + name
                : "there is an argument that is no option's value";
    }

    private static String value(String[] arguments, int index) {
        if (index == arguments.length) {
            throw new IllegalArgumentException(arguments[index - 1] + " lacks its value");
        }
        return arguments[index];
    }

    private static int port(String text) {
        try {
            int port = Integer.parseInt(text);
            if (port >= 0 && port <= 65_535) {
                return port;
            }
        } catch (NumberFormatException e) {
            // told below
        }
        throw new IllegalArgumentException("a port is a number from 0 to 65535");
    }
}
