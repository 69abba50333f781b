package dev.chancery.cli.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.cli.client.Headers;
import dev.chancery.cli.client.HttpAnswer;
import dev.chancery.cli.client.Json;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.SignIn;
import dev.chancery.cli.client.Unreachable;
import dev.chancery.schema.access.v1.CheckReply;
import dev.chancery.schema.access.v1.CheckRequest;
import java.util.Map;

/** A way to ask whether a principal has {@link Tenant#CAPABILITY}. */
interface CheckPoint {
    boolean allows(String principalId) throws Refused, Unreachable;

    /** The method Check, over gRPC. */
    static CheckPoint grpc(Target target, SignIn caller, int channel) {
        return principalId -> {
            var reply = target.call(
                    target.grpc(channel),
                    caller,
                    "access.v1.AccessService/Check",
                    CheckRequest.newBuilder()
                            .setPrincipalId(principalId)
                            .setCapability(Tenant.CAPABILITY)
                            .build());
            return ((CheckReply) reply.message()).getDecision();
        };
    }

    /** AuthZEN's access evaluation, over HTTP/1.1. */
    static CheckPoint authZen(Target target, SignIn caller) {
        String[] capability = Tenant.CAPABILITY.split(":", 2);
        return principalId -> {
            String body = Json.write(Map.of(
                    "subject", Map.of("type", "service", "id", principalId),
                    "action", Map.of("name", capability[1]),
                    "resource", Map.of("type", capability[0], "id", "any")));
            HttpAnswer answer = target.rest()
                    .send(
                            "POST",
                            "/access/v1/evaluation",
                            Map.of(
                                    Headers.AUTHORIZATION,
                                    "Bearer " + caller.token(),
                                    "Content-Type",
                                    "application/json"),
                            body.getBytes(UTF_8));
            if (!answer.isSuccess()) {
                throw answer.refusal();
            }
            return Boolean.TRUE.equals(answer.json().get("decision"));
        };
    }
}
