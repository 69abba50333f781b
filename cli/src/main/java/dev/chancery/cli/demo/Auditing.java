package dev.chancery.cli.demo;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The last act: nothing runs any more, and the export is checked by whoever has the keys. */
final class Auditing {
    private static final int INTACT = 0;
    private static final int NOT_INTACT = 1;

    private final Stage stage;
    private final Narrator narrator;

    Auditing(Stage stage, Narrator narrator) {
        this.stage = stage;
        this.narrator = narrator;
    }

    private record Verdict(int code, List<String> lines) {
        /** The line that says it, and the first finding if there is one. */
        List<String> essence() {
            int at = (int)
                    lines.stream().takeWhile(line -> !line.contains("INTACT")).count();
            return lines.subList(Math.min(at, lines.size()), Math.min(at + 2, lines.size()));
        }
    }

    void play() throws Narrator.StoryEnds, InterruptedException {
        narrator.act("An auditor, offline");
        narrator.step("The export is verified: signatures, order, intents, events, tree", () -> {
            Verdict verdict = verify();
            Expect.equal("the verdict", INTACT, verdict.code());
            verdict.lines().stream()
                    .filter(line -> line.startsWith("size") || line.startsWith("root") || line.startsWith("INTACT"))
                    .forEach(narrator::besides);
        });
        narrator.step("One byte of one event is changed, and the auditor says where", this::tamper);
    }

    private void tamper() throws IOException, NotAsTold {
        Path bodies = firstBodies();
        byte[] before = Files.readAllBytes(bodies);
        byte[] after = before.clone();
        after[after.length / 2] ^= 1;
        Files.write(bodies, after);
        Verdict verdict;
        try {
            verdict = verify();
        } finally {
            Files.write(bodies, before);
        }
        Expect.equal("the verdict", NOT_INTACT, verdict.code());
        verdict.essence().forEach(line -> narrator.besides(line.strip()));
        Expect.equal("the verdict with the byte back in place", INTACT, verify().code());
    }

    private Path firstBodies() throws IOException, NotAsTold {
        try (Stream<Path> files = Files.walk(stage.export().resolve("bodies"))) {
            return files.filter(Files::isRegularFile)
                    .sorted()
                    .findFirst()
                    .orElseThrow(() -> new NotAsTold("the export", "has bodies", "has none"));
        }
    }

    private Verdict verify() {
        var report = new ByteArrayOutputStream();
        var stream = new PrintStream(report, true, StandardCharsets.UTF_8);
        int code = dev.chancery.auditor.Main.run(
                new String[] {
                    "verify",
                    stage.export().toString(),
                    "--trust",
                    stage.trust().toString()
                },
                stream,
                stream);
        return new Verdict(code, report.toString(StandardCharsets.UTF_8).lines().toList());
    }
}
