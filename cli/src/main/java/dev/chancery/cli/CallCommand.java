package dev.chancery.cli;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import dev.chancery.cli.client.GrpcTransport;
import dev.chancery.cli.client.Headers;
import dev.chancery.cli.client.Instance;
import dev.chancery.cli.client.KeyFile;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.Reply;
import dev.chancery.cli.client.RestTransport;
import dev.chancery.cli.client.SignIn;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractMethod;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
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
        name = "call",
        description = {
            "Calls a method of the contract and prints its reply as JSON.",
            "The log position of what was written goes to standard error."
        },
        mixinStandardHelpOptions = true)
final class CallCommand implements Callable<Integer> {
    private final PrintStream out;
    private final PrintStream err;

    @Spec
    private CommandSpec command = CommandSpec.create();

    @Mixin
    private Server server = new Server();

    @Parameters(index = "0", paramLabel = "METHOD", description = "E.g. AssignRole or AccessService/AssignRole.")
    private String method = "";

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "JSON",
            defaultValue = "{}",
            description = "The request, or @FILE that holds it (default: ${DEFAULT-VALUE}).")
    private String request = "{}";

    @Option(names = "--key", paramLabel = "FILE", description = "Your key; not needed for public methods.")
    private @Nullable Path key;

    @Option(names = "--workspace", paramLabel = "ID", description = "The workspace to act in.")
    private @Nullable String workspace;

    @Option(names = "--grpc", description = "Over gRPC rather than REST.")
    private boolean grpc;

    @Option(names = "--idempotency-key", paramLabel = "KEY", description = "By default a new one.")
    private @Nullable String idempotencyKey;

    @Option(
            names = "--position",
            paramLabel = "POSITION",
            description = "The reply must include the log up to this position.")
    private @Nullable String position;

    @Option(
            names = "--field",
            paramLabel = "NAME",
            description = "Print this text of the reply, as it is, and nothing else.")
    private @Nullable String field;

    CallCommand(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    @Override
    public Integer call() throws Exception {
        ContractMethod called = method(Contract.load().methods(), method);
        Message message = message(called, request);
        FieldDescriptor printed = field == null ? null : text(called, field);
        if (key == null && !called.isPublic()) {
            throw wrong(called.name() + " is not public: name your key with --key");
        }
        Instance instance = server.instance();
        try (var rest = new RestTransport(instance)) {
            Map<String, String> headers = headers(called, rest);
            Reply reply = grpc ? overGrpc(instance, called, message, headers) : rest.call(called, message, headers);
            if (!reply.position().isEmpty()) {
                err.println("position: " + reply.position());
            }
            if (printed != null) {
                out.print(reply.message().getField(printed));
            } else {
                out.println(
                        JsonFormat.printer().alwaysPrintFieldsWithNoPresence().print(reply.message()));
            }
            return 0;
        }
    }

    /** The one text field of the reply that has this name, in JSON or in the contract. */
    private FieldDescriptor text(ContractMethod called, String name) {
        return called.replyPrototype().getDescriptorForType().getFields().stream()
                .filter(one -> one.getJsonName().equals(name) || one.getName().equals(name))
                .filter(one -> one.getJavaType() == FieldDescriptor.JavaType.STRING && !one.isRepeated())
                .findFirst()
                .orElseThrow(() -> wrong(called.name() + "'s reply has no text " + name));
    }

    private static Reply overGrpc(
            Instance instance, ContractMethod method, Message message, Map<String, String> headers)
            throws IOException, Refused {
        try (var transport = new GrpcTransport(instance)) {
            return transport.call(method, message, headers);
        }
    }

    private Map<String, String> headers(ContractMethod called, RestTransport rest) throws IOException, Refused {
        Map<String, String> headers = new LinkedHashMap<>();
        if (key != null && !called.isPublic()) {
            var signIn = new SignIn(rest, KeyFile.read(key), Optional.ofNullable(workspace));
            headers.put(Headers.AUTHORIZATION, "Bearer " + signIn.token());
        }
        if (called.writes()) {
            headers.put(
                    Headers.IDEMPOTENCY_KEY,
                    idempotencyKey == null ? UUID.randomUUID().toString() : idempotencyKey);
        }
        if (position != null) {
            headers.put(Headers.POSITION, position);
        }
        return headers;
    }

    /** The one method whose full name ends with the given one. */
    private ContractMethod method(List<ContractMethod> methods, String typed) {
        List<ContractMethod> found = methods.stream()
                .filter(one -> one.fullName().equals(typed)
                        || one.fullName().endsWith("/" + typed)
                        || (typed.contains("/") && one.fullName().endsWith("." + typed)))
                .toList();
        if (found.size() != 1) {
            throw wrong((found.isEmpty() ? "no method is called " : "more than one method is called ") + typed
                    + "; see 'chancery contract'");
        }
        return found.getFirst();
    }

    private Message message(ContractMethod called, String typed) throws IOException {
        String json = typed.startsWith("@") ? Files.readString(Path.of(typed.substring(1))) : typed;
        Message.Builder builder = called.requestPrototype().newBuilderForType();
        try {
            JsonFormat.parser().merge(json, builder);
        } catch (InvalidProtocolBufferException e) {
            throw wrong("the request is not a valid " + called.input().getName() + ": " + e.getMessage());
        }
        return builder.build();
    }

    private ParameterException wrong(String what) {
        return new ParameterException(command.commandLine(), what);
    }
}
