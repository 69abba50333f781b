package dev.chancery.auditor;

import dev.chancery.auditor.Bundles.Bundle;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** One audit, from the checkpoint to the last rule. */
public final class Audit {
    private final ExportFiles export;
    private final Trust trust;
    private final @Nullable Contract pinned;
    private final Expected expected;
    private final Findings findings = new Findings();

    private Audit(ExportFiles export, Trust trust, @Nullable Contract pinned, Expected expected) {
        this.export = export;
        this.trust = trust;
        this.pinned = pinned;
        this.expected = expected;
    }

    /** As {@link #verify(Path, Path, Path)} without a contract of the auditor's own; prints the report's text. */
    public static Report verify(Path export, Path trust, PrintStream out) throws IOException, WrongUsage {
        Report report = verify(export, trust, (Path) null);
        out.println(report.text());
        return report;
    }

    /**
     * Verifies the export in a directory with the verifier keys in a file. Whatever is wrong with the export is in the report.
     *
     * @param contract a FileDescriptorSet: what it calls privileged is held to be so too
     * @throws IOException when the export, or a file of it, the trust file or the contract cannot be read at all
     * @throws WrongUsage when the trust file is no trust file, or the contract no contract
     */
    public static Report verify(Path export, Path trust, @Nullable Path contract) throws IOException, WrongUsage {
        return verify(export, Trust.read(trust), contract, Expected.NOTHING);
    }

    static Report verify(Path export, Trust trust, @Nullable Path contract, Expected expected)
            throws IOException, WrongUsage {
        Contract pinned = contract == null ? null : pinned(contract);
        ExportFiles files = new ExportFiles(export);
        files.requireDirectory();
        try {
            return new Audit(files, trust, pinned, expected).run();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static Contract pinned(Path file) throws IOException, WrongUsage {
        try {
            return Contract.parse(InputFile.read(file, Contract.MAX_BYTES));
        } catch (Malformed e) {
            throw new WrongUsage("contract: " + e.reason());
        }
    }

    private Report run() throws IOException {
        Checkpoint checkpoint = checkpoint();
        if (checkpoint == null) {
            return report(null, null, Counts.NONE);
        }
        VerifierKey signer = signer(checkpoint);
        expected.compare(checkpoint, findings);
        Layout.check(export, checkpoint.size(), findings);
        return report(checkpoint, signer, log(checkpoint));
    }

    private Report report(@Nullable Checkpoint checkpoint, @Nullable VerifierKey signer, Counts counts) {
        return new Report(checkpoint, signer, counts, findings, expected.knowsLength());
    }

    /** Without it there is nothing to hold the rest against. */
    private @Nullable Checkpoint checkpoint() throws IOException {
        byte[] note = export.read(Layout.CHECKPOINT, Checkpoint.MAX_BYTES);
        if (note == null) {
            findings.add(Layout.CHECKPOINT, Rule.LAYOUT, "missing; nothing else was checked");
            return null;
        }
        try {
            return Checkpoint.parse(note);
        } catch (Malformed e) {
            findings.add(Layout.CHECKPOINT, Rule.CHECKPOINT_FORM, e.reason() + "; nothing else was checked");
            return null;
        }
    }

    private @Nullable VerifierKey signer(Checkpoint checkpoint) {
        try {
            return checkpoint.signer(trust);
        } catch (Malformed e) {
            findings.add(Layout.CHECKPOINT, Rule.CHECKPOINT_SIGNATURE, e.reason());
            return null;
        }
    }

    private Counts log(Checkpoint checkpoint) throws IOException {
        Contract contract = contract();
        HashTiles tiles = new HashTiles(export, findings);
        Tree tree = new Tree(tiles);
        try (Bundles bundles = new Bundles(export, checkpoint, trust);
                LogRules rules = new LogRules(export, findings, checkpoint, contract, pinned)) {
            boolean whole = true;
            for (Bundle bundle; whole && (bundle = bundles.next()) != null; ) {
                if (bundle.framing() != null) {
                    findings.add(bundle.path(), Rule.FRAMING, bundle.framing());
                }
                rules.check(bundle);
                bundle.entries().forEach(entry -> {
                    tree.add(entry.leafHash());
                    expected.compare(tree, findings);
                });
                whole = bundle.isWhole();
            }
            if (whole) {
                tiles.finish();
                root(checkpoint, tree);
                adopted(contract, rules, checkpoint);
            } else {
                findings.add(
                        Layout.CHECKPOINT,
                        Rule.ROOT,
                        "not judged, and neither is what follows the bundle that is missing or cut");
            }
            return rules.counts();
        }
    }

    private @Nullable Contract contract() throws IOException {
        byte[] descriptors = export.read(Layout.CONTRACT, Contract.MAX_BYTES);
        if (descriptors == null) {
            return null;
        }
        try {
            return Contract.parse(descriptors);
        } catch (Malformed e) {
            findings.add(Layout.CONTRACT, Rule.CONTRACT, e.reason());
            return null;
        }
    }

    private void root(Checkpoint checkpoint, Tree tree) {
        if (!Arrays.equals(tree.root(), checkpoint.root())) {
            findings.add(Layout.CHECKPOINT, Rule.ROOT, "its root is not that of the entries");
        }
    }

    private void adopted(@Nullable Contract contract, LogRules rules, Checkpoint checkpoint) {
        if (checkpoint.size() == 0) {
            findings.add(Layout.CHECKPOINT, Rule.CONTRACT, "the log is empty: no contract is adopted at position 0");
        } else if (contract != null && !Arrays.equals(contract.sha256(), rules.adoptedContract())) {
            findings.lead(Layout.CONTRACT, Rule.CONTRACT, "is not the contract that the log adopted last");
        }
    }
}
