package com.example.service;

import io.quarkus.oidc.client.Tokens;
import io.quarkus.security.Authenticated;
import io.smallrye.common.annotation.Blocking;
import jakarta.inject.Inject;
import jakarta.inject.Provider;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.eclipse.microprofile.jwt.JsonWebToken;

/** A shop's service. Only who shows one of the instance's access tokens gets past its door. */
@Path("/")
@Authenticated
@Blocking
@Produces(MediaType.TEXT_PLAIN)
public class ShopService {
    private static final String QUESTION = """
            {"subject": {"type": "%s", "id": "%s"}, "action": {"name": "refund"}, "resource": {"type": "order", "id": "4711"}}""";

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

    /** Whether the caller may refund an order: asked of the instance, with a token of the service's own. */
    @GET
    @Path("may-refund")
    public String mayRefund() throws IOException, InterruptedException {
        HttpRequest question = HttpRequest.newBuilder(instance.resolve("/access/v1/evaluation"))
                .header("Authorization", "Bearer " + own.getAccessToken())
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(QUESTION.formatted("service", caller.getSubject())))
                .build();
        HttpResponse<String> answer = http.send(question, BodyHandlers.ofString());
        return answer.statusCode() + " " + answer.body();
    }

    /** What tells one password from another, and not what it is. */
    @GET
    @Path("password-fingerprint")
    public String fingerprint() throws NoSuchAlgorithmException {
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(password.get().getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(hash, 0, 8);
    }
}
