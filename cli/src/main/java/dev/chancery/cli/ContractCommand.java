package dev.chancery.cli;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.cli.client.Json;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractMethod;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "contract",
        description = {
            "Lists every method with the capability it asks for and its flags, the public ones first.",
            "With METHOD: its fields, their rules, and an example request."
        },
        mixinStandardHelpOptions = true)
final class ContractCommand implements Callable<Integer> {
    /**
     * What is served besides the contract's own paths.
     *
     * @param capability empty: it needs no access token
     */
    private record Face(String rest, String capability, String what) {}

    private static final List<Face> FACES = List.of(
            new Face("POST /oauth/token", "", "OAuth 2.0 client credentials, private_key_jwt: IssueToken"),
            new Face("GET /oauth/jwks.json", "", "the keys that verify access tokens"),
            new Face("GET /.well-known/oauth-authorization-server", "", "where the two above are (RFC 8414)"),
            new Face("GET /errors/{code}", "", "what a refusal's code means"),
            new Face("GET /q/health, /q/health/live, /q/health/ready", "", "health"),
            new Face("gRPC grpc.reflection.v1.ServerReflection", "", "the contract's descriptors"),
            new Face("POST /access/v1/evaluation", "access:check", "OpenID AuthZEN 1.0: Check"),
            new Face("POST /access/v1/evaluations", "access:check", "OpenID AuthZEN 1.0: several checks at once"),
            new Face("GET /.well-known/authzen-configuration", "", "where the two above are (AuthZEN 1.0)"),
            new Face("GET /metrics", "observability:read", "metrics for Prometheus: ReadMetrics"),
            new Face("GET /ledger/v1/checkpoint", "ledger:read", "the newest signed checkpoint"),
            new Face("GET /ledger/v1/tile/{L}/{N}, /ledger/v1/tile/entries/{N}", "ledger:read", "C2SP tlog-tiles"),
            new Face("GET /ledger/v1/bodies/{N}", "ledger:read", "the records' bodies"),
            new Face("GET /ledger/v1/contract.binpb", "ledger:read", "the contract that the log adopted"));

    private final PrintStream out;

    @Option(names = "--json", description = "As JSON.")
    private boolean json;

    @Parameters(arity = "0..1", paramLabel = "METHOD", description = "A method's name, e.g. CreatePrincipal.")
    private @Nullable String method;

    @Spec
    private CommandSpec command = CommandSpec.create();

    ContractCommand(PrintStream out) {
        this.out = out;
    }

    @Override
    public Integer call() throws InvalidProtocolBufferException {
        List<ContractMethod> methods = Contract.load().methods();
        if (method != null) {
            MethodPage.print(named(methods, method), out);
        } else if (json) {
            out.println(json(methods));
        } else {
            print(methods);
        }
        return 0;
    }

    private ContractMethod named(List<ContractMethod> methods, String name) {
        return methods.stream()
                .filter(one -> one.name().equals(name) || one.fullName().equals(name))
                .findFirst()
                .orElseThrow(() -> new ParameterException(
                        command.commandLine(), "no method " + name + "; './chancery contract' lists them"));
    }

    private void print(List<ContractMethod> methods) {
        Table table = new Table("METHOD", "CAPABILITY", "FLAGS", "AUDIT ACTION", "REST");
        for (ContractMethod method : methods) {
            table.add(
                    method.service().substring(method.service().lastIndexOf('.') + 1) + "/" + method.name(),
                    method.capability(),
                    String.join(",", flags(method)),
                    method.auditAction(),
                    rest(method));
        }
        table.print(out);
        out.println();
        Table faces = new Table("STANDARD FACE", "CAPABILITY", "FLAGS", "WHAT");
        for (Face face : FACES) {
            faces.add(face.rest(), face.capability(), face.capability().isEmpty() ? "public" : "", face.what());
        }
        faces.print(out);
    }

    static List<String> flags(ContractMethod method) {
        List<String> flags = new ArrayList<>();
        if (method.isPublic()) {
            flags.add("public");
        }
        if (method.privileged()) {
            flags.add("privileged");
        }
        if (method.instanceOnly()) {
            flags.add("instance-only");
        }
        if (method.stepUpSeconds() > 0) {
            flags.add("step-up=" + method.stepUpSeconds() + "s");
        }
        method.widenedBy().forEach(capability -> flags.add("wider=" + capability));
        return flags;
    }

    private static String rest(ContractMethod method) {
        return method.httpMethod() + " " + method.pathTemplate().text();
    }

    private static String json(List<ContractMethod> methods) {
        List<Map<String, Object>> listed = new ArrayList<>();
        for (ContractMethod method : methods) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("method", method.fullName());
            one.put("rest", rest(method));
            one.put("capability", method.capability());
            one.put("widenedBy", method.widenedBy());
            one.put("auditAction", method.auditAction());
            one.put("rateClass", method.rateClass().name());
            one.put("public", method.isPublic());
            one.put("privileged", method.privileged());
            one.put("instanceOnly", method.instanceOnly());
            one.put("stepUpSeconds", method.stepUpSeconds());
            listed.add(one);
        }
        List<Map<String, Object>> faces = new ArrayList<>();
        for (Face face : FACES) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("face", face.rest());
            one.put("capability", face.capability());
            one.put("public", face.capability().isEmpty());
            one.put("what", face.what());
            faces.add(one);
        }
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("methods", listed);
        all.put("faces", faces);
        return Json.write(all);
    }
}
