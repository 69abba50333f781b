package dev.chancery.auditor;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** The auditor's commands; {@link #USAGE} lists them. */
public final class Main {
    static final int INTACT = 0;
    static final int FOUND_SOMETHING = 1;
    static final int WRONG_USAGE = 2;
    static final int UNREADABLE = 3;

    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,18}");

    private static final String USAGE = """
            usage: verify EXPORT --trust FILE [--checkpoint FILE] [--origin NAME] [--min-size N] [--contract FILE] [--json]
                   proof --proof FILE --trust FILE [--entry FILE] [--origin NAME] [--json]
                   decision FILE --trust FILE [--request FILE] [--origin NAME] [--json]
                   consistency --from CHECKPOINT [--to CHECKPOINT] --proof FILE --trust FILE [--json]
                   consent RECEIPT --trust FILE [--json]
                   dsar PROOF --trust FILE [--origin NAME] [--json]
                   erasure CERTIFICATE --trust FILE [--origin NAME] [--json]

            verify: an export of a tenant's log, offline.
              EXPORT           its directory
              --checkpoint FILE  a checkpoint of the log that you kept (an earlier export's log/checkpoint): what it covers
                               must be what the export begins with
              --origin NAME    the log that it must be the export of: <instance id>/<log id>
              --min-size N     how many records it must have at least
              --contract FILE  a contract of your own (FileDescriptorSet): what it calls privileged counts as well

            proof: that a record is in a log, without the log.
              --proof FILE     a C2SP tlog-proof: what GetInclusionProof answers
              --entry FILE     the entry itself, where the proof has none with it

            decision: that a decision was made and recorded, without the log.
              FILE             what GetDecisionProof answers
              --request FILE   what the application was asked to do: the decision must be for it

            consistency: that a log has only grown between two of its checkpoints.
              --from CHECKPOINT  the earlier one: the one that you kept
              --to CHECKPOINT  the later one; by default that in the proof
              --proof FILE     what GetConsistencyProof answers

            consent: that a consent receipt is what the instance signed.
              RECEIPT          what GetConsentReceipt answers

            dsar: what was done about a subject's request, without the log.
              PROOF            what `chancery dsar proof` has written

            erasure: what was destroyed of a subject, and that the log says so, without the log.
              CERTIFICATE      what `chancery erasure proof` has written

            all:
              --trust FILE     verifier keys (vkey), one a line, from somewhere else than what is verified
              --json           the report as JSON

            exit code: 0 intact, or proven; 1 something is missing, added, malformed or wrong; 2 wrong usage, or FILE
            is not what it must be; 3 EXPORT or a file could not be read, or the report not written""";

    /** What a command came to. */
    private record Said(boolean isGood, String report) {}

    private Main() {}

    public static void main(String[] args) {
        // A machine's language must not change what is written: not the digits of a number, not a file's name.
        Locale.setDefault(Locale.ROOT);
        System.exit(run(args, System.out, System.err));
    }

    /** Answers the exit code; never throws. */
    public static int run(String[] args, PrintStream out, PrintStream err) {
        if (args.length == 1 && args[0].equals("--help")) {
            out.println(USAGE);
            return INTACT;
        }
        try {
            Said said = run(args);
            out.println(said.report());
            if (out.checkError()) {
                err.println("the report could not be written");
                return UNREADABLE;
            }
            return said.isGood() ? INTACT : FOUND_SOMETHING;
        } catch (WrongUsage e) {
            err.println(e.getMessage());
            return WRONG_USAGE;
        } catch (IOException e) {
            err.println("cannot read: " + Text.printable(reason(e)));
            return UNREADABLE;
        } catch (RuntimeException | Error e) {
            // A fault of ours or of the machine is no verdict on the export.
            err.println("the audit failed: " + Text.printable(e.toString()));
            return UNREADABLE;
        }
    }

    private static String reason(IOException e) {
        return switch (e) {
            case NoSuchFileException missing -> "there is no " + missing.getFile();
            case NotDirectoryException file -> file.getFile() + " is no directory";
            case AccessDeniedException denied -> "you may not read " + denied.getFile();
            default -> e.getClass() == IOException.class && e.getMessage() != null ? e.getMessage() : e.toString();
        };
    }

    private static Said run(String[] args) throws IOException, WrongUsage {
        return switch (args.length == 0 ? "" : args[0]) {
            case "verify" ->
                verify(new Arguments(
                        args, Set.of("--trust", "--checkpoint", "--origin", "--min-size", "--contract"), USAGE));
            case "proof" -> proof(new Arguments(args, Set.of("--trust", "--proof", "--entry", "--origin"), USAGE));
            case "decision" -> decision(new Arguments(args, Set.of("--trust", "--request", "--origin"), USAGE));
            case "consistency" ->
                consistency(new Arguments(args, Set.of("--trust", "--proof", "--from", "--to"), USAGE));
            case "erasure" -> erasure(new Arguments(args, Set.of("--trust", "--origin"), USAGE));
            case "consent" -> consent(new Arguments(args, Set.of("--trust"), USAGE));
            case "dsar" -> completion(new Arguments(args, Set.of("--trust", "--origin"), USAGE));
            default -> throw new WrongUsage(USAGE);
        };
    }

    private static Said verify(Arguments arguments) throws IOException, WrongUsage {
        Path export = arguments.only("EXPORT");
        Path trusted = arguments.needed("--trust");
        String minSize = arguments.text("--min-size");
        if (minSize != null && !NUMBER.matcher(minSize).matches()) {
            throw new WrongUsage("--min-size takes a number of records, not " + Text.printable(minSize));
        }
        long records = minSize == null ? 0 : Long.parseLong(minSize);
        Path checkpoint = arguments.file("--checkpoint");
        Trust trust = Trust.read(trusted);
        Checkpoint kept = checkpoint == null ? null : Expected.kept(checkpoint, trust);
        Report report = Audit.verify(
                export, trust, arguments.file("--contract"), new Expected(kept, arguments.text("--origin"), records));
        return new Said(report.isIntact(), arguments.json() ? report.json() : report.text());
    }

    private static Said proof(Arguments arguments) throws IOException, WrongUsage {
        arguments.noOthers();
        Path proof = arguments.needed("--proof");
        Trust trust = Trust.read(arguments.needed("--trust"));
        return said(
                arguments, ProofAudit.inclusion(trust, proof, arguments.file("--entry"), arguments.text("--origin")));
    }

    private static Said decision(Arguments arguments) throws IOException, WrongUsage {
        Path file = arguments.only("FILE");
        Trust trust = Trust.read(arguments.needed("--trust"));
        return said(
                arguments, ProofAudit.decision(trust, file, arguments.file("--request"), arguments.text("--origin")));
    }

    private static Said consistency(Arguments arguments) throws IOException, WrongUsage {
        arguments.noOthers();
        Path from = arguments.needed("--from");
        Path proof = arguments.needed("--proof");
        Trust trust = Trust.read(arguments.needed("--trust"));
        return said(arguments, ProofAudit.consistency(trust, from, arguments.file("--to"), proof));
    }

    private static Said erasure(Arguments arguments) throws IOException, WrongUsage {
        Path certificate = arguments.only("CERTIFICATE");
        Trust trust = Trust.read(arguments.needed("--trust"));
        return said(arguments, ProofAudit.erasure(trust, certificate, arguments.text("--origin")));
    }

    private static Said consent(Arguments arguments) throws IOException, WrongUsage {
        Path receipt = arguments.only("RECEIPT");
        return said(arguments, ConsentReceipt.verify(Trust.read(arguments.needed("--trust")), receipt));
    }

    private static Said completion(Arguments arguments) throws IOException, WrongUsage {
        Path proof = arguments.only("PROOF");
        Trust trust = Trust.read(arguments.needed("--trust"));
        return said(arguments, ProofAudit.completion(trust, proof, arguments.text("--origin")));
    }

    private static Said said(Arguments arguments, ProofReport report) {
        return new Said(report.isProven(), arguments.json() ? report.json() : report.text());
    }
}
