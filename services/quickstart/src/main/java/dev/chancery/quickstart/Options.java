package dev.chancery.quickstart;

import java.nio.file.Path;

/** {@code up [--data DIR] [--port PORT]} and {@code replay --check [--data DIR]}. */
record Options(String command, Path data, int port, boolean check) {
    static final String USAGE = """
            usage: chancery up [--data DIR] [--port PORT]     start an instance (./data, 8080; port 0: any free one)
                   chancery replay --check [--data DIR]       rebuild views and ledger from Kafka and compare""";

    /** @throws IllegalArgumentException for anything else */
    static Options parse(String... arguments) {
        if (arguments.length == 0) {
            throw new IllegalArgumentException("no command");
        }
        Path data = Path.of("data");
        int port = 8080;
        boolean check = false;
        for (int i = 1; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--data" -> data = Path.of(value(arguments, ++i));
                case "--port" -> port = port(value(arguments, ++i));
                case "--check" -> check = true;
                default -> throw new IllegalArgumentException("unknown option");
            }
        }
        boolean fits =
                switch (arguments[0]) {
                    case "up" -> !check;
                    case "replay" -> check;
                    default -> false;
                };
        if (!fits) {
            throw new IllegalArgumentException("unknown command");
        }
        return new Options(arguments[0], data, port, check);
    }

    private static String value(String[] arguments, int index) {
        if (index == arguments.length) {
            throw new IllegalArgumentException("an option lacks its value");
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
