package dev.chancery.cli;

import dev.chancery.cli.client.Refused;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command line. {@code up}, {@code replay} and {@code demo} are other programs, which the script {@code chancery} starts. */
@Command(
        name = "chancery",
        description = "The command line of Chancery.",
        mixinStandardHelpOptions = true,
        version = "chancery 0.1.0-SNAPSHOT",
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "",
            "And, to run an instance:",
            "  demo [--out DIR]                  tells the story, on an instance of its own",
            "  demo --story privacy              tells another: consent, erasure, restore",
            "  up [--data DIR] [--port PORT]     starts one on loopback (./data, 8080)",
            "  replay --check [--data DIR]       rebuilds all views from Kafka, and compares",
            "  repair [--apply] [--data DIR]     says what Kafka lacks, or brings it back",
            "  backup --to FILE --recipient KEY  writes an encrypted backup",
            "  restore --from FILE ...           makes a data directory of a backup",
            "",
            "'chancery COMMAND --help' explains a command."
        })
public final class Main {
    static final int FAILED = 1;

    // Kept, because the logging framework holds its loggers weakly and would forget the level.
    private static final Logger ROOT = Logger.getLogger("");

    private Main() {}

    public static void main(String... arguments) {
        // A machine's language must not change what is written: not the digits of a number, not a file's name.
        Locale.setDefault(Locale.ROOT);
        // The commands report what fails; what libraries log would only confuse.
        ROOT.setLevel(Level.OFF);
        System.setProperty("slf4j.internal.verbosity", "ERROR");
        System.exit(run(
                new PrintStream(System.out, true, StandardCharsets.UTF_8),
                new PrintStream(System.err, true, StandardCharsets.UTF_8),
                arguments));
    }

    /** Runs a command; returns the exit code. */
    static int run(PrintStream out, PrintStream err, String... arguments) {
        return commandLine(System.in, out, err).execute(arguments);
    }

    static CommandLine commandLine(InputStream in, PrintStream out, PrintStream err) {
        return new CommandLine(new Main())
                .addSubcommand(new ContractCommand(out))
                .addSubcommand(new ClaimCommand(out))
                .addSubcommand(new RenewClaimCommand(out))
                .addSubcommand(new SealCommand(out))
                .addSubcommand(new UnsealCommand(out))
                .addSubcommand(new KeygenCommand(out))
                .addSubcommand(new TokenCommand(out))
                .addSubcommand(new BenchCommand(out))
                .addSubcommand(new CallCommand(out, err))
                .addSubcommand(new ApplyCommand(out, err))
                .addSubcommand(new ExportModelCommand(out))
                .addSubcommand(new ExportCommand(out, err))
                .addSubcommand(new ProcessingRecordsCommand(out))
                .addSubcommand(new CommandLine(new RunCommand(err, System.getenv())).setStopAtPositional(true))
                .addSubcommand(new RedactCommand(in, out))
                .addSubcommand(new ScanCommand(out, err))
                .addSubcommand(new CommandLine(new AuditCommand())
                        .addSubcommand(new VerifyCommand(out, err))
                        .addSubcommand(new ProofCommand(out, err))
                        .addSubcommand(new DecisionCommand(out, err))
                        .addSubcommand(new ConsistencyCommand(out, err)))
                .addSubcommand(new CommandLine(new ConsentCommand()).addSubcommand(new ReceiptCommand(out, err)))
                .addSubcommand(new CommandLine(new DsarCommand())
                        .addSubcommand(new DsarProofCommand(out))
                        .addSubcommand(new DsarVerifyCommand(out, err)))
                .addSubcommand(new CommandLine(new ErasureCommand())
                        .addSubcommand(new ErasureProofCommand(out))
                        .addSubcommand(new CertificateCommand(out, err)))
                .addSubcommand(new CommandLine(new VaultCommand()).addSubcommand(new LeakCommand(out, err)))
                .addSubcommand(new CommandLine(new EgressCommand()).addSubcommand(new EgressCheckCommand(in, out)))
                .setCaseInsensitiveEnumValuesAllowed(true)
                // `call` reads @FILE itself: picocli would take what is in it for arguments.
                .setExpandAtFiles(false)
                .setOut(new PrintWriter(out, true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(err, true, StandardCharsets.UTF_8))
                .setParameterExceptionHandler(new Misspelt())
                .setExecutionExceptionHandler((failure, line, parsed) -> report(failure, err));
    }

    private static int report(Exception failure, PrintStream err) {
        switch (failure) {
            case Refused refused -> {
                err.println(refused.code() + ": " + refused.text());
                if (!refused.hint().isEmpty()) {
                    err.println("  hint: " + refused.hint());
                }
                if (!refused.requestId().isEmpty()) {
                    err.println("  request: " + refused.requestId());
                }
            }
            case IOException unreadable -> err.println("chancery: " + reason(unreadable));
            default -> {
                err.println("chancery: an error in the command line itself; please report it");
                failure.printStackTrace(err);
            }
        }
        return FAILED;
    }

    /** The operating system's message is short, and often only a file's name. */
    private static String reason(IOException failure) {
        String said = failure.getMessage() == null ? "" : failure.getMessage();
        return switch (failure) {
            case java.nio.file.FileAlreadyExistsException e -> said + " exists already; name another file";
            case java.nio.file.NoSuchFileException e -> "there is no " + said;
            case java.nio.file.AccessDeniedException e -> "no permission for " + said;
            default -> said.isEmpty() ? failure.getClass().getSimpleName() : said;
        };
    }
}
