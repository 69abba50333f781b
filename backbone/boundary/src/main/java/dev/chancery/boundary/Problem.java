package dev.chancery.boundary;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CallResult;
import dev.chancery.kernel.Rejection;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.vertx.core.json.JsonObject;

/**
 * The one mapping of refusals to what goes out: RFC 9457 problems, and gRPC statuses with the same details. Code, message, hint,
 * docsUrl, requestId, the refusal's details, and nothing else: no cause, no path, no class, no echo of input.
 */
public final class Problem {
    public static final String MEDIA_TYPE = "application/problem+json";

    private Problem() {}

    public static int httpStatus(Rejection rejection) {
        return switch (rejection.kind()) {
            case INVALID -> 400;
            case UNAUTHENTICATED -> 401;
            case FORBIDDEN -> 403;
            case NOT_FOUND -> 404;
            case OTHER_VERB -> 405;
            case CONFLICT -> 409;
            case TOO_LARGE -> 413;
            case LINE_TOO_LONG -> 414;
            case HEAD_TOO_LARGE -> 431;
            case UNSUPPORTED_MEDIA_TYPE -> 415;
            case UNPROCESSABLE -> 422;
            case TOO_MANY -> 429;
            case UNAVAILABLE -> 503;
            case INTERNAL -> 500;
        };
    }

    private static Code grpcCode(Rejection rejection) {
        // gRPC has statuses of its own for these.
        if (rejection.equals(BoundaryRejection.COMPRESSED)) {
            return Code.UNIMPLEMENTED;
        }
        if (rejection.equals(BoundaryRejection.LATE) || rejection.equals(BoundaryRejection.DEADLINE)) {
            return Code.DEADLINE_EXCEEDED;
        }
        return switch (rejection.kind()) {
            case INVALID, OTHER_VERB, TOO_LARGE, LINE_TOO_LONG, HEAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE ->
                Code.INVALID_ARGUMENT;
            case UNAUTHENTICATED -> Code.UNAUTHENTICATED;
            case FORBIDDEN -> Code.PERMISSION_DENIED;
            case NOT_FOUND -> Code.NOT_FOUND;
            case CONFLICT -> Code.ABORTED;
            case UNPROCESSABLE -> Code.FAILED_PRECONDITION;
            case TOO_MANY -> Code.RESOURCE_EXHAUSTED;
            case UNAVAILABLE -> Code.UNAVAILABLE;
            case INTERNAL -> Code.INTERNAL;
        };
    }

    public static String docsUrl(Rejection rejection) {
        return "/errors/" + rejection.code();
    }

    public static String json(CallResult.Refused refused, String requestId) {
        Rejection rejection = refused.rejection();
        var problem = new JsonObject()
                .put("type", docsUrl(rejection))
                .put("title", rejection.message())
                .put("status", httpStatus(rejection))
                .put("code", rejection.code())
                .put("message", refused.message())
                .put("hint", rejection.hint())
                .put("docsUrl", docsUrl(rejection))
                .put("requestId", requestId);
        refused.details().forEach(problem::put);
        return problem.encode();
    }

    public static StatusRuntimeException grpc(CallResult.Refused refused, String requestId) {
        return StatusProto.toStatusRuntimeException(status(refused, requestId).build());
    }

    public static Status.Builder status(CallResult.Refused refused, String requestId) {
        Rejection rejection = refused.rejection();
        Status.Builder status = Status.newBuilder()
                .setCode(grpcCode(rejection).value())
                .setMessage(refused.message())
                .addDetails(Any.pack(ErrorInfo.newBuilder()
                        .setReason(rejection.code())
                        .setDomain("chancery")
                        .putMetadata("hint", rejection.hint())
                        .putMetadata("docsUrl", docsUrl(rejection))
                        .putMetadata("requestId", requestId)
                        .putAllMetadata(refused.details())
                        .build()));
        if (rejection.equals(BoundaryRejection.RATE_LIMITED)) {
            status.addDetails(Any.pack(RetryInfo.newBuilder()
                    .setRetryDelay(Duration.newBuilder()
                            .setSeconds(Long.parseLong(refused.details().getOrDefault("retry_after", "1"))))
                    .build()));
        }
        return status;
    }
}
