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
 * One question of AuthZEN 1.0 (section 5), as this decision point understands it: the required members, the properties that say
 * where, about whom and for whom, and the one member of {@code context} that says as of when. Other properties and members that the standard doesn't know are
 * free, and nothing is decided by them.
 *
 * @param actingFor {@code subject.properties.acting_for}, as the caller names it; empty where it is left out
 * @param workspace {@code resource.properties.workspace}
 * @param namedAbout {@code resource.properties.about}, as the caller names it
 * @param consistency {@code context.chancery_consistency}
 */
record Evaluation(
        String subjectType,
        String subjectId,
        String actingFor,
        String action,
        String resourceType,
        String resourceId,
        Optional<String> workspace,
        Optional<String> namedAbout,
        Consistency consistency) {
    /** The property of a resource that says whom it is about. */
    static final String ABOUT = "about";

    /** The property of a subject that says whom it acts for. */
    static final String ACTING_FOR = "acting_for";

    /** @throws RefusedException where a required member is missing or a member is of another type */
    static Evaluation of(JsonObject json) throws RefusedException {
        JsonObject subject = object(json, "subject");
        JsonObject action = object(json, "action");
        JsonObject resource = object(json, "resource");
        JsonObject subjects = optionalObject(subject, "properties");
        optionalObject(action, "properties");
        JsonObject properties = optionalObject(resource, "properties");
        return new Evaluation(
                text(subject, "type"),
                text(subject, "id"),
                optionalText(subjects, ACTING_FOR).orElse(""),
                text(action, "name"),
                text(resource, "type"),
                text(resource, "id"),
                optionalText(properties, "workspace"),
                optionalText(properties, ABOUT),
                Consistencies.of(optionalObject(json, "context")));
    }

    /** Whose consent counts: whom the question names, or the principal that is the resource. */
    Optional<String> about() {
        return namedAbout.or(() -> resourceType.equals("principal") ? Optional.of(resourceId) : Optional.empty());
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
