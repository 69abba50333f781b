package dev.chancery.cli.demo;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How the quick start is run: as the script {@code chancery} does. */
final class ServerCommand {
    private static final List<String> FLAGS = List.of(
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-XX:+ExitOnOutOfMemoryError",
            "-XX:+UseSerialGC",
            "-Xms64m",
            "-Xmx768m");

    private ServerCommand() {}

    /** @param home the repository's root */
    static List<String> line(Path home, String... arguments) {
        List<String> line = new ArrayList<>();
        line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        line.addAll(FLAGS);
        line.add("-Dchancery.home=" + home);
        line.add("-jar");
        line.add(home.resolve("services/quickstart/target/quarkus-app/quarkus-run.jar")
                .toString());
        line.addAll(List.of(arguments));
        return line;
    }
}
