package dev.chancery.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.Test;

/** Compose has brokers authorise as the quick start's does: its lists, which Kafka's own tool reads, are {@link KafkaGrants}. */
class KafkaAclsTest {
    private static final Path ACLS =
            Path.of(System.getProperty("chancery.root", "../..")).resolve("infra/compose/kafka/acls");

    @Test
    void composeGrantsWhatTheQuickStartGrants() throws IOException {
        Set<AclBinding> granted = new HashSet<>();
        for (String line : Files.readAllLines(ACLS)) {
            if (!line.startsWith("#")) {
                granted.addAll(bindings(line.split(" ")));
            }
        }
        assertThat(granted).containsExactlyInAnyOrderElementsOf(KafkaGrants.all());
    }

    /** As kafka-acls.sh --add reads it: every principal, operation and resource of a line with each other. */
    private static List<AclBinding> bindings(String... arguments) {
        List<String> principals = new ArrayList<>();
        List<AclOperation> operations = new ArrayList<>();
        List<ResourcePattern> resources = new ArrayList<>();
        PatternType pattern = PatternType.LITERAL;
        AclPermissionType permission = AclPermissionType.ALLOW;
        for (int i = 0; i < arguments.length; i += 2) {
            String value = arguments[i + 1];
            switch (arguments[i]) {
                case "--allow-principal" -> principals.add(value);
                case "--deny-principal" -> {
                    principals.add(value);
                    permission = AclPermissionType.DENY;
                }
                case "--operation" -> operations.add(operation(value));
                case "--resource-pattern-type" ->
                    pattern = PatternType.fromString(value.toUpperCase(java.util.Locale.ROOT));
                case "--topic" -> resources.add(new ResourcePattern(ResourceType.TOPIC, value, pattern));
                case "--group" -> resources.add(new ResourcePattern(ResourceType.GROUP, value, pattern));
                case "--transactional-id" ->
                    resources.add(new ResourcePattern(ResourceType.TRANSACTIONAL_ID, value, pattern));
                default -> throw new AssertionError("no argument of kafka-acls.sh: " + arguments[i]);
            }
        }
        List<AclBinding> bindings = new ArrayList<>();
        for (String principal : principals) {
            for (AclOperation operation : operations) {
                for (ResourcePattern resource : resources) {
                    bindings.add(
                            new AclBinding(resource, new AccessControlEntry(principal, "*", operation, permission)));
                }
            }
        }
        return bindings;
    }

    private static AclOperation operation(String name) {
        return AclOperation.fromString(
                name.replaceAll("(?<=[a-z])(?=[A-Z])", "_").toUpperCase(java.util.Locale.ROOT));
    }
}
