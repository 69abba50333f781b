package dev.chancery.app;

import static org.apache.kafka.common.acl.AclOperation.CREATE;
import static org.apache.kafka.common.acl.AclOperation.DESCRIBE;
import static org.apache.kafka.common.acl.AclOperation.DESCRIBE_CONFIGS;
import static org.apache.kafka.common.acl.AclOperation.READ;
import static org.apache.kafka.common.acl.AclOperation.WRITE;
import static org.apache.kafka.common.acl.AclPermissionType.ALLOW;
import static org.apache.kafka.common.acl.AclPermissionType.DENY;
import static org.apache.kafka.common.resource.PatternType.LITERAL;
import static org.apache.kafka.common.resource.PatternType.PREFIXED;
import static org.apache.kafka.common.resource.ResourceType.GROUP;
import static org.apache.kafka.common.resource.ResourceType.TOPIC;
import static org.apache.kafka.common.resource.ResourceType.TRANSACTIONAL_ID;

import dev.chancery.feature.FeatureDescription;
import dev.chancery.feature.ProcessRole;
import dev.chancery.projection.ProjectionRunner;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/**
 * What each role's user may do in Kafka, as access control lists: what its parts do there, and nothing else. Everybody reads the log, since
 * everybody decides and is woken by it; one role writes each topic.
 */
public final class KafkaGrants {
    /** A downstream consumer: reads every public topic in groups of its own. */
    public static final String READER = "reader";

    private static final String ANY_HOST = "*";
    private static final String ANY_GROUP = "*";

    private final Set<AclBinding> grants = new LinkedHashSet<>();

    private KafkaGrants() {}

    /** The user of a role. */
    public static String user(ProcessRole role) {
        return role.name().toLowerCase(Locale.ROOT);
    }

    /** The lists for an installation's users: one for each role, and {@link #READER}. */
    public static Collection<AclBinding> all() {
        var all = new KafkaGrants();
        for (ProcessRole role : ProcessRole.ALL) {
            all.grant(user(role), TOPIC, Settings.LOG_TOPIC, LITERAL, ALLOW, READ);
        }
        all.own(ProcessRole.RELAY, Settings.LOG_TOPIC);
        all.own(ProcessRole.RELAY, Settings.PULSE_TOPIC);
        all.grant(user(ProcessRole.RELAY), TOPIC, Settings.LOG_TOPIC, LITERAL, ALLOW, DESCRIBE_CONFIGS);
        all.grant(READER, TOPIC, Settings.LOG_TOPIC, LITERAL, ALLOW, READ);
        all.grant(READER, TOPIC, Settings.PULSE_TOPIC, LITERAL, ALLOW, READ);
        all.grant(READER, GROUP, ANY_GROUP, LITERAL, ALLOW, READ);
        all.grant(READER, GROUP, ProjectionRunner.GROUP_PREFIX, PREFIXED, DENY, AclOperation.ALL);
        for (FeatureDescription feature : FeatureDescription.all()) {
            if (feature.projection().isPresent()) {
                all.grant(user(feature.process()), GROUP, ProjectionRunner.group(feature.name()), LITERAL, ALLOW, READ);
            }
            if (!feature.topics().isEmpty()) {
                all.grant(
                        user(feature.process()),
                        TRANSACTIONAL_ID,
                        ProjectionRunner.group(feature.name()),
                        PREFIXED,
                        ALLOW,
                        WRITE);
            }
            for (String topic : feature.topics()) {
                all.own(feature.process(), topic);
                all.grant(READER, TOPIC, topic, LITERAL, ALLOW, READ);
            }
        }
        return all.grants;
    }

    private void own(ProcessRole role, String topic) {
        for (AclOperation operation : List.of(CREATE, DESCRIBE, READ, WRITE)) {
            grant(user(role), TOPIC, topic, LITERAL, ALLOW, operation);
        }
    }

    private void grant(
            String user,
            ResourceType resource,
            String name,
            PatternType pattern,
            AclPermissionType permission,
            AclOperation operation) {
        grants.add(new AclBinding(
                new ResourcePattern(resource, name, pattern),
                new AccessControlEntry("User:" + user, ANY_HOST, operation, permission)));
    }
}
