package dev.chancery.infra;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The admission policy takes the pods of these manifests, and refuses each that breaks one of its rules, by that rule. */
class AdmissionTest {
    private final Admission admission = new Admission();
    private final Set<String> broken = new HashSet<>();

    @Test
    void itsOwnPodsAreAdmitted() {
        assertThat(Manifests.pods()).hasSize(6).allSatisfy(pod -> assertThat(admission.complaints(pod))
                .isEmpty());
    }

    @Test
    void everyRuleRefusesAPodThatBreaksIt() {
        refused(
                "an image is named by its digest",
                container(c -> c.addProperty("image", "registry.example/chancery/chancery:1.0")));
        refused(
                "an image is named by its digest",
                container(c -> c.addProperty("image", "registry.example/chancery/chancery:latest")));
        refused(
                "an image is named by its digest",
                container(c -> c.addProperty("image", "docker.io/chancery/chancery@sha256:" + "0".repeat(64))));
        refused("a container has requests", container(c -> c.remove("resources")));
        refused("a container has requests", container(c -> c.getAsJsonObject("resources")
                .remove("limits")));
        refused("a container has requests", container(c -> c.getAsJsonObject("resources")
                .getAsJsonObject("limits")
                .remove("memory")));
        refused("a pod runs as a user", spec(s -> s.getAsJsonObject("securityContext")
                .addProperty("runAsUser", 0)));
        refused("a pod runs as a user", spec(s -> s.getAsJsonObject("securityContext")
                .remove("runAsNonRoot")));
        refused("a pod runs as a user", security(c -> c.addProperty("runAsUser", 0)));
        refused("a pod has the runtime's seccomp", spec(s -> s.getAsJsonObject("securityContext")
                .remove("seccompProfile")));
        refused("a container's root", security(c -> c.addProperty("readOnlyRootFilesystem", false)));
        refused("a container's root", security(c -> c.remove("readOnlyRootFilesystem")));
        refused("a container has no capabilities", security(c -> c.addProperty("allowPrivilegeEscalation", true)));
        refused("a container has no capabilities", security(c -> c.addProperty("privileged", true)));
        refused("a container has no capabilities", security(c -> c.remove("capabilities")));
        refused("a container has no capabilities", security(c -> c.getAsJsonObject("capabilities")
                .add("add", list("\"NET_RAW\""))));
        refused("a pod has a service account", spec(s -> s.addProperty("automountServiceAccountToken", true)));
        refused("a pod has a service account", spec(s -> s.remove("automountServiceAccountToken")));
        refused("a pod has a service account", spec(s -> s.addProperty("serviceAccountName", "default")));
        refused("a pod uses nothing of its node's", spec(s -> s.addProperty("hostNetwork", true)));
        refused("a pod uses nothing of its node's", spec(s -> s.addProperty("hostPID", true)));
        refused("a pod uses nothing of its node's", spec(s -> s.getAsJsonArray("volumes")
                .add(parse("{\"name\":\"h\",\"hostPath\":{\"path\":\"/\"}}"))));
        refused("secrets are mounted", container(c -> c.getAsJsonArray("env")
                .add(parse("{\"name\":\"P\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"s\",\"key\":\"k\"}}}"))));
        refused("secrets are mounted", container(c -> c.add("envFrom", list("{\"secretRef\":{\"name\":\"s\"}}"))));
        assertThat(broken).as("rules that some pod here broke").hasSameSizeAs(admission.rules());
    }

    @Test
    void anInitContainerIsHeldToTheSameRules() {
        JsonObject pod = Manifests.pods().getFirst().deepCopy();
        JsonObject spec = pod.getAsJsonObject("spec");
        JsonObject init =
                spec.getAsJsonArray("containers").get(0).getAsJsonObject().deepCopy();
        init.getAsJsonObject("securityContext").remove("readOnlyRootFilesystem");
        spec.add("initContainers", new JsonArray());
        spec.getAsJsonArray("initContainers").add(init);

        assertThat(admission.complaints(pod)).singleElement().asString().startsWith("a container's root");
    }

    /** What kubectl debug puts beside a process: the API server asks by a subresource of pods. */
    @Test
    void anEphemeralContainerIsNotAdmitted() {
        JsonObject policy = Manifests.ofKind("ValidatingAdmissionPolicy").getFirst();
        assertThat(Manifests.at(policy, "spec", "matchConstraints", "resourceRules")
                        .toString())
                .contains("\"pods\"", "\"pods/ephemeralcontainers\"");

        JsonObject pod = Manifests.pods().getFirst().deepCopy();
        JsonObject spec = pod.getAsJsonObject("spec");
        JsonObject debugger =
                spec.getAsJsonArray("containers").get(0).getAsJsonObject().deepCopy();
        debugger.remove("resources");
        debugger.addProperty("image", "docker.io/library/busybox");
        spec.add("ephemeralContainers", new JsonArray());
        spec.getAsJsonArray("ephemeralContainers").add(debugger);

        assertThat(admission.complaints(pod))
                .hasSize(2)
                .anySatisfy(complaint -> assertThat(complaint).startsWith("an image is named by its digest"))
                .anySatisfy(complaint -> assertThat(complaint).startsWith("a container has requests"));
    }

    private void refused(String rule, Consumer<JsonObject> change) {
        JsonObject pod = Manifests.pods().getFirst().deepCopy();
        change.accept(pod);
        List<String> complaints = admission.complaints(pod);
        assertThat(complaints)
                .as("complaints about a pod that breaks: %s", rule)
                .singleElement()
                .asString()
                .startsWith(rule);
        broken.addAll(complaints);
    }

    private static Consumer<JsonObject> spec(Consumer<JsonObject> change) {
        return pod -> change.accept(pod.getAsJsonObject("spec"));
    }

    private static Consumer<JsonObject> container(Consumer<JsonObject> change) {
        return spec(
                spec -> change.accept(spec.getAsJsonArray("containers").get(0).getAsJsonObject()));
    }

    private static Consumer<JsonObject> security(Consumer<JsonObject> change) {
        return container(container -> change.accept(container.getAsJsonObject("securityContext")));
    }

    private static JsonArray list(String json) {
        return JsonParser.parseString("[" + json + "]").getAsJsonArray();
    }

    private static JsonObject parse(String json) {
        return JsonParser.parseString(json).getAsJsonObject();
    }
}
