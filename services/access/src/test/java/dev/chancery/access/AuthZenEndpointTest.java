package dev.chancery.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.chancery.command.RefusedException;
import dev.chancery.schema.access.v1.CheckReply;
import dev.chancery.schema.access.v1.CheckRequest;
import io.vertx.core.json.JsonObject;
import jakarta.json.Json;
import java.io.StringReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AuthZenEndpointTest {
    @Test
    void anEvaluationIsACheck() throws RefusedException {
        assertThat(read("""
                                {"subject":{"type":"user","id":"u"},"action":{"name":"approve"},
                                 "resource":{"type":"invoice","id":"7","properties":{"workspace":"w"}},"context":{"ip":"x"}}"""))
                .isEqualTo(CheckRequest.newBuilder()
                        .setPrincipalId("u")
                        .setCapability("invoice:approve")
                        .setWorkspaceId("w")
                        .build());
    }

    @Test
    void aGrantSaysHowFreshAnAuthenticationItAsksFor() {
        CheckReply granted = CheckReply.newBuilder()
                .setDecision(true)
                .setReason("granted")
                .setAssignmentId("a")
                .setRole("r")
                .setStepUpSeconds(300)
                .build();

        assertThat(new JsonObject(AuthZenEndpoint.json(granted).toString()).getJsonObject("context"))
                .isEqualTo(new JsonObject()
                        .put("reason", "granted")
                        .put("position", 0)
                        .put("assignment_id", "a")
                        .put("role", "r")
                        .put("step_up_seconds", 300));
    }

    @Test
    void nullMembersCountAsLeftOut() throws RefusedException {
        assertThat(read("{'subject':{'id':'u'},'action':{'name':'a'},'resource':{'type':'i','properties':null}}"))
                .isEqualTo(CheckRequest.newBuilder()
                        .setPrincipalId("u")
                        .setCapability("i:a")
                        .build());
        assertThat(
                        read(
                                "{'subject':{'id':'u'},'action':{'name':'a'},'resource':{'type':'i','properties':{'workspace':null}}}"))
                .isEqualTo(CheckRequest.newBuilder()
                        .setPrincipalId("u")
                        .setCapability("i:a")
                        .build());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    request.malformed     | {'subject':'u','action':{'name':'a'},'resource':{'type':'i'}}
                    request.malformed     | {'subject':{'id':'u'},'action':{'name':'a'},'resource':{'type':'i','properties':5}}
                    request.invalid-field | {}
                    request.invalid-field | {'subject':null,'action':{'name':'a'},'resource':{'type':'i'}}
                    request.invalid-field | {'subject':{'id':null},'action':{'name':'a'},'resource':{'type':'i'}}
                    request.invalid-field | {'subject':{'id':'u'},'resource':{'type':'i'}}
                    request.context-field | {'tenant':'t','subject':{'id':'u'},'action':{'name':'a'},'resource':{'type':'i'}}""", quoteCharacter = '`')
    void whatIsNoEvaluationIsRefused(String code, String body) {
        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> read(body))
                .satisfies(refused -> assertThat(refused.rejection().code()).isEqualTo(code));
    }

    private static CheckRequest read(String body) throws RefusedException {
        return AuthZenEndpoint.request(
                Json.createReader(new StringReader(body.replace('\'', '"'))).readObject());
    }
}
