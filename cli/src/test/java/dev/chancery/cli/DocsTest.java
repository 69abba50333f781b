package dev.chancery.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/**
 * The documentation's links lead somewhere. Each command in it is run by a test or by CI, or there is a reason why not: {@code
 * docs/commands.txt} says which. Of the command line's own commands, each option exists too.
 */
class DocsTest {
    private static final Path ROOT = Path.of(System.getProperty("chancery.root"));
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
    private static final Pattern HEADING = Pattern.compile("(?m)^#{1,6} +(.*)$");
    private static final Pattern FENCE = Pattern.compile("(?ms)^[ ]*```(\\w*)\\n(.*?)^[ ]*```$");
    /** Fences without a language may hold output or a picture: of those, lines that begin like this are commands. */
    private static final Pattern COMMAND =
            Pattern.compile("^(\\./|\\.\\./|\\.ci/|infra/\\w|git |docker |kubectl |curl |jcmd |psql |openssl ).*");

    private static final Pattern OPTION = Pattern.compile("(?<=\\s)--[a-z][a-z-]*");
    private static final String NOT_RUN = "not run: ";
    private static final PrintStream NOWHERE = new PrintStream(OutputStream.nullOutputStream());

    private record Line(Path file, String text) {}

    @Test
    void everyInternalLinkLeadsSomewhere() throws IOException {
        List<String> broken = new ArrayList<>();
        for (Path file : documents()) {
            for (MatchResult link :
                    LINK.matcher(withoutCode(Files.readString(file))).results().toList()) {
                String target = link.group(1);
                if (!target.contains("://") && !target.startsWith("mailto:") && !exists(file, target)) {
                    broken.add(ROOT.relativize(file) + " -> " + target);
                }
            }
        }
        assertThat(broken).isEmpty();
    }

    @Test
    void everyCommandIsRunByATestOrByCi() throws IOException {
        List<String> known = new ArrayList<>();
        for (String line : Files.readAllLines(ROOT.resolve("docs/commands.txt"))) {
            if (!line.isBlank() && !line.startsWith("#")) {
                String[] parts = line.split("\\s*\\|\\s*");
                if (!parts[1].startsWith(NOT_RUN)) {
                    assertThat(ROOT.resolve(parts[1].strip()))
                            .as("what runs %s", parts[0])
                            .exists();
                }
                known.add(parts[0].strip());
            }
        }
        List<String> unknown = commands().stream()
                .filter(line -> known.stream().noneMatch(prefix -> startsWith(line.text(), prefix)))
                .map(line -> ROOT.relativize(line.file()) + ": " + line.text())
                .toList();
        assertThat(unknown).as("not in docs/commands.txt").isEmpty();
    }

    @Test
    void everyOptionOfTheCommandLineExists() throws IOException {
        Map<String, CommandLine> subcommands = Main.commandLine(InputStream.nullInputStream(), NOWHERE, NOWHERE)
                .getSubcommands();
        int checked = 0;
        for (Line line : commands()) {
            String[] words = line.text().split("\\s+");
            CommandLine command = words[0].endsWith("/chancery") && words.length > 1 ? subcommands.get(words[1]) : null;
            if (command != null && command.getSubcommands().containsKey(words.length > 2 ? words[2] : "")) {
                command = command.getSubcommands().get(words[2]);
            }
            if (command != null) {
                for (MatchResult option : OPTION.matcher(line.text()).results().toList()) {
                    assertThat(command.getCommandSpec().optionsMap())
                            .as("%s: %s", ROOT.relativize(line.file()), line.text())
                            .containsKey(option.group());
                    checked++;
                }
            }
        }
        assertThat(checked).isPositive();
    }

    private static boolean startsWith(String command, String prefix) {
        return command.equals(prefix) || command.startsWith(prefix + " ");
    }

    private static List<Line> commands() throws IOException {
        List<Line> commands = new ArrayList<>();
        for (Path file : documents()) {
            for (MatchResult fence :
                    FENCE.matcher(Files.readString(file)).results().toList()) {
                if (!Set.of("", "sh").contains(fence.group(1))) {
                    continue;
                }
                String text = fence.group(2).replaceAll("\\\\\\n\\s*", " ");
                for (String line : text.lines().map(DocsTest::stripped).toList()) {
                    if (COMMAND.matcher(line).matches()) {
                        commands.add(new Line(file, line));
                    }
                }
            }
        }
        return commands;
    }

    /** Without an assignment before the command, and without a comment after it. */
    private static String stripped(String line) {
        return line.strip().replaceFirst("^[a-z_]+=\\$\\(", "").replaceFirst("\\s+#.*$", "");
    }

    private static String withoutCode(String text) {
        return text.replaceAll("(?ms)^[ ]*```.*?^[ ]*```$", "").replaceAll("`[^`\n]*`", "");
    }

    private static boolean exists(Path file, String target) throws IOException {
        String[] parts = target.split("#", 2);
        Path linked = parts[0].isEmpty() ? file : file.resolveSibling(parts[0]).normalize();
        return Files.exists(linked) && (parts.length == 1 || anchors(linked).contains(parts[1]));
    }

    /** As GitHub names headings. */
    private static Set<String> anchors(Path file) throws IOException {
        Set<String> anchors = new HashSet<>();
        HEADING.matcher(Files.readString(file))
                .results()
                .map(heading -> heading.group(1).strip().toLowerCase(Locale.ROOT))
                .map(heading -> heading.replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-'))
                .forEach(anchors::add);
        return anchors;
    }

    private static List<Path> documents() throws IOException {
        try (Stream<Path> all = Files.find(
                ROOT,
                8,
                (file, kind) -> kind.isRegularFile()
                        && file.toString().endsWith(".md")
                        && !ROOT.relativize(file).toString().matches("(.*/)?(target|\\.git|node_modules)/.*"))) {
            return all.sorted().toList();
        }
    }
}
