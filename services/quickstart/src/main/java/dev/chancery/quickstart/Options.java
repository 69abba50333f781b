package dev.chancery.quickstart;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A command and its options, as {@link #USAGE} has them.
 *
 * @param values what was given for each option that takes a value, in order; each flag that was given, with none
 */
record Options(String command, Map<String, List<String>> values) {
    static final String USAGE = """
            usage: chancery up [--data DIR] [--port PORT] [--keys-to FILE --recipient AGE-KEY...]
                                                              start an instance (./data, 8080; port 0: any free one); keep an
                                                              encrypted copy of its keys up to date
                   chancery replay --check [--data DIR]       rebuild views and ledger from Kafka and compare
                   chancery repair [--apply] [--data DIR]     bring Kafka back from PostgreSQL; without --apply, say what is wrong
                   chancery backup [--data DIR] --to FILE --recipient AGE-KEY...
                                                              write an encrypted backup of an instance, running or not
                   chancery backup --only-keys [--data DIR] --to FILE --recipient AGE-KEY...
                                                              the same of its keys alone, which the key file opens
                   chancery backup --only-key-file [--data DIR] --to FILE --recipient AGE-KEY...
                                                              the same of its key file, which is in no other backup
                   chancery backup --new-identity FILE        make a key that opens backups, and print its public half
                   chancery restore --from FILE --identity FILE --key-file FILE [--keys FILE] [--data DIR]
                                    (--log-from DIR | --accept-loss)
                                                              make a data directory of a backup, of newer keys, and of the
                                                              Kafka directory that has the log since; or go without that log""";

    private static final Pattern OPTION = Pattern.compile("--?[a-z][a-z-]{0,30}");

    private static final Set<String> FLAGS =
            Set.of("--check", "--apply", "--only-keys", "--only-key-file", "--accept-loss");

    /** Those that may be given several times. */
    private static final Set<String> LISTS = Set.of("--recipient");

    private static final Map<String, Set<String>> OF_COMMAND = Map.of(
            "up", Set.of("--data", "--port", "--keys-to", "--recipient"),
            "replay", Set.of("--data", "--check"),
            "repair", Set.of("--data", "--apply"),
            "backup", Set.of("--data", "--to", "--recipient", "--only-keys", "--only-key-file", "--new-identity"),
            "restore", Set.of("--data", "--from", "--identity", "--key-file", "--keys", "--log-from", "--accept-loss"));

    static boolean askForHelp(String... arguments) {
        return Stream.of(arguments).anyMatch(Set.of("--help", "-h")::contains);
    }

    /** @throws IllegalArgumentException for anything else */
    static Options parse(String... arguments) {
        if (arguments.length == 0) {
            throw new IllegalArgumentException("name a command");
        }
        String command = arguments[0];
        Set<String> known = OF_COMMAND.get(command);
        if (known == null) {
            throw new IllegalArgumentException("unknown command");
        }
        var values = new LinkedHashMap<String, List<String>>();
        for (int i = 1; i < arguments.length; i++) {
            String name = arguments[i];
            if (!known.contains(name)) {
                throw new IllegalArgumentException(unknown(name));
            }
            List<String> given = values.computeIfAbsent(name, first -> new ArrayList<>());
            if (FLAGS.contains(name)) {
                continue;
            }
            if (++i == arguments.length) {
                throw new IllegalArgumentException(name + " lacks its value");
            }
            if (!LISTS.contains(name)) {
                given.clear();
            }
            given.add(arguments[i]);
        }
        var options = new Options(command, values);
        options.check();
        return options;
    }

    private void check() {
        switch (command) {
            case "up" -> {
                port();
                require(has("--keys-to") == has("--recipient"), "--keys-to and --recipient go together");
            }
            case "replay" ->
                require(has("--check"), "replay needs --check: it rebuilds, compares, and changes nothing");
            case "backup" -> {
                if (has("--new-identity")) {
                    require(values.size() == 1, "--new-identity goes alone");
                } else {
                    require(has("--to") && has("--recipient"), "backup needs --to and --recipient");
                    require(
                            !has("--only-keys") || !has("--only-key-file"),
                            "--only-keys and --only-key-file are two backups, which belong in two places");
                }
            }
            case "restore" -> {
                require(
                        has("--from") && has("--identity") && has("--key-file"),
                        "restore needs --from, --identity and --key-file");
                require(
                        has("--log-from") || has("--accept-loss"),
                        "restore needs --log-from, the Kafka directory that has the log since the backup; where none was"
                                + " kept, --accept-loss says that what happened since is gone");
            }
            default -> {}
        }
    }

    Path data() {
        return path("--data").orElse(Path.of("data"));
    }

    int port() {
        return Optional.ofNullable(values.get("--port"))
                .map(given -> port(given.getFirst()))
                .orElse(8080);
    }

    boolean has(String option) {
        return values.containsKey(option);
    }

    Optional<Path> path(String option) {
        return Optional.ofNullable(values.get(option)).map(given -> Path.of(given.getFirst()));
    }

    List<String> all(String option) {
        return values.getOrDefault(option, List.of());
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }

    /** Names an option, and nothing else that somebody typed: it might be a secret in the wrong place. */
    private static String unknown(String argument) {
        String name = argument.split("=", 2)[0];
        if (!OPTION.matcher(name).matches()) {
            return "there is an argument that is no option's value";
        }
        return OF_COMMAND.entrySet().stream()
                .filter(command -> command.getValue().contains(name))
                .map(command -> name + " is for " + command.getKey())
                .sorted()
                .findFirst()
                .orElse("unknown option " + name);
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
