package dev.chancery.access;

import static dev.chancery.access.JsonMembers.object;
import static dev.chancery.access.JsonMembers.optionalObject;
import static dev.chancery.access.JsonMembers.optionalText;
import static dev.chancery.access.JsonMembers.text;

import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.RefusedException;
import dev.chancery.decision.Consistency;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.util.List;

/**
 * What is searched for: an evaluation with one part left open, and which page. Empty is "any" for the open part's type, and "the whole
 * organisation" for the workspace.
 *
 * @param subjectType empty in a question by the principal's id alone
 * @param subjectId as the caller names it
 * @param resourceId empty: about none in particular
 * @param actingFor whom the subject acts for, as the caller names it; empty: itself
 * @param about whose consent counts, as the caller names it; empty: nobody's, or that of each principal that is searched for as a resource
 * @param limit results in a page at most
 * @param token empty for the first page
 */
record Search(
        Open open,
        String subjectType,
        String subjectId,
        String action,
        String resourceType,
        String resourceId,
        String workspace,
        String actingFor,
        String about,
        Consistency consistency,
        int limit,
        String token) {
    /** Results in a page at most, and where nothing is asked for. */
    static final int MAX_LIMIT = 200;

    static final int LIMIT = 100;

    /** The part that is searched for. */
    enum Open {
        SUBJECT,
        ACTION,
        RESOURCE
    }

    /** AuthZEN 1.0, section 8: the open part's id is ignored. */
    static Search of(Open open, JsonObject json) throws RefusedException {
        JsonObject subject = object(json, "subject");
        JsonObject resource = object(json, "resource");
        String actingFor = optionalText(optionalObject(subject, "properties"), Evaluation.ACTING_FOR)
                .orElse("");
        String action = "";
        if (open != Open.ACTION) {
            JsonObject asked = object(json, "action");
            optionalObject(asked, "properties");
            action = text(asked, "name");
        }
        String type = text(resource, "type");
        String id = open == Open.RESOURCE ? "" : text(resource, "id");
        JsonObject properties = optionalObject(resource, "properties");
        JsonObject page = optionalObject(json, "page");
        optionalObject(page, "properties");
        return new Search(
                open,
                text(subject, "type"),
                open == Open.SUBJECT ? "" : text(subject, "id"),
                action,
                type,
                id,
                optionalText(properties, "workspace").orElse(type.equals("workspace") ? id : ""),
                actingFor,
                optionalText(properties, Evaluation.ABOUT).orElse(type.equals("principal") ? id : ""),
                Consistencies.of(optionalObject(json, "context")),
                limit(page),
                optionalText(page, "token").orElse(""));
    }

    private static int limit(JsonObject page) throws RefusedException {
        if (JsonMembers.isLeftOut(page, "limit")) {
            return LIMIT;
        }
        JsonValue limit = page.get("limit");
        if (limit instanceof JsonNumber number
                && number.isIntegral()
                && number.bigIntegerValue().signum() >= 0) {
            return number.bigIntegerValue()
                    .min(java.math.BigInteger.valueOf(MAX_LIMIT))
                    .intValue();
        }
        throw new RefusedException(BoundaryRejection.INVALID_FIELD);
    }

    /** @throws RefusedException for more than a page holds */
    static int pageSize(int asked) throws RefusedException {
        if (asked < 0 || asked > MAX_LIMIT) {
            throw new RefusedException(BoundaryRejection.INVALID_FIELD);
        }
        return asked == 0 ? LIMIT : asked;
    }

    String capability() {
        return resourceType + ":" + action;
    }

    /** All that a page has in common with the next. */
    List<String> question() {
        return List.of(
                open.name(),
                subjectType,
                subjectId,
                action,
                resourceType,
                resourceId,
                workspace,
                actingFor,
                about,
                consistency.kind().name(),
                Long.toString(consistency.value()));
    }
}
