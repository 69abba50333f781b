package dev.chancery.cli;

import com.google.protobuf.ProtocolMessageEnum;
import dev.chancery.cli.client.Caller;
import dev.chancery.cli.client.GrpcTransport;
import dev.chancery.cli.client.Instance;
import dev.chancery.cli.client.KeyFile;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.RestTransport;
import dev.chancery.cli.client.SignIn;
import dev.chancery.cli.client.Unreachable;
import dev.chancery.kernel.SecretReference;
import dev.chancery.schema.vault.v1.LeakChannel;
import dev.chancery.schema.vault.v1.LeakReader;
import dev.chancery.schema.vault.v1.LeakSeverity;
import dev.chancery.schema.vault.v1.ListSecretLeaksReply;
import dev.chancery.schema.vault.v1.ListSecretLeaksRequest;
import dev.chancery.schema.vault.v1.ReportSecretLeakRequest;
import dev.chancery.schema.vault.v1.SecretLeak;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Answers a leak, and shows how far the answer has come. */
@Command(
        name = "leak",
        description = {
            "Reports that a secret leaked, or prints how far its last incident is dealt with.",
            "With --channel: says that somebody may know a secret who should not. Its versions are never read again, the leases that",
            "rest on it end, and there is a new value, or you are asked for it. Then, as without --channel: prints the last incident of",
            "the secret: its clock, who was given what leaked, and who has nothing newer yet. You need secret:manage, and to be one of",
            "the environment's writers.",
            "Exit code: 0 it is reported, or, without --channel, nobody uses what leaked; 1 without --channel, somebody may, or there is",
            "no new value; or the instance refused; 2 wrong usage."
        },
        mixinStandardHelpOptions = true)
final class LeakCommand implements Callable<Integer> {
    private static final String SERVICE = "chancery.vault.v1.VaultService/";

    private final PrintStream out;
    private final PrintStream err;

    @Spec
    private CommandSpec command = CommandSpec.create();

    @Mixin
    private Server server = new Server();

    @Parameters(paramLabel = "REF", description = "The reference: vault://<environment>/<path>.")
    private String reference = "";

    @Option(names = "--key", required = true, paramLabel = "FILE", description = "Your key.")
    private Path key = Path.of("");

    @Option(
            names = "--channel",
            paramLabel = "CHANNEL",
            description =
                    "Where it was: public-repository, private-repository, ci-log, log, error, screenshot, chat or other.")
    private @Nullable String channel;

    @Option(
            names = "--severity",
            paramLabel = "SEVERITY",
            description =
                    "sev-1 (a production secret that anybody can see: 15 minutes), sev-2 (that a few can see: an hour) or"
                            + " sev-3 (another one: 24 hours).")
    private @Nullable String severity;

    @Option(
            names = "--first-exposed",
            paramLabel = "TIME",
            description = "When it was first there, e.g. 2026-11-30T08:15:00Z; by default nobody knows.")
    private @Nullable Instant firstExposed;

    @Option(
            names = "--reason",
            paramLabel = "TEXT",
            defaultValue = "",
            description = "What happened; it stands in the log.")
    private String reason = "";

    @Option(
            names = "--position",
            paramLabel = "POSITION",
            defaultValue = "",
            description = "What is printed includes the log up to this position.")
    private String position = "";

    LeakCommand(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    @Override
    public Integer call() throws Exception {
        SecretReference leaked = SecretReference.parse(reference)
                .filter(parsed -> parsed.version() == 0)
                .orElseThrow(() ->
                        wrong("REF is vault://<environment>/<path>, without a version: all of them are answered for"));
        Optional<ReportSecretLeakRequest> report = report(leaked);
        Instance instance = server.instance();
        try (var rest = new RestTransport(instance);
                var grpc = new GrpcTransport(instance)) {
            var caller = new Caller(grpc, new SignIn(rest, KeyFile.read(key), Optional.empty()), position);
            if (report.isPresent()) {
                caller.call(SERVICE + "ReportSecretLeak", report.get());
                err.println("position: " + caller.position());
            }
            Optional<SecretLeak> last = last(caller, leaked);
            if (last.isEmpty()) {
                out.println("no leak of " + reference + " was reported");
                return 0;
            }
            print(last.get());
            return report.isPresent() || last.get().getUnused() ? 0 : Main.FAILED;
        }
    }

    private Optional<ReportSecretLeakRequest> report(SecretReference leaked) {
        if (channel == null) {
            if (severity != null || firstExposed != null || !reason.isEmpty()) {
                throw wrong("--severity, --first-exposed and --reason go with --channel");
            }
            return Optional.empty();
        }
        if (severity == null) {
            throw wrong("--channel goes with --severity");
        }
        return Optional.of(ReportSecretLeakRequest.newBuilder()
                .setSecret(leaked.secret())
                .setChannel(one("--channel", "LEAK_CHANNEL_", channel, LeakChannel.values()))
                .setSeverity(one("--severity", "LEAK_SEVERITY_", severity, LeakSeverity.values()))
                .setFirstExposedAtMillis(firstExposed == null ? 0 : firstExposed.toEpochMilli())
                .setReason(reason)
                .build());
    }

    private <E extends Enum<E> & ProtocolMessageEnum> E one(String option, String prefix, String said, E[] all) {
        String name = prefix + said.toUpperCase(Locale.ROOT).replace('-', '_');
        List<E> known = Stream.of(all)
                .filter(each -> each.name().startsWith(prefix) && !each.name().endsWith("UNSPECIFIED"))
                .toList();
        return known.stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow(() -> wrong(option + " is one of: "
                        + String.join(
                                ", ",
                                known.stream().map(each -> plain(prefix, each)).toList())));
    }

    private static String plain(String prefix, Enum<?> value) {
        return value.name().substring(prefix.length()).toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private ParameterException wrong(String what) {
        return new ParameterException(command.commandLine(), what);
    }

    private static Optional<SecretLeak> last(Caller caller, SecretReference leaked) throws Refused, Unreachable {
        var reply = (ListSecretLeaksReply) caller.call(
                SERVICE + "ListSecretLeaks",
                ListSecretLeaksRequest.newBuilder()
                        .setEnvironment(leaked.environment())
                        .setSecret(leaked.secret())
                        .setPageSize(1)
                        .build());
        return reply.getLeaksList().stream().findFirst();
    }

    private void print(SecretLeak leak) {
        out.println("incident:      " + leak.getIncidentId());
        out.println("secret:        " + SecretReference.SCHEME + leak.getSecret());
        out.println("leaked by:     " + plain("LEAK_CHANNEL_", leak.getChannel()) + ", "
                + plain("LEAK_SEVERITY_", leak.getSeverity()));
        out.println("first exposed: " + time(leak.getFirstExposedAtMillis(), "nobody knows"));
        out.println("reported:      " + time(leak.getReportedAtMillis(), "") + " by " + leak.getReporterId());
        out.println(
                "respond by:    " + time(leak.getRespondByMillis(), "") + (leak.getOverdue() ? ", which is over" : ""));
        if (leak.getSecretVersion() > 0) {
            out.println("versions:      up to " + leak.getSecretVersion() + ", none of which is read any more");
            out.println("new value:     "
                    + time(
                            leak.getAnsweredAtMillis(),
                            "none yet; if no rotator makes it, write it: chancery call WriteSecret"));
            out.println("at the issuer: " + issuer(leak));
        }
        out.println("leases on it:  " + leak.getOpenLeases() + " whose role may be there");
        if (leak.getReadersCount() > 0) {
            out.println();
            var table = new Table("READER", "READS", "FIRST", "LAST", "SINCE EXPOSED", "HAS THE NEW VALUE");
            for (LeakReader reader : leak.getReadersList()) {
                table.add(
                        reader.getReaderId() + (reader.getPerson() ? " (a person)" : ""),
                        Long.toString(reader.getReads()),
                        time(reader.getFirstReadAtMillis(), ""),
                        time(reader.getLastReadAtMillis(), ""),
                        reader.getExposed() ? "yes" : "no",
                        time(reader.getMovedOnAtMillis(), "no"));
            }
            table.print(out);
            out.println();
        }
        out.println(
                leak.getUnused()
                        ? "nobody uses what leaked"
                        : "still to come: " + leak.getWaiting() + " programs that have nothing newer, "
                                + leak.getOpenLeases() + " leases"
                                + (leak.getAtIssuer() == 0
                                        ? ""
                                        : ", " + leak.getAtIssuer() + " versions that the issuer takes back")
                                + (leak.getAnsweredAtMillis() == 0 ? ", the new value" : ""));
    }

    private static String issuer(SecretLeak leak) {
        if (leak.getIssued() == 0) {
            return "no rotator made it: have whoever did take it back";
        }
        return leak.getAtIssuer() == 0
                ? "taken back"
                : leak.getAtIssuer() + " of " + leak.getIssued() + " not taken back yet";
    }

    private static String time(long millis, String none) {
        return millis == 0 ? none : Instant.ofEpochMilli(millis).toString();
    }
}
