package dev.chancery.cli;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.cli.client.Json;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractAction;
import dev.chancery.schema.ContractEndpoint;
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
        Contract contract = Contract.load();
        List<ContractMethod> methods = contract.methods();
        if (method != null) {
            MethodPage.print(named(methods, method), out);
        } else if (json) {
            out.println(json(contract));
        } else {
            print(contract);
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

    private void print(Contract contract) {
        Table table = new Table("METHOD", "CAPABILITY", "FLAGS", "AUDIT ACTION", "REST");
        for (ContractMethod method : contract.methods()) {
            table.add(
                    method.service().substring(method.service().lastIndexOf('.') + 1) + "/" + method.name(),
                    method.capability(),
                    String.join(",", flags(method)),
                    method.auditAction(),
                    rest(method));
        }
        table.print(out);
        out.println();
        Table endpoints = new Table("STANDARD ENDPOINT", "CAPABILITY", "FLAGS", "WHAT");
        for (ContractEndpoint endpoint : contract.endpoints()) {
            endpoints.add(
                    endpoint.toString(), endpoint.capability(), endpoint.isPublic() ? "public" : "", endpoint.what());
        }
        endpoints.print(out);
        out.println();
        Table actions = new Table("ACTION OF NO METHOD", "BY", "WHAT");
        for (ContractAction action : contract.actions()) {
            actions.add(action.name(), by(action), action.what());
        }
        actions.print(out);
    }

    private static String by(ContractAction action) {
        return action.bySystem() ? "system" : "caller";
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

    private static String json(Contract contract) {
        List<Map<String, Object>> listed = new ArrayList<>();
        for (ContractMethod method : contract.methods()) {
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
        List<Map<String, Object>> endpoints = new ArrayList<>();
        for (ContractEndpoint endpoint : contract.endpoints()) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("endpoint", endpoint.toString());
            one.put("capability", endpoint.capability());
            one.put("public", endpoint.isPublic());
            one.put("what", endpoint.what());
            endpoints.add(one);
        }
        List<Map<String, Object>> actions = new ArrayList<>();
        for (ContractAction action : contract.actions()) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("action", action.name());
            one.put("by", by(action));
            one.put("what", action.what());
            actions.add(one);
        }
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("methods", listed);
        all.put("endpoints", endpoints);
        all.put("actions", actions);
        return Json.write(all);
    }
}
