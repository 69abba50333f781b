package dev.chancery.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** What all of the auditor's commands take: whose signatures count, and how it reports. */
final class AuditorOptions {
    @Option(
            names = "--trust",
            required = true,
            paramLabel = "FILE",
            description = "Verifier keys, one a line. Get them from another source than what is verified.")
    private Path trust = Path.of("");

    @Option(names = "--json", description = "The report as JSON.")
    private boolean json;

    /** A call of one of the auditor's commands, with these options. */
    AuditorCall call(String... begin) {
        AuditorCall call = new AuditorCall(begin).with("--trust", trust);
        return json ? call.with("--json") : call;
    }
}
