package dev.chancery.access;

import static dev.chancery.access.JsonMembers.object;
import static dev.chancery.access.JsonMembers.optionalObject;
import static dev.chancery.access.JsonMembers.optionalText;
import static dev.chancery.access.JsonMembers.text;

import dev.chancery.command.RefusedException;
import dev.chancery.decision.Consistency;
import jakarta.json.JsonObject;
import java.util.Optional;

/**
 * One question of AuthZEN 1.0 (section 5), as this decision point understands it: the required members, the one property that says
 * where, and the one member of {@code context} that says as of when. Other properties and members that the standard doesn't know are
 * free, and nothing is decided by them.
 *
 * @param workspace {@code resource.properties.workspace}
 * @param consistency {@code context.chancery_consistency}
 */
record Evaluation(
        String subjectType,
        String subjectId,
        String action,
        String resourceType,
        String resourceId,
        Optional<String> workspace,
        Consistency consistency) {

    /** @throws RefusedException where a required member is missing or a member is of another type */
    static Evaluation of(JsonObject json) throws RefusedException {
        JsonObject subject = object(json, "subject");
        JsonObject action = object(json, "action");
        JsonObject resource = object(json, "resource");
        optionalObject(subject, "properties");
        optionalObject(action, "properties");
        return new Evaluation(
                text(subject, "type"),
                text(subject, "id"),
                text(action, "name"),
                text(resource, "type"),
                text(resource, "id"),
                optionalText(optionalObject(resource, "properties"), "workspace"),
                Consistencies.of(optionalObject(json, "context")));
    }

    /** The capability that is asked about. */
    String capability() {
        return resourceType + ":" + action;
    }

    /** The workspace that the question is about; empty: the organisation. */
    String where() {
        return workspace.orElse(resourceType.equals("workspace") ? resourceId : "");
    }
}
