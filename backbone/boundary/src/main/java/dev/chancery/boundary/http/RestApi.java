package dev.chancery.boundary.http;

import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import dev.chancery.boundary.Pipeline;
import dev.chancery.boundary.admission.AdmittedCall;
import dev.chancery.boundary.admission.InFlight;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CallResult;
import dev.chancery.command.Caller;
import dev.chancery.command.Methods;
import dev.chancery.command.RefusedException;
import dev.chancery.kernel.Rejection;
import dev.chancery.schema.ContractMethod;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.Executor;

/**
 * The contract's methods over HTTP: proto3 JSON at the path that each declares. {@code Idempotency-Key} and {@code
 * Chancery-Position} go in as headers, the position of what was done comes back as one.
 */
public final class RestApi {
    private static final JsonFormat.Printer JSON =
            JsonFormat.printer().alwaysPrintFieldsWithNoPresence().omittingInsignificantWhitespace();

    private final Pipeline pipeline;
    private final Methods methods;
    private final Executor executor;

    public RestApi(Pipeline pipeline, Methods methods, Executor executor) {
        this.pipeline = pipeline;
        this.methods = methods;
        this.executor = executor;
    }

    /** Mounts every bound method. */
    public void mount(Router router) {
        for (Methods.Bound method : methods.all()) {
            route(router, method.contract()).handler(context -> begin(method, context));
        }
        methods.elsewhere().forEach(method -> route(router, method)
                .handler(context -> refuse(context, BoundaryRejection.NOT_SERVED_HERE)));
    }

    /** Serves a request that {@link HttpAdmission} let in, on a thread of its own. */
    private void begin(Methods.Bound method, RoutingContext context) {
        AdmittedCall call = HttpAdmission.call(context);
        try {
            AdmittedCall.Work work = call.begin();
            executor.execute(() -> {
                try (work) {
                    serve(method, context, call.caller(), call.permit());
                }
            });
        } catch (RefusedException e) {
            refuse(context, e.rejection());
        }
    }

    private static void refuse(RoutingContext context, Rejection why) {
        HttpReply.refuse(
                context,
                new CallResult.Refused(why),
                HttpAdmission.call(context).caller().requestId());
    }

    private static Route route(Router router, ContractMethod method) {
        String path = method.pathTemplate().text().replaceAll("\\{([a-z0-9_]+)}", ":$1");
        return router.route(HttpMethod.valueOf(method.httpMethod()), path);
    }

    private void serve(Methods.Bound method, RoutingContext context, Caller caller, InFlight.Permit place) {
        CallResult answer;
        try {
            answer = pipeline.call(method, () -> request(method, context), caller, place);
        } catch (RuntimeException e) {
            HttpReply.broke(context, e, caller.requestId());
            return;
        }
        switch (answer) {
            case CallResult.Refused refused -> HttpReply.refuse(context, refused, caller.requestId());
            case CallResult.Replied replied -> {
                replied.position()
                        .ifPresent(position -> context.response().putHeader("Chancery-Position", position.toString()));
                context.response().putHeader("Chancery-Request", caller.requestId());
                HttpReply.send(context, "application/json", json(replied.reply()));
            }
        }
    }

    /** JSON as every endpoint writes it. */
    public static byte[] json(Message message) {
        try {
            return JSON.print(message).getBytes(StandardCharsets.UTF_8);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("a reply that can't be printed", e);
        }
    }

    private static Message request(Methods.Bound method, RoutingContext context) throws RefusedException {
        HttpAdmission.refuseContext(context.request());
        Message.Builder request = method.contract().requestPrototype().newBuilderForType();
        boolean get = method.contract().httpMethod().equals("GET");
        byte[] body = HttpAdmission.body(context);
        if (get && body.length > 0) {
            throw new RefusedException(BoundaryRejection.MALFORMED);
        }
        if (body.length > 0) {
            JsonBody.requireMediaType(context.request());
            JsonBody.merge(body, request);
        }
        // In the path and nowhere else: two values would be one too many.
        for (Map.Entry<String, String> variable : context.pathParams().entrySet()) {
            FieldDescriptor field = request.getDescriptorForType().findFieldByName(variable.getKey());
            if (isSet(request, field)) {
                throw new RefusedException(BoundaryRejection.UNKNOWN_FIELD);
            }
            request.setField(field, variable.getValue());
        }
        for (Map.Entry<String, String> parameter : context.queryParams().entries()) {
            query(get, request, parameter);
        }
        return request.build();
    }

    /** A field of a GET in the query: its JSON name or its own, and a value as JSON has it, without quotes. */
    static void query(boolean get, Message.Builder request, Map.Entry<String, String> parameter)
            throws RefusedException {
        FieldDescriptor field = null;
        for (FieldDescriptor candidate : request.getDescriptorForType().getFields()) {
            if (candidate.getJsonName().equals(parameter.getKey())
                    || candidate.getName().equals(parameter.getKey())) {
                field = candidate;
            }
        }
        if (!get || field == null) {
            throw new RefusedException(BoundaryRejection.UNKNOWN_FIELD);
        }
        if (field.isRepeated() || isSet(request, field)) {
            throw new RefusedException(BoundaryRejection.MALFORMED);
        }
        try {
            request.setField(
                    field,
                    switch (field.getJavaType()) {
                        case STRING -> parameter.getValue();
                        case INT -> Integer.parseUnsignedInt(parameter.getValue());
                        case LONG -> Long.parseLong(parameter.getValue());
                        case BOOLEAN -> bool(parameter.getValue());
                        case ENUM -> constant(field, parameter.getValue());
                        default -> throw new RefusedException(BoundaryRejection.MALFORMED);
                    });
        } catch (NumberFormatException e) {
            throw new RefusedException(BoundaryRejection.MALFORMED);
        }
    }

    private static boolean bool(String value) throws RefusedException {
        return switch (value) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new RefusedException(BoundaryRejection.MALFORMED);
        };
    }

    private static EnumValueDescriptor constant(FieldDescriptor field, String name) throws RefusedException {
        EnumValueDescriptor constant = field.getEnumType().findValueByName(name);
        if (constant == null) {
            throw new RefusedException(BoundaryRejection.MALFORMED);
        }
        return constant;
    }

    private static boolean isSet(Message.Builder request, FieldDescriptor field) {
        return !request.getField(field).equals(field.getDefaultValue());
    }
}
