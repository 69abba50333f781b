package dev.chancery.cli;

import dev.chancery.firewall.EgressDecision;
import dev.chancery.firewall.EgressPolicy;
import dev.chancery.firewall.PolicyFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The engine that the firewall asks, on a policy in a file. Names are not resolved: only what stands in the URL is judged. */
@Command(
        name = "check",
        description = {
            "Decides URLs by a policy, and prints 'allow|deny REASON HOST' for each; the host is - where a URL has none.",
            "Exit code: 0 all allowed; 1 at least one denied; 2 wrong usage or policy."
        },
        mixinStandardHelpOptions = true)
final class EgressCheckCommand implements Callable<Integer> {
    /** Longer than any URL that is looked at. */
    private static final int MAX_LINE = 1 << 17;

    private final InputStream in;
    private final PrintStream out;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--policy", required = true, paramLabel = "FILE", description = "The policy, as YAML.")
    private Path policy = Path.of("");

    @Parameters(
            paramLabel = "URL",
            arity = "0..*",
            description = "Without any, URLs are read from standard input, one a line.")
    private List<String> urls = List.of();

    EgressCheckCommand(InputStream in, PrintStream out) {
        this.in = in;
        this.out = out;
    }

    @Override
    public Integer call() throws IOException {
        EgressPolicy rules = read();
        boolean allowed = true;
        if (!urls.isEmpty()) {
            for (String url : urls) {
                allowed &= decide(rules, url);
            }
            return allowed ? 0 : Main.FAILED;
        }
        var input = in instanceof java.io.BufferedInputStream ? in : new java.io.BufferedInputStream(in);
        var line = new ByteArrayOutputStream();
        for (int b = input.read(); b >= 0; b = input.read()) {
            if (b != '\n') {
                if (line.size() < MAX_LINE) {
                    line.write(b);
                }
                continue;
            }
            allowed &= decide(rules, text(line));
            line.reset();
        }
        if (line.size() > 0) {
            allowed &= decide(rules, text(line));
        }
        return allowed ? 0 : Main.FAILED;
    }

    private EgressPolicy read() {
        try {
            return PolicyFile.read(policy);
        } catch (IOException e) {
            throw new ParameterException(spec.commandLine(), "can't read the policy " + policy);
        } catch (PolicyFile.Unusable e) {
            throw new ParameterException(spec.commandLine(), "can't use the policy " + policy + ": " + e.getMessage());
        }
    }

    /** Bytes that are no UTF-8 become U+FFFD, which no URL may hold. */
    private static String text(ByteArrayOutputStream line) {
        String text = line.toString(StandardCharsets.UTF_8);
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    }

    private boolean decide(EgressPolicy rules, String url) {
        EgressDecision decision = rules.evaluate(url, Instant.now());
        String host = decision.host().isEmpty() ? "-" : decision.host();
        out.println(
                (decision.allowed() ? "allow " : "deny ") + decision.reason().code() + " " + host);
        return decision.allowed();
    }
}
