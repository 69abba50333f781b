package dev.chancery.auditor;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** {@code verify EXPORT --trust FILE [--checkpoint FILE] [--origin NAME] [--min-size N] [--contract FILE] [--json]}. */
public final class Main {
    static final int INTACT = 0;
    static final int FOUND_SOMETHING = 1;
    static final int WRONG_USAGE = 2;
    static final int UNREADABLE = 3;

    private static final String USAGE = """
            usage: verify EXPORT --trust FILE [--checkpoint FILE] [--origin NAME] [--min-size N] [--contract FILE] [--json]

            Verifies an export of a tenant's log, offline.
              EXPORT           its directory
              --trust FILE     verifier keys (vkey), one a line, from somewhere else than the export
              --checkpoint FILE  a checkpoint of the log that you kept (an earlier export's log/checkpoint): what it covers
                               must be what the export begins with
              --origin NAME    the log that it must be the export of: <instance id>/<log id>
              --min-size N     how many records it must have at least
              --contract FILE  a contract of your own (FileDescriptorSet): what it calls privileged counts as well
              --json           the report as JSON

            exit code: 0 intact; 1 something is missing, added, malformed or wrong; 2 wrong usage, or FILE is
            not what it must be; 3 EXPORT or FILE could not be read, or the report not written""";

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
            Arguments arguments = Arguments.parse(args);
            Report report = arguments.verify();
            out.println(arguments.json ? report.json() : report.text());
            if (out.checkError()) {
                err.println("the report could not be written");
                return UNREADABLE;
            }
            return report.isIntact() ? INTACT : FOUND_SOMETHING;
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
            default -> e.toString();
        };
    }

    private record Arguments(
            Path export,
            Path trust,
            @Nullable Path contract,
            @Nullable Path checkpoint,
            @Nullable String origin,
            long minSize,
            boolean json) {
        private static final Pattern NUMBER = Pattern.compile("[0-9]{1,18}");

        Report verify() throws IOException, WrongUsage {
            Trust keys = Trust.read(trust);
            Checkpoint kept = checkpoint == null ? null : Expected.kept(checkpoint, keys);
            return Audit.verify(export, keys, contract, new Expected(kept, origin, minSize));
        }

        static Arguments parse(String[] args) throws WrongUsage {
            if (args.length == 0 || !args[0].equals("verify")) {
                throw new WrongUsage(USAGE);
            }
            Path export = null;
            Path trust = null;
            Path contract = null;
            Path checkpoint = null;
            String origin = null;
            String minSize = null;
            boolean json = false;
            for (int i = 1; i < args.length; i++) {
                switch (args[i]) {
                    case "--trust" -> trust = once(trust, args, ++i);
                    case "--contract" -> contract = once(contract, args, ++i);
                    case "--checkpoint" -> checkpoint = once(checkpoint, args, ++i);
                    case "--origin" -> origin = text(origin, args, ++i);
                    case "--min-size" -> minSize = text(minSize, args, ++i);
                    case "--json" -> json = true;
                    default -> {
                        if (args[i].startsWith("-")) {
                            throw new WrongUsage("unknown option " + Text.printable(args[i]) + "\n\n" + USAGE);
                        }
                        export = once(export, args, i);
                    }
                }
            }
            if (export == null || trust == null) {
                throw new WrongUsage(USAGE);
            }
            if (minSize != null && !NUMBER.matcher(minSize).matches()) {
                throw new WrongUsage("--min-size takes a number of records, not " + Text.printable(minSize));
            }
            long records = minSize == null ? 0 : Long.parseLong(minSize);
            return new Arguments(export, trust, contract, checkpoint, origin, records, json);
        }

        private static Path once(@Nullable Path before, String[] args, int i) throws WrongUsage {
            String path = text(before, args, i);
            try {
                return Path.of(path);
            } catch (InvalidPathException e) {
                throw new WrongUsage("no such path: " + Text.printable(path));
            }
        }

        private static String text(@Nullable Object before, String[] args, int i) throws WrongUsage {
            if (before != null || i >= args.length || args[i].isEmpty()) {
                throw new WrongUsage(USAGE);
            }
            return args[i];
        }
    }
}
