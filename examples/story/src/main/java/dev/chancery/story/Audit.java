package dev.chancery.story;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The last chapter: nothing runs any more, and the export is verified with the keys alone. */
final class Audit {
    private static final int INTACT = 0;
    private static final int NOT_INTACT = 1;

    private final Story story;
    private final Steps steps;

    /** @param lines the auditor's report */
    private record Verdict(int code, List<String> lines) {}

    Audit(Story story) {
        this.story = story;
        this.steps = story.steps();
    }

    void run() throws Steps.Failed, InterruptedException {
        steps.chapter("An auditor, offline");
        steps.run("The export is verified: signatures, order, intents, events, tree", () -> {
            Verdict verdict = verify();
            Expect.equal("the verdict", INTACT, verdict.code());
            verdict.lines().stream()
                    .filter(line -> line.startsWith("size") || line.startsWith("root") || line.startsWith("INTACT"))
                    .forEach(steps::note);
        });
        steps.run("One byte of one event is changed, and the auditor says where", this::tamper);
    }

    private void tamper() throws IOException, Unexpected {
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
        // The verdict, and the first finding.
        verdict.lines().stream()
                .dropWhile(line -> !line.contains("INTACT"))
                .limit(2)
                .forEach(line -> steps.note(line.strip()));
        Expect.equal("the verdict with the byte restored", INTACT, verify().code());
    }

    private Path firstBodies() throws IOException, Unexpected {
        try (Stream<Path> files = Files.walk(story.export().resolve("bodies"))) {
            return files.filter(Files::isRegularFile)
                    .sorted()
                    .findFirst()
                    .orElseThrow(() -> new Unexpected("the export", "has bodies", "has none"));
        }
    }

    private Verdict verify() {
        var report = new ByteArrayOutputStream();
        var stream = new PrintStream(report, true, StandardCharsets.UTF_8);
        String[] arguments = {
            "verify", story.export().toString(), "--trust", story.trust().toString()
        };
        int code = dev.chancery.auditor.Main.run(arguments, stream, stream);
        return new Verdict(code, report.toString(StandardCharsets.UTF_8).lines().toList());
    }
}
