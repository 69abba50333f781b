package dev.chancery.cli;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Hands its arguments to the auditor, which shares no code with what it audits. */
@Command(
        name = "verify",
        description = {
            "Verifies that a consent receipt is what the instance signed.",
            "To get one: ./chancery call GetConsentReceipt '{\"consentId\": \"...\"}' --key FILE --field receipt",
            "Exit code: 0 proven; 1 not proven; 2 wrong usage; 3 unreadable."
        },
        mixinStandardHelpOptions = true)
final class ReceiptCommand implements Callable<Integer> {
    private final PrintStream out;
    private final PrintStream err;

    @Parameters(paramLabel = "FILE", description = "The receipt: a JWS in compact form.")
    private Path receipt = Path.of("");

    @Mixin
    private AuditorOptions options = new AuditorOptions();

    ReceiptCommand(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    @Override
    public Integer call() {
        return options.call("consent", receipt.toString()).run(out, err);
    }
}
