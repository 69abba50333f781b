package dev.chancery.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.schema.access.v1.CheckReply;
import dev.chancery.schema.access.v1.DecisionPath;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.Test;

class AuthZenEndpointTest {
    @Test
    void aGrantSaysHowFreshAnAuthenticationItAsksFor() {
        CheckReply granted = CheckReply.newBuilder()
                .setDecision(true)
                .setReason("granted")
                .setPath(DecisionPath.newBuilder()
                        .setAssignmentId("a")
                        .setRole("r")
                        .setCapability("x:y"))
                .setStepUpSeconds(300)
                .build();

        assertThat(new JsonObject(AuthZenEndpoint.json(granted).toString()).getJsonObject("context"))
                .isEqualTo(new JsonObject()
                        .put("reason", "granted")
                        .put("position", 0)
                        .put("assignment_id", "a")
                        .put("role", "r")
                        .put("scope", "organisation")
                        .put("capability", "x:y")
                        .put("step_up_seconds", 300));
    }
}
