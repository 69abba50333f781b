package dev.chancery.boundary;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.chancery.boundary.http.HttpReply;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CallResult;
import dev.chancery.kernel.Rejection;
import dev.chancery.log.LogRejection;
import io.grpc.Status.Code;
import io.grpc.protobuf.StatusProto;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ProblemTest {
    @Test
    void aProblemHasTheseMembersAndNoOther() {
        assertThat(Problem.json(new CallResult.Refused(BoundaryRejection.TOKEN_MISSING), "r-1"))
                .isEqualTo("{\"type\":\"/errors/auth.token-missing\""
                        + ",\"title\":\"This method needs an access token.\""
                        + ",\"status\":401"
                        + ",\"code\":\"auth.token-missing\""
                        + ",\"message\":\"This method needs an access token.\""
                        + ",\"hint\":\"Send Authorization: Bearer with a token from POST /oauth/token.\""
                        + ",\"docsUrl\":\"/errors/auth.token-missing\""
                        + ",\"requestId\":\"r-1\"}");
    }

    @Test
    void aMessageThatNamesAFieldLeavesTheTitleAsItIs() {
        var problem = new JsonObject(Problem.json(
                new CallResult.Refused(BoundaryRejection.INVALID_FIELD, "The field role is missing."), "r"));

        assertThat(problem.getString("message")).isEqualTo("The field role is missing.");
        assertThat(problem.getString("title")).isEqualTo(BoundaryRejection.INVALID_FIELD.message());
    }

    @Test
    void grpcSaysTheSame() throws Exception {
        var failure = Problem.grpc(new CallResult.Refused(BoundaryRejection.FORBIDDEN), "r-1");

        assertThat(failure.getStatus().getCode()).isEqualTo(Code.PERMISSION_DENIED);
        assertThat(failure.getStatus().getDescription()).isEqualTo(BoundaryRejection.FORBIDDEN.message());
        var status = StatusProto.fromThrowable(failure);
        assertThat(status.getDetailsList()).hasSize(1);
        assertThat(status.getDetails(0).unpack(ErrorInfo.class))
                .isEqualTo(ErrorInfo.newBuilder()
                        .setReason("auth.forbidden")
                        .setDomain("chancery")
                        .putAllMetadata(Map.of(
                                "hint", BoundaryRejection.FORBIDDEN.hint(),
                                "docsUrl", "/errors/auth.forbidden",
                                "requestId", "r-1"))
                        .build());
    }

    @Test
    void aCallBeyondItsLimitIsToldWhenToTryAgain() throws Exception {
        var refused = new CallResult.Refused(
                BoundaryRejection.RATE_LIMITED,
                BoundaryRejection.RATE_LIMITED.message(),
                Map.of("limit", "person-reads", "quota", "60", "window", "60", "retry_after", "12"));

        assertThat(Problem.httpStatus(refused.rejection())).isEqualTo(429);
        assertThat(HttpReply.advice(refused))
                .containsOnly(
                        Map.entry("Retry-After", "12"),
                        Map.entry("RateLimit-Policy", "\"person-reads\";q=60;w=60"),
                        Map.entry("RateLimit", "\"person-reads\";r=0;t=12"));
        var failure = Problem.grpc(refused, "r-1");
        assertThat(failure.getStatus().getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED);
        assertThat(StatusProto.fromThrowable(failure)
                        .getDetails(1)
                        .unpack(RetryInfo.class)
                        .getRetryDelay()
                        .getSeconds())
                .isEqualTo(12);
    }

    @ParameterizedTest
    @MethodSource("rejections")
    void everyRejectionHasAStableCodeAndSentences(Rejection rejection) {
        assertThat(rejection.code()).matches("[a-z]+\\.[a-z-]+").hasSizeLessThanOrEqualTo(64);
        assertThat(rejection.message()).endsWith(".").doesNotContain("\n");
        assertThat(rejection.hint()).endsWith(".").doesNotContain("\n");
        assertThat(Problem.httpStatus(rejection)).isBetween(400, 503);
    }

    @Test
    void noTwoRejectionsShareACode() {
        assertThat(rejections().map(Rejection::code)).doesNotHaveDuplicates();
    }

    static Stream<Rejection> rejections() {
        return Stream.concat(BoundaryRejection.ALL.stream(), LogRejection.ALL.stream());
    }
}
