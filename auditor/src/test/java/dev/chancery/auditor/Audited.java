package dev.chancery.auditor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;

/** Audits a sample in a directory of its own. */
final class Audited {
    private Audited() {}

    static Report audit(SampleExport sample) throws Exception {
        Path directory = Files.createTempDirectory("audited");
        try {
            return audit(sample.write(directory));
        } finally {
            delete(directory);
        }
    }

    /** With the trust file beside it. */
    static Report audit(Path export) throws Exception {
        return Audit.verify(export, export.resolveSibling("trust"), (Path) null);
    }

    /** Nothing is found but violations of this rule, at this position. */
    static void assertFound(SampleExport sample, Rule rule, long position) throws Exception {
        Report report = audit(sample);
        assertThat(report.isIntact()).as(report.text()).isFalse();
        assertThat(report.findings().stream()
                        .map(f -> f.rule() + "@" + f.position())
                        .collect(Collectors.toSet()))
                .as(report.text())
                .containsExactly(rule + "@" + position);
    }

    static void delete(Path directory) throws Exception {
        try (var files = Files.walk(directory)) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
