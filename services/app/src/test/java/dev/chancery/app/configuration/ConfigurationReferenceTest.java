package dev.chancery.app.configuration;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.config.WithDefault;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/reference/configuration.md says what {@link ChanceryConfig} and the code's constants say; {@code -Dchancery.write=true} writes it. */
class ConfigurationReferenceTest {
    private static final Path ROOT = Path.of(System.getProperty("chancery.root", "../.."));
    private static final Path PAGE = ROOT.resolve("docs/reference/configuration.md");

    /** A documented constant that bounds something. */
    private static final Pattern LIMIT = Pattern.compile(
            "/\\*\\*((?:(?!\\*/).)*)\\*/\\s*(?:public |private |protected )?static final"
                    + " (?:int|long|short|Duration) ((?:MAX|MIN|LONGEST|FIRST|RETRY|DEADLINE|RECEIPT|LIFETIME|POSITION_WAIT"
                    + "|ACQUIRE|START|STOP|FLUSH|STABLE|INTERVAL)[A-Z_]*) =\\s*([^;]+);",
            Pattern.DOTALL);

    @Test
    void thePageSaysWhatTheCodeSays() throws IOException {
        String expected = page();
        if (Boolean.getBoolean("chancery.write")) {
            Files.writeString(PAGE, expected);
        }
        assertThat(Files.readString(PAGE))
                .as("docs/reference/configuration.md is stale; write it with"
                        + " ./mvnw -pl services/app -am test -Dtest=ConfigurationReferenceTest"
                        + " -Dsurefire.failIfNoSpecifiedTests=false -Dchancery.write=true")
                .isEqualTo(expected);
    }

    private static String page() throws IOException {
        var page = new StringBuilder("""
                # Configuration

                Generated from the code: change `ChanceryConfig` or the constant, not this page.

                ## Settings

                Properties of the files that `--config` names ([deploy.md](../how-to/deploy.md)). Durations are ISO 8601. Unknown settings that begin with
                `chancery.` stop the start. `quarkus.*` and `kafka.*` properties may stand beside them, and win.

                | setting | default | |
                |---|---|---|
                """);
        settings(page, "chancery", ChanceryConfig.class);
        page.append("""

                ## Fixed limits

                What the code bounds and no setting changes: parts of the protocol, or numbers that nobody has needed to turn.

                | limit | value | |
                |---|---|---|
                """);
        limits().forEach((name, row) -> page.append(row));
        return page.toString();
    }

    private static void settings(StringBuilder page, String prefix, Class<?> group) {
        Stream.of(group.getDeclaredMethods())
                .filter(method -> !java.lang.reflect.Modifier.isStatic(method.getModifiers()))
                .sorted(Comparator.comparing(Method::getName))
                .forEach(method -> setting(page, prefix + "." + kebab(method.getName()), method));
    }

    private static void setting(StringBuilder page, String name, Method method) {
        if (method.getReturnType().isInterface()
                && method.getReturnType().getEnclosingClass() == ChanceryConfig.class) {
            settings(page, name, method.getReturnType());
            return;
        }
        About about = method.getAnnotation(About.class);
        assertThat(about).as("%s lacks @About", name).isNotNull();
        WithDefault fallback = method.getAnnotation(WithDefault.class);
        String without = fallback != null
                ? "`" + fallback.value() + "`"
                : isOptional(method.getGenericReturnType()) ? "" : "required";
        page.append("| `%s` | %s | %s |%n".formatted(name, without, about.value()));
    }

    private static boolean isOptional(Type type) {
        return type instanceof ParameterizedType parameterized
                && parameterized.getRawType() == java.util.Optional.class;
    }

    private static String kebab(String name) {
        return name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    }

    private static TreeMap<String, String> limits() throws IOException {
        var limits = new TreeMap<String, String>();
        for (Path source : sources()) {
            Matcher matcher = LIMIT.matcher(Files.readString(source));
            while (matcher.find()) {
                String owner = source.getFileName().toString().replace(".java", "");
                String name = owner + "." + matcher.group(2);
                limits.put(
                        name,
                        "| `%s` | `%s` | %s |%n".formatted(name, line(matcher.group(3)), prose(matcher.group(1))));
            }
        }
        return limits;
    }

    private static List<Path> sources() throws IOException {
        List<Path> sources = new ArrayList<>();
        for (String part : List.of("backbone", "services", "events-schema")) {
            try (Stream<Path> files = Files.walk(ROOT.resolve(part))) {
                files.filter(file -> file.toString().replace('\\', '/').contains("/src/main/java/")
                                && file.toString().endsWith(".java"))
                        .forEach(sources::add);
            }
        }
        return sources;
    }

    private static String prose(String javadoc) {
        return line(javadoc.replaceAll("\\n\\s*\\*", " "))
                .replaceAll("\\{@(?:code|link|value) #?([^}]*)}", "`$1`")
                .replaceAll("<[^>]+>", "")
                .replace("|", "\\|");
    }

    private static String line(String text) {
        return text.replaceAll("\\s+", " ").strip();
    }
}
