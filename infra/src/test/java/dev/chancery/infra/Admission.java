package dev.chancery.infra;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.ToNumberPolicy;
import dev.cel.common.CelValidationException;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The rules of {@code admission.yaml}, asked as Kubernetes' API server asks them: each is an expression in CEL over the pod. */
final class Admission {
    private static final Gson GSON = new Gson()
            .newBuilder()
            .setObjectToNumberStrategy(ToNumberPolicy.LONG_OR_DOUBLE)
            .create();
    private static final CelCompiler COMPILER = CelCompilerFactory.standardCelCompilerBuilder()
            .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
            .addVar("object", SimpleType.DYN)
            .addVar("containers", SimpleType.DYN)
            .build();
    private static final CelRuntime RUNTIME =
            CelRuntimeFactory.standardCelRuntimeBuilder().build();

    private final CelRuntime.Program containers;
    private final Map<String, CelRuntime.Program> rules = new LinkedHashMap<>();

    Admission() {
        JsonObject policy = Manifests.ofKind("ValidatingAdmissionPolicy").getFirst();
        JsonObject variable = Manifests.at(policy, "spec", "variables")
                .getAsJsonArray()
                .get(0)
                .getAsJsonObject();
        containers = compile(Manifests.text(variable, "expression"));
        for (JsonElement validation :
                Manifests.at(policy, "spec", "validations").getAsJsonArray()) {
            JsonObject rule = validation.getAsJsonObject();
            rules.put(Manifests.text(rule, "message"), compile(Manifests.text(rule, "expression")));
        }
    }

    /** The messages of the rules that a pod breaks. */
    List<String> complaints(JsonObject pod) {
        List<String> complaints = new ArrayList<>();
        Object object = GSON.fromJson(pod, Map.class);
        try {
            Object all = containers.eval(Map.of("object", object));
            for (var rule : rules.entrySet()) {
                if (!Boolean.TRUE.equals(rule.getValue().eval(Map.of("object", object, "containers", all)))) {
                    complaints.add(rule.getKey());
                }
            }
        } catch (CelEvaluationException e) {
            throw new AssertionError(e);
        }
        return complaints;
    }

    List<String> rules() {
        return List.copyOf(rules.keySet());
    }

    private static CelRuntime.Program compile(String expression) {
        try {
            return RUNTIME.createProgram(COMPILER.compile(expression.replace("variables.containers", "containers"))
                    .getAst());
        } catch (CelValidationException | CelEvaluationException e) {
            throw new AssertionError(expression, e);
        }
    }
}
