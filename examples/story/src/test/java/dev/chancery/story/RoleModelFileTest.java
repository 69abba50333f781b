package dev.chancery.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chancery.schema.Contract;
import dev.chancery.schema.FieldRules;
import dev.chancery.schema.access.v1.DefineCapabilityRequest;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class RoleModelFileTest {
    private final Contract contract = Contract.load();
    private final FieldRules rules = FieldRules.of(contract);

    private static RoleModelFile kubernetes() throws IOException {
        return RoleModelFile.read(Path.of(System.getProperty("chancery.root"), "examples/role-models/kubernetes.json"));
    }

    @Test
    void kubernetesRolesObeyTheContract() throws IOException {
        RoleModelFile model = kubernetes();
        model.roles().forEach((role, capabilities) -> assertThat(rules.check(DefineRoleRequest.newBuilder()
                        .setRole(role)
                        .addAllCapabilities(capabilities)
                        .build()))
                .as(role)
                .isEmpty());
        model.capabilities().forEach(capability -> assertThat(rules.check(DefineCapabilityRequest.newBuilder()
                        .setCapability(capability)
                        .build()))
                .as(capability)
                .isEmpty());
        assertThat(contract.capabilities(true)).doesNotContainAnyElementsOf(model.capabilities());
    }

    @Test
    void kubernetesRolesSayWhatTheOriginalsSay() throws IOException {
        var roles = kubernetes().roles();
        assertThat(roles.keySet()).containsExactly("view", "edit", "admin");
        assertThat(roles.get("view"))
                .contains("pods:get", "pods.log:get", "deployments.apps:watch")
                .allMatch(capability -> capability.matches(".*:(get|list|watch)"))
                .noneMatch(capability -> capability.matches("(secrets|roles|rolebindings)[.:].*"));
        assertThat(roles.get("edit"))
                .containsAll(roles.get("view"))
                .contains("deployments.apps:create", "secrets:get", "pods.exec:create")
                .noneMatch(capability -> capability.matches("(roles|rolebindings)\\..*"));
        assertThat(roles.get("admin"))
                .containsAll(roles.get("edit"))
                .contains("rolebindings.rbac.authorization.k8s.io:create");
    }

    @Test
    void aRoleIncludesOnlyWhatComesBeforeIt() {
        assertThatThrownBy(() -> RoleModelFile.parse(
                        "{\"name\":\"x\",\"roles\":[{\"role\":\"a\",\"includes\":[\"b\"],\"rules\":[]}]}"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a includes a role that does not come before it");
    }
}
