package dev.chancery.infra;

import static dev.chancery.infra.Manifests.at;
import static dev.chancery.infra.Manifests.find;
import static dev.chancery.infra.Manifests.name;
import static dev.chancery.infra.Manifests.ofKind;
import static dev.chancery.infra.Manifests.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.JSON;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the manifests say is what Kubernetes' API knows, and fits together. */
class KubernetesTest {
    /** Roles that hold keys. */
    private static final List<String> SEALED = List.of("core", "ledger", "egress");

    @Test
    void everyObjectIsOneOfKubernetesApi() {
        assertThat(Manifests.kubernetes()).hasSizeGreaterThan(20).allSatisfy(KubernetesTest::requireKnown);
    }

    @Test
    void everyFileIsApplied() throws IOException {
        JsonObject all = Manifests.yaml(Manifests.INFRA.resolve("kubernetes/kustomization.yaml"));
        try (Stream<Path> files = Files.list(Manifests.INFRA.resolve("kubernetes"))) {
            assertThat(at(all, "resources").getAsJsonArray().asList().stream().map(JsonElement::getAsString))
                    .containsExactlyInAnyOrderElementsOf(
                            files.map(file -> file.getFileName().toString())
                                    .filter(name -> !name.equals("kustomization.yaml"))
                                    .toList());
        }
    }

    @Test
    void anUnknownOrMissingFieldIsFound() {
        JsonObject misspelt = ofKind("StatefulSet").getFirst().deepCopy();
        at(misspelt, "spec", "template", "spec").getAsJsonObject().addProperty("runAsNonRoot", true);
        assertThatThrownBy(() -> requireKnown(misspelt)).hasMessageContaining("runAsNonRoot");

        JsonObject without = ofKind("StatefulSet").getFirst().deepCopy();
        at(without, "spec").getAsJsonObject().remove("selector");
        assertThatThrownBy(() -> requireKnown(without)).hasMessageContaining("selector");
    }

    @Test
    void theNamespaceAdmitsRestrictedPodsOnly() {
        JsonObject labels =
                at(ofKind("Namespace").getFirst(), "metadata", "labels").getAsJsonObject();
        for (String mode : List.of("enforce", "audit", "warn")) {
            assertThat(labels.get("pod-security.kubernetes.io/" + mode).getAsString())
                    .isEqualTo("restricted");
        }
    }

    @Test
    void nothingIsReachedThatIsNotListed() {
        List<JsonObject> policies = ofKind("NetworkPolicy");
        assertThat(policies)
                .filteredOn(policy ->
                        at(policy, "spec", "podSelector").getAsJsonObject().isEmpty())
                .singleElement()
                .satisfies(deny -> {
                    assertThat(at(deny, "spec", "policyTypes").toString()).isEqualTo("[\"Ingress\",\"Egress\"]");
                    assertThat(find(deny, "spec", "ingress")).isEmpty();
                    assertThat(find(deny, "spec", "egress")).isEmpty();
                });
        assertThat(policies).allSatisfy(policy -> {
            for (String way : List.of("ingress", "egress")) {
                for (JsonElement allow : find(policy, "spec", way)
                        .map(rules -> rules.getAsJsonArray().asList())
                        .orElse(List.of())) {
                    // A rule without peers or ports would allow all of them.
                    assertThat(at(allow.getAsJsonObject(), way.equals("ingress") ? "from" : "to")
                                    .getAsJsonArray())
                            .isNotEmpty();
                    assertThat(at(allow.getAsJsonObject(), "ports").getAsJsonArray())
                            .isNotEmpty();
                }
            }
        });
    }

    /** The proxy for programs; the core for systems of subjects' requests (HTTPS), mail and webhooks. Neither reaches the inside that way. */
    @Test
    void proxyAndCoreAloneReachOutside() {
        List<JsonObject> outside = ofKind("NetworkPolicy").stream()
                .filter(policy -> policy.toString().contains("ipBlock"))
                .toList();
        assertThat(outside).allSatisfy(policy -> assertThat(policy.toString())
                .contains("10.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10"));
        assertThat(outside)
                .extracting(policy -> text(policy, "spec", "podSelector", "matchLabels", "app.kubernetes.io/component")
                        + ports(policy))
                .containsExactlyInAnyOrder("egress [80, 443]", "core [443, 465, 587]");
    }

    private static String ports(JsonObject policy) {
        return " "
                + at(policy, "spec", "egress").getAsJsonArray().asList().stream()
                        .flatMap(rule -> at(rule.getAsJsonObject(), "ports").getAsJsonArray().asList().stream())
                        .map(port -> port.getAsJsonObject().get("port").getAsInt())
                        .toList();
    }

    @Test
    void everyProcessHasAServiceAccountABudgetAndAServiceOfItsOwn() {
        for (JsonObject process : ofKind("StatefulSet")) {
            String name = text(process, "metadata", "name");
            assertThat(text(process, "spec", "template", "spec", "serviceAccountName"))
                    .isEqualTo(name);
            for (String kind : List.of("ServiceAccount", "PodDisruptionBudget", "Service")) {
                assertThat(ofKind(kind))
                        .as("%s of %s", kind, name)
                        .filteredOn(object -> text(object, "metadata", "name").equals(name))
                        .hasSize(1);
            }
            JsonElement labels = at(process, "spec", "template", "metadata", "labels");
            assertThat(at(process, "spec", "selector", "matchLabels")).isEqualTo(labels);
            assertThat(ofKind("PodDisruptionBudget"))
                    .anySatisfy(budget -> assertThat(at(budget, "spec", "selector", "matchLabels"))
                            .isEqualTo(labels));
            JsonObject container = container(process);
            for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
                assertThat(text(container, probe, "httpGet", "path")).startsWith("/q/health/");
                assertThat(text(container, probe, "httpGet", "scheme")).isEqualTo("HTTPS");
            }
        }
        assertThat(ofKind("ServiceAccount")).allSatisfy(account -> assertThat(
                        at(account, "automountServiceAccountToken").getAsBoolean())
                .isFalse());
    }

    /** A role's pod mounts the secrets of that role and of no other; only core, ledger and egress have a key that unseals. */
    @Test
    void aRoleHasItsOwnSecretsOnly() {
        for (JsonObject owner : Manifests.kubernetes().stream()
                .filter(object -> find(object, "spec", "template").isPresent())
                .toList()) {
            String name = text(owner, "metadata", "name");
            List<String> secrets = at(owner, "spec", "template", "spec", "volumes").getAsJsonArray().asList().stream()
                    .map(JsonElement::getAsJsonObject)
                    .filter(volume -> volume.has("secret"))
                    .map(volume -> text(volume, "secret", "secretName"))
                    .toList();
            assertThat(secrets).isNotEmpty().allMatch(secret -> secret.startsWith(name + "-"));
            assertThat(secrets).doesNotContain(name + "-sealer");
            assertThat(sealer(owner).isPresent()).as("%s has a sealer", name).isEqualTo(SEALED.contains(name));
            assertThat(at(container(owner), "args").toString()).contains("\"" + name + "\"");
        }
    }

    /** Rings turn: on a volume that is read-only, or one that each pod has of its own, erasures never complete, and no key is turned. */
    @Test
    void thePodsOfARoleShareOneKeyFileThatTheyCanReplace() {
        for (String role : SEALED) {
            JsonObject owner = Manifests.kubernetes().stream()
                    .filter(object -> find(object, "spec", "template").isPresent()
                            && text(object, "metadata", "name").equals(role))
                    .findFirst()
                    .orElseThrow();
            JsonObject mount =
                    named("sealer", at(container(owner), "volumeMounts")).orElseThrow();

            assertThat(mount.has("readOnly")).isFalse();
            assertThat(mount.has("subPath")).isFalse();
            String claim = text(sealer(owner).orElseThrow(), "persistentVolumeClaim", "claimName");
            assertThat(claim).isEqualTo(role + "-sealer");
            assertThat(ofKind("PersistentVolumeClaim"))
                    .filteredOn(each -> text(each, "metadata", "name").equals(claim))
                    .singleElement()
                    .satisfies(
                            each -> assertThat(at(each, "spec", "accessModes").toString())
                                    .isEqualTo("[\"ReadWriteMany\"]"));
        }
    }

    private static Optional<JsonObject> sealer(JsonObject owner) {
        return named("sealer", at(owner, "spec", "template", "spec", "volumes"));
    }

    private static Optional<JsonObject> named(String name, JsonElement list) {
        return list.getAsJsonArray().asList().stream()
                .map(JsonElement::getAsJsonObject)
                .filter(each -> text(each, "name").equals(name))
                .findFirst();
    }

    private static JsonObject container(JsonObject owner) {
        return at(owner, "spec", "template", "spec", "containers")
                .getAsJsonArray()
                .get(0)
                .getAsJsonObject();
    }

    /** The API's own model knows each field, its type, and which are required. */
    private static void requireKnown(JsonObject object) {
        String version = text(object, "apiVersion").replaceFirst(".*/", "").toUpperCase(Locale.ROOT);
        try {
            Class<?> model = Class.forName("io.kubernetes.client.openapi.models." + version + text(object, "kind"));
            model.getMethod("validateJsonElement", JsonElement.class).invoke(null, object);
            // What it reads, it writes: nothing was dropped on the way.
            assertThat(JSON.getGson().toJsonTree(JSON.getGson().fromJson(object, model)))
                    .as("%s, as Kubernetes' model reads it", name(object))
                    .isNotNull();
        } catch (InvocationTargetException e) {
            throw new AssertionError(name(object) + ": " + e.getCause().getMessage(), e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(name(object) + " is nothing that Kubernetes knows", e);
        }
    }
}
