package dev.chancery.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What {@code ./chancery} and {@code ./mvnw} do where there is no JDK 25: copies of them on a machine of their own, that is, a directory
 * that stands for the root wherever they look for one, with no more on the path than they need.
 */
final class ScriptsTest {
    private static final List<String> TOOLS = List.of("dirname", "readlink", "sed");
    private static final int UNAVAILABLE = 69;
    private static final int SECONDS = 30;

    @TempDir
    private Path machine;

    @TempDir
    private Path said;

    private Path bin;
    private Path home;
    private Path tree;

    /** How a script ended. */
    private record Ended(int exitCode, String out, String err) {}

    @BeforeEach
    void copyTheScripts() throws IOException {
        bin = Files.createDirectory(machine.resolve("bin"));
        home = Files.createDirectory(machine.resolve("home"));
        tree = Files.createDirectories(machine.resolve("tree/.mvn")).getParent();
        for (String tool : TOOLS) {
            program(bin.resolve(tool), "exec " + installed(tool) + " \"$@\"");
        }
        for (String script : List.of("chancery", "mvnw", ".mvn/jdk.sh")) {
            String text = Files.readString(Path.of("..").resolve(script));
            Files.writeString(
                    tree.resolve(script), text.replaceAll("(?<=\\s)(?=/(usr|opt|Library)/)", machine.toString()));
        }
    }

    private static Path installed(String tool) {
        return Stream.of(System.getenv("PATH").split(":"))
                .map(directory -> Path.of(directory).resolve(tool))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(strings = {"chancery", "mvnw"})
    void withoutAJdkTheySaySoInOneLineAndMakeNothing(String script) throws Exception {
        refused(script);
    }

    @ParameterizedTest
    @ValueSource(strings = {"chancery", "mvnw"})
    void aJdkThatIsTooOldIsNone(String script) throws Exception {
        Path old = jdk("usr/lib/jvm/jdk-25-by-name-only", "24.0.2");
        Files.createSymbolicLink(bin.resolve("java"), old.resolve("bin/java"));
        refused(script);
    }

    @ParameterizedTest
    @ValueSource(strings = {"chancery", "mvnw"})
    void aJdkWithoutACompilerOrAReleaseFileIsNone(String script) throws Exception {
        Files.delete(jdk("usr/lib/jvm/jre-25", "25.0.1").resolve("bin/javac"));
        Files.delete(jdk("opt/jdk-25", "25.0.1").resolve("release"));
        refused(script);
    }

    @Test
    void aJdk25IsFoundAndGivenToMaven() throws Exception {
        Path found = jdk("usr/lib/jvm/jdk-25", "25.0.1");
        program(bin.resolve("mvn"), "echo \"Apache Maven 3.9.9\"\necho \"$JAVA_HOME $*\"");
        Ended ended = run("mvnw");
        assertThat(ended).isEqualTo(new Ended(0, "Apache Maven 3.9.9\n" + found + " up\n", ""));
    }

    /** A directory that exists, in which nothing can be made: not a lock that somebody holds. */
    @Test
    void aTreeThatCannotBeBuiltIsToldAtOnce() throws Exception {
        aTreeThatWantsABuild();
        program(
                bin.resolve("mkdir"),
                "case $1 in -p) exec " + installed("mkdir") + " \"$@\" ;; esac\necho 'Permission denied' >&2\nexit 1");
        Ended ended = run("chancery");
        assertThat(ended.exitCode()).as("%s", ended).isEqualTo(UNAVAILABLE);
        assertThat(ended.err().lines())
                .singleElement()
                .asString()
                .startsWith("chancery: a source is newer than the build, and you can't write to " + tree);
    }

    @Test
    void waitingForAnotherBuildIsSaid() throws Exception {
        aTreeThatWantsABuild();
        Path lock = Files.createDirectories(tree.resolve("target/chancery.lock"));
        Files.writeString(lock.resolve("pid"), ProcessHandle.current().pid() + "\n");
        Process waiting = start("chancery");
        try {
            await(waiting, "waiting for another build of this tree");
        } finally {
            letGoOf(lock);
            ends(waiting);
        }
    }

    /** Between seeing that a holder is gone and taking its lock over, another process does that. */
    @Test
    void aLockThatAnotherProcessTookOverIsLeftToIt() throws Exception {
        aTreeThatWantsABuild();
        Process gone = new ProcessBuilder("true").start();
        gone.waitFor();
        Path lock = Files.createDirectories(tree.resolve("target/chancery.lock"));
        Files.writeString(lock.resolve("pid"), gone.pid() + "\n");
        String live = String.valueOf(ProcessHandle.current().pid());
        Path taken = said.resolve("taken");
        for (String tool : List.of("rm", "mkdir")) {
            program(bin.resolve(tool), """
                case "$*" in
                    "-rf %1$s" | "%1$s/after."*)
                        if [ ! -e %2$s ]; then
                            : >%2$s
                            %3$s -rf %1$s
                            %4$s %1$s
                            echo %5$s >%1$s/pid
                        fi
                        ;;
                esac
                exec %6$s "$@"
                """.formatted(
                            lock, taken, installed("rm"), installed("mkdir"), live, installed(tool)));
        }
        Process waiting = start("chancery");
        try {
            await(waiting, "waiting for another build of this tree");
            assertThat(taken).exists();
            assertThat(lock.resolve("pid")).hasContent(live);
        } finally {
            letGoOf(lock);
            ends(waiting);
        }
    }

    @Test
    void aLockWhoseHolderIsGoneIsTakenOver() throws Exception {
        aTreeThatWantsABuild();
        Process gone = new ProcessBuilder("true").start();
        gone.waitFor();
        Path lock = Files.createDirectories(tree.resolve("target/chancery.lock"));
        Files.writeString(lock.resolve("pid"), gone.pid() + "\n");
        Process building = start("chancery");
        ends(building);
        assertThat(said.resolve("err")).content().contains("chancery: building");
    }

    private static void letGoOf(Path lock) throws IOException {
        Files.delete(lock.resolve("pid"));
        Files.delete(lock);
    }

    /** Killed, it would leave children behind that still write into directories that a test deletes. */
    private static void ends(Process script) throws InterruptedException {
        assertThat(script.waitFor(SECONDS, TimeUnit.SECONDS)).isTrue();
    }

    private void await(Process script, String words) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        while (!Files.readString(said.resolve("err")).contains(words)) {
            assertThat(script.isAlive() && System.nanoTime() < deadline)
                    .as(Files.readString(said.resolve("err")))
                    .isTrue();
            Thread.onSpinWait();
        }
    }

    private void aTreeThatWantsABuild() throws IOException {
        jdk("usr/lib/jvm/jdk-25", "25.0.1");
        for (String tool : List.of("cat", "find", "head", "mkdir", "rm", "rmdir", "sleep", "tail")) {
            program(bin.resolve(tool), "exec " + installed(tool) + " \"$@\"");
        }
    }

    /** What the scripts ask of a JDK, and nothing else. */
    private Path jdk(String place, String version) throws IOException {
        Path jdk =
                Files.createDirectories(machine.resolve(place).resolve("bin")).getParent();
        for (String program : List.of("java", "javac")) {
            program(jdk.resolve("bin").resolve(program), "echo ran");
        }
        Files.writeString(jdk.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
        return jdk;
    }

    private static void program(Path file, String script) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + script + "\n");
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    private void refused(String script) throws Exception {
        List<Path> before = files();
        Ended ended = run(script);
        assertThat(ended.exitCode()).as("%s", ended).isEqualTo(UNAVAILABLE);
        assertThat(ended.out()).isEmpty();
        assertThat(ended.err().lines())
                .singleElement()
                .asString()
                .startsWith(script + ": no JDK 25 found: install one (https://adoptium.net")
                .endsWith("and set JAVA_HOME to it");
        assertThat(files()).isEqualTo(before);
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.walk(machine)) {
            return all.sorted().toList();
        }
    }

    private Ended run(String script) throws Exception {
        Process process = start(script);
        assertThat(process.waitFor(SECONDS, TimeUnit.SECONDS)).isTrue();
        return new Ended(
                process.exitValue(), Files.readString(said.resolve("out")), Files.readString(said.resolve("err")));
    }

    private Process start(String script) throws IOException {
        var builder = new ProcessBuilder("/bin/sh", tree.resolve(script).toString(), "up")
                .directory(tree.toFile())
                .redirectOutput(said.resolve("out").toFile())
                .redirectError(said.resolve("err").toFile());
        builder.environment().clear();
        builder.environment().put("PATH", bin.toString());
        builder.environment().put("HOME", home.toString());
        return builder.start();
    }
}
