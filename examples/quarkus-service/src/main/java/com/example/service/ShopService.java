package com.example.service;

import io.quarkus.oidc.client.Tokens;
import io.quarkus.security.Authenticated;
import io.smallrye.common.annotation.Blocking;
import jakarta.inject.Inject;
import jakarta.inject.Provider;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.StringReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.eclipse.microprofile.jwt.JsonWebToken;

/** A shop's service. Only who shows one of the instance's access tokens gets past its door. */
@Path("/")
@Authenticated
@Blocking
@Produces(MediaType.TEXT_PLAIN)
public class ShopService {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private final HttpClient http = HttpClient.newHttpClient();
    private final JsonWebToken caller;
    private final Tokens own;
    private final Provider<String> password;
    private final URI instance;

    @Inject
    public ShopService(
            JsonWebToken caller,
            Tokens own,
            @ConfigProperty(name = "shop.password") Provider<String> password,
            @ConfigProperty(name = "chancery.url") URI instance) {
        this.caller = caller;
        this.own = own;
        this.password = password;
        this.instance = instance;
    }

    /** Who calls. */
    @GET
    @Path("me")
    public String me() {
        return caller.getSubject();
    }

    /**
     * Refunds an order, if the caller may: asked of the instance by AuthZEN, with a token of the service's own. Without an answer nothing
     * is refunded.
     */
    @POST
    @Path("orders/{order}/refund")
    public Response refund(@PathParam("order") String order) throws InterruptedException {
        JsonObject answer;
        try {
            answer = ask("refund", "order", order);
        } catch (IOException e) {
            return Response.status(503)
                    .entity("Nobody says whether you may refund it. Try again.")
                    .build();
        }
        return answer.getBoolean("decision")
                ? Response.ok("Order " + order + " is refunded.").build()
                : Response.status(403)
                        .entity("You may not refund it: "
                                + answer.getJsonObject("context").getString("reason"))
                        .build();
    }

    private JsonObject ask(String action, String resourceType, String resourceId)
            throws IOException, InterruptedException {
        JsonObject question = Json.createObjectBuilder()
                .add(
                        "subject",
                        Json.createObjectBuilder()
                                .add("type", caller.<String>getClaim("principal_type"))
                                .add("id", caller.getSubject()))
                .add("action", Json.createObjectBuilder().add("name", action))
                .add(
                        "resource",
                        Json.createObjectBuilder().add("type", resourceType).add("id", resourceId))
                .build();
        HttpResponse<String> answer = http.send(
                HttpRequest.newBuilder(instance.resolve("/access/v1/evaluation"))
                        .timeout(TIMEOUT)
                        .header("Authorization", "Bearer " + own.getAccessToken())
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(question.toString()))
                        .build(),
                BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new IOException("the instance answered " + answer.statusCode());
        }
        try (var reader = Json.createReader(new StringReader(answer.body()))) {
            return reader.readObject();
        }
    }

    /** What tells one password from another, and not what it is. */
    @GET
    @Path("password-fingerprint")
    public String fingerprint() throws NoSuchAlgorithmException {
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(password.get().getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(hash, 0, 8);
    }
}
