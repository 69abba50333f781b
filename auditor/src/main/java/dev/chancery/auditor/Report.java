package dev.chancery.auditor;

import dev.chancery.auditor.Statement.Result;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What an audit found. Everything in it may be printed: what came from the export is escaped or has a checked form. */
public final class Report {
    private final @Nullable Checkpoint checkpoint;
    private final @Nullable VerifierKey checkpointSigner;
    private final Counts counts;
    private final long findingCount;
    private final List<Finding> findings;
    private final String summary;
    private final String findingsJson;
    private final boolean knownLength;

    /**
     * @param checkpoint null where it is missing or malformed
     * @param checkpointSigner null unless its signature was verified
     * @param knownLength whether the auditor said how long the log is at least
     */
    Report(
            @Nullable Checkpoint checkpoint,
            @Nullable VerifierKey checkpointSigner,
            Counts counts,
            Findings findings,
            boolean knownLength) {
        this.checkpoint = checkpoint;
        this.checkpointSigner = checkpointSigner;
        this.counts = counts;
        this.findingCount = findings.count();
        this.findings = findings.first();
        this.summary = findings.summary();
        this.findingsJson = findings.json();
        this.knownLength = knownLength;
    }

    public boolean isIntact() {
        return findingCount == 0;
    }

    /** In all, those that {@link #findings} has no room for included. */
    public long findingCount() {
        return findingCount;
    }

    /** The first {@value Findings#LIMIT}. */
    public List<Finding> findings() {
        return findings;
    }

    /** For a person: one line a fact, then {@code INTACT} or the numbered findings. */
    public String text() {
        List<String> lines = new ArrayList<>();
        if (checkpoint != null) {
            lines.add("origin      " + checkpoint.origin());
            lines.add("size        " + checkpoint.size());
            lines.add("root        " + root(checkpoint));
            lines.add("checkpoint  "
                    + (checkpointSigner == null
                            ? "NOT signed by a trusted log key"
                            : "signed by " + checkpointSigner.label()));
            if (!knownLength) {
                lines.add("coverage    the first " + checkpoint.size()
                        + " records; whether the log is longer, an export can't tell: see --min-size and --checkpoint");
            }
        }
        lines.add("entries     " + counts.entriesVerified() + " verified");
        new TreeMap<>(counts.signatures()).forEach((key, number) -> lines.add("signatures  " + number + " by " + key));
        lines.add(
                "intents     " + counts.intents() + ", " + counts.openIntents() + " without an outcome" + firstOpen());
        lines.add("outcomes    " + counts.outcomesInAll() + ": " + counts.outcomesOf(Result.SUCCESS) + " succeeded, "
                + counts.outcomesOf(Result.FAILURE) + " failed, " + counts.outcomesOf(Result.DENIED) + " denied, "
                + counts.outcomesOf(Result.ABANDONED) + " abandoned (" + counts.effectUnknown()
                + " with an effect unknown)");
        lines.add("events      " + counts.events());
        if (counts.destructions() > 0) {
            lines.add("erased      " + counts.destructions()
                    + " destructions of a subject's keys: what they had sealed is unreadable, and not tampered with");
        }
        if (isIntact()) {
            lines.add("INTACT");
        } else {
            lines.add("NOT INTACT: " + summary);
        }
        return String.join("\n", lines);
    }

    private String firstOpen() {
        List<Long> first = counts.firstOpenIntents();
        if (first.isEmpty()) {
            return "";
        }
        String positions = first.stream().map(String::valueOf).collect(Collectors.joining(", ", ": at ", ""));
        return positions + (counts.openIntents() > first.size() ? ", ..." : "");
    }

    /** For a program: one JSON object. Fields are only ever added. */
    public String json() {
        return "{\"intact\":" + isIntact()
                + (checkpoint == null
                        ? ""
                        : ",\"origin\":" + Text.json(checkpoint.origin()) + ",\"size\":" + checkpoint.size()
                                + ",\"root\":" + Text.json(root(checkpoint)) + ",\"checkpointSignedBy\":"
                                + (checkpointSigner == null ? "null" : Text.json(checkpointSigner.label())))
                + ",\"entriesVerified\":" + counts.entriesVerified()
                + ",\"signatures\":" + signatures()
                + ",\"intents\":" + counts.intents()
                + ",\"openIntents\":" + counts.openIntents()
                + ",\"firstOpenIntents\":" + counts.firstOpenIntents()
                + ",\"outcomes\":{\"success\":" + counts.outcomesOf(Result.SUCCESS)
                + ",\"failure\":" + counts.outcomesOf(Result.FAILURE)
                + ",\"denied\":" + counts.outcomesOf(Result.DENIED)
                + ",\"abandoned\":" + counts.outcomesOf(Result.ABANDONED)
                + ",\"effectUnknown\":" + counts.effectUnknown() + "}"
                + ",\"events\":" + counts.events()
                + ",\"destructions\":" + counts.destructions()
                + "," + findingsJson
                + "}";
    }

    private String signatures() {
        return new TreeMap<>(counts.signatures())
                .entrySet().stream()
                        .map((Map.Entry<String, Long> one) -> Text.json(one.getKey()) + ":" + one.getValue())
                        .collect(Collectors.joining(",", "{", "}"));
    }

    private static String root(Checkpoint checkpoint) {
        return Base64.getEncoder().encodeToString(checkpoint.root());
    }
}
