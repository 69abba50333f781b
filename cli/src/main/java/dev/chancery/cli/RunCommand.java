package dev.chancery.cli;

import dev.chancery.cli.client.Headers;
import dev.chancery.cli.client.KeyFile;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.RestTransport;
import dev.chancery.cli.client.SignIn;
import dev.chancery.kernel.SecretReference;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.vault.v1.ReadSecretReply;
import dev.chancery.schema.vault.v1.ReadSecretRequest;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "run",
        description = {
            "Starts a program with its secrets in its environment.",
            "Each variable whose value is a reference, vault://<environment>/<path>, with #<version> for one version, is given the",
            "secret's value.",
            "Nothing is written to a disk, and no other program sees the values. HUP, INT and TERM are passed on.",
            "Exit code: the program's; 128 and the signal's number where one ended it; 1 a secret was refused or",
            "the instance did not answer; 2 wrong usage; 126 the program can't be started; 127 there is none."
        },
        mixinStandardHelpOptions = true)
final class RunCommand implements Callable<Integer> {
    private static final int NOT_STARTED = 126;
    private static final int NOT_FOUND = 127;
    private static final String READ = "chancery.vault.v1.VaultService/ReadSecret";

    private final PrintStream err;
    private final Map<String, String> environment;

    @Spec
    private CommandSpec command = CommandSpec.create();

    @Mixin
    private Server server = new Server();

    @Option(names = "--key", required = true, paramLabel = "FILE", description = "The program's key.")
    private Path key = Path.of("");

    @Option(
            names = "--env",
            paramLabel = "NAME",
            description = "An environment that references may name; again for another. By default all.")
    private List<String> environments = List.of();

    @Parameters(paramLabel = "COMMAND", arity = "1..*", description = "The program and its arguments, after --.")
    private List<String> program = List.of();

    /** @param environment of this process */
    RunCommand(PrintStream err, Map<String, String> environment) {
        this.err = err;
        this.environment = environment;
    }

    @Override
    public Integer call() throws Exception {
        Map<String, SecretReference> references = references();
        Map<String, String> values = references.isEmpty() ? Map.of() : values(references);
        if (values.size() < references.size()) {
            return Main.FAILED;
        }
        Optional<String> refusal = refusal(values, Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8")));
        if (refusal.isPresent()) {
            err.println("chancery: " + refusal.get());
            return Main.FAILED;
        }
        return start(values);
    }

    /**
     * Why an environment can't hold these values, or nothing. Java would write a question mark for each character that is not in it.
     *
     * @param encoding of this process's environment, as its locale says
     */
    static Optional<String> refusal(Map<String, String> values, Charset encoding) {
        for (Map.Entry<String, String> variable : values.entrySet()) {
            if (variable.getValue().indexOf('\0') >= 0) {
                return Optional.of("the value of " + variable.getKey()
                        + " has a NUL character, which no variable can hold; nothing was started");
            }
            if (!encoding.newEncoder().canEncode(variable.getValue())) {
                return Optional.of("the value of " + variable.getKey() + " has characters that this locale's encoding, "
                        + encoding.name()
                        + ", can't hold; nothing was started. Set a UTF-8 locale, e.g. LC_ALL=C.UTF-8");
            }
        }
        return Optional.empty();
    }

    /** By the names of the variables. */
    private Map<String, SecretReference> references() {
        Map<String, SecretReference> references = new TreeMap<>();
        environment.forEach((name, value) -> {
            if (value.startsWith(SecretReference.SCHEME)) {
                SecretReference reference = SecretReference.parse(value)
                        .orElseThrow(
                                () -> wrong(name + " is no reference to a secret: write vault://<environment>/<path>"
                                        + " in lower case, with #<version> for one version"));
                if (!environments.isEmpty() && !environments.contains(reference.environment())) {
                    throw wrong(name + " refers to a secret of the environment " + reference.environment()
                            + ", which --env does not name");
                }
                references.put(name, reference);
            }
        });
        return references;
    }

    /** Without some where a secret was refused, which is then said. */
    private Map<String, String> values(Map<String, SecretReference> references) throws IOException, Refused {
        ContractMethod read = Contract.load().method(READ).orElseThrow();
        Map<SecretReference, String> known = new HashMap<>();
        Map<String, String> values = new HashMap<>();
        try (var rest = new RestTransport(server.instance())) {
            var signIn = new SignIn(rest, KeyFile.read(key), Optional.empty());
            Map<String, String> headers = Map.of(Headers.AUTHORIZATION, "Bearer " + signIn.token());
            for (Map.Entry<String, SecretReference> entry : references.entrySet()) {
                SecretReference reference = entry.getValue();
                @Nullable String value = known.get(reference);
                if (value == null) {
                    try {
                        value = value(rest, read, reference, headers);
                    } catch (Refused refused) {
                        err.println(
                                entry.getKey() + ": " + refused.code() + ": " + refused.text() + " " + refused.hint());
                        continue;
                    }
                    known.put(reference, value);
                }
                values.put(entry.getKey(), value);
            }
        }
        return values;
    }

    private static String value(
            RestTransport rest, ContractMethod read, SecretReference reference, Map<String, String> headers)
            throws IOException, Refused {
        var request = ReadSecretRequest.newBuilder()
                .setSecret(reference.secret())
                .setSecretVersion(reference.version())
                .build();
        return ((ReadSecretReply) rest.call(read, request, headers).message()).getValue();
    }

    private int start(Map<String, String> values) throws InterruptedException {
        var builder = new ProcessBuilder(program).inheritIO();
        Map<String, String> passed = builder.environment();
        passed.keySet().retainAll(environment.keySet());
        // Only what differs: the rest is passed on in the bytes that it came in, whatever they are in this locale.
        environment.forEach((name, value) -> {
            if (!value.equals(passed.get(name))) {
                passed.put(name, value);
            }
        });
        passed.putAll(values);
        Process child;
        try (var signals = new ForwardedSignals()) {
            try {
                child = builder.start();
            } catch (IOException e) {
                // ENOENT, as older and newer JDKs write it.
                String said = String.valueOf(e.getMessage());
                boolean none = said.contains("error=2,") || said.contains("error: 2 ");
                err.println("chancery: " + program.getFirst() + (none ? " is not found" : " can't be started"));
                return none ? NOT_FOUND : NOT_STARTED;
            } finally {
                passed.clear();
            }
            signals.to(child);
            return child.waitFor();
        }
    }

    private ParameterException wrong(String what) {
        return new ParameterException(command.commandLine(), what);
    }
}
