package dev.chancery.auditor;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** {@code verify EXPORT --trust FILE [--contract FILE] [--json]}. */
public final class Main {
    static final int INTACT = 0;
    static final int FOUND_SOMETHING = 1;
    static final int WRONG_USAGE = 2;
    static final int UNREADABLE = 3;

    private static final String USAGE = """
            usage: verify EXPORT --trust FILE [--contract FILE] [--json]

            Verifies an export of a tenant's log, offline.
              EXPORT           its directory
              --trust FILE     verifier keys (vkey), one a line, from somewhere else than the export
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
            Report report = Audit.verify(arguments.export, arguments.trust, arguments.contract);
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
            err.println("cannot read: " + Text.printable(e.toString()));
            return UNREADABLE;
        } catch (RuntimeException | Error e) {
            // A fault of ours or of the machine is no verdict on the export.
            err.println("the audit failed: " + Text.printable(e.toString()));
            return UNREADABLE;
        }
    }

    private record Arguments(
            Path export, Path trust, @Nullable Path contract, boolean json) {

        static Arguments parse(String[] args) throws WrongUsage {
            if (args.length == 0 || !args[0].equals("verify")) {
                throw new WrongUsage(USAGE);
            }
            Path export = null;
            Path trust = null;
            Path contract = null;
            boolean json = false;
            for (int i = 1; i < args.length; i++) {
                switch (args[i]) {
                    case "--trust" -> trust = once(trust, args, ++i);
                    case "--contract" -> contract = once(contract, args, ++i);
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
            return new Arguments(export, trust, contract, json);
        }

        private static Path once(@Nullable Path before, String[] args, int i) throws WrongUsage {
            if (before != null || i >= args.length || args[i].isEmpty()) {
                throw new WrongUsage(USAGE);
            }
            try {
                return Path.of(args[i]);
            } catch (InvalidPathException e) {
                throw new WrongUsage("no such path: " + Text.printable(args[i]));
            }
        }
    }
}
