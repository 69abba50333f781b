package dev.chancery.quickstart.newcomer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.chancery.cli.client.ClientKey;
import dev.chancery.cli.client.KeyFile;
import dev.chancery.quickstart.authzen.OrganisationCalls;
import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.DefineCapabilityRequest;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.vault.v1.CreateEnvironmentRequest;
import dev.chancery.schema.vault.v1.WriteSecretRequest;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code examples/quarkus-service}, against the packaged process: Quarkus' own JWT and OIDC client, and a secret that is turned. */
@Order(28)
class QuarkusServiceIT {
    private static final Path APPLICATION = Path.of("..", "..", "examples", "quarkus-service", "target", "quarkus-app");
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final String FIRST = "Linderhof-first-${quarkus.http.host}";
    private static final String SECOND = "Linderhof-second";

    private final SharedInstance shared = SharedInstance.shared();
    private final OrganisationCalls calls = new OrganisationCalls(shared);
    private final HttpClient http = HttpClient.newHttpClient();

    @TempDir
    private Path directory;

    @Test
    void itTakesOurTokensGetsItsOwnAndSurvivesARotationOfItsSecret() throws Exception {
        Client administrator = calls.organisation();
        calls.done(administrator, DefineCapabilityRequest.newBuilder().setCapability("order:refund"));
        ClientKey key = ClientKey.generate("none");
        JsonObject shop = calls.done(
                        administrator,
                        CreatePrincipalRequest.newBuilder()
                                .setType(PrincipalType.SERVICE)
                                .setDisplayName("shop")
                                .setPublicKey(ByteString.copyFrom(key.publicKey())))
                .json();
        Path file = directory.resolve("shop.jwk");
        KeyFile.create(file, key.withClientId(shop.getString("clientId")));
        calls.done(
                administrator,
                DefineRoleRequest.newBuilder()
                        .setRole("shop")
                        .addCapabilities("access:check")
                        .addCapabilities("secret:read"));
        calls.done(
                administrator,
                AssignRoleRequest.newBuilder()
                        .setPrincipalId(shop.getString("principalId"))
                        .setRole("shop"));
        calls.done(
                administrator,
                CreateEnvironmentRequest.newBuilder()
                        .setEnvironment("prod")
                        .addReaders("shop")
                        .addWriters("administrator"));
        write(administrator, FIRST);

        Program program = new Program(directory, APPLICATION, command(shop.getString("clientId"), file));
        try (var running = program.start()) {
            running.awaitLine(".*Listening on: http://127\\.0\\.0\\.1:[0-9]+.*");
            String line = running.lines().stream()
                    .filter(one -> one.contains("Listening on: "))
                    .findFirst()
                    .orElseThrow();
            URI service = URI.create(line.replaceAll(".*Listening on: (http://127\\.0\\.0\\.1:[0-9]+).*", "$1/"));

            Client buyer = calls.somebody(PrincipalType.SERVICE, administrator, "order:refund");
            assertThat(get(service.resolve("me"), buyer.token()).body()).isEqualTo(OrganisationCalls.id(buyer));
            assertThat(get(service.resolve("me"), "").statusCode()).isEqualTo(401);
            assertThat(get(service.resolve("me"), forged(buyer.token())).statusCode())
                    .isEqualTo(401);
            URI refund = service.resolve("orders/4711/refund");
            assertThat(post(refund, buyer.token()).body()).isEqualTo("Order 4711 is refunded.");
            HttpResponse<String> denied = post(refund, administrator.token());
            assertThat(denied.statusCode()).isEqualTo(403);
            assertThat(denied.body()).endsWith("no-grant");
            assertThat(post(refund, "").statusCode()).isEqualTo(401);

            assertThat(fingerprint(service, buyer)).isEqualTo(fingerprint(FIRST));
            String second = fingerprint(SECOND);
            long process = running.process().pid();
            write(administrator, SECOND);
            assertThat(RunningInstance.await(
                            SOON, () -> fingerprint(service, buyer).equals(second)))
                    .isTrue();
            assertThat(running.process().pid()).isEqualTo(process);
            assertThat(running.process().isAlive()).isTrue();
            assertThat(Files.readString(running.out()) + Files.readString(running.err()))
                    .doesNotContain("Linderhof");
        }
        try (Stream<Path> built = Files.walk(APPLICATION.resolve("quarkus"))) {
            assertThat(built.filter(Files::isRegularFile)).noneMatch(one -> contains(one, "Linderhof"));
        }
    }

    private String[] command(String clientId, Path key) {
        List<String> command = new ArrayList<>(List.of(Program.java()));
        for (String setting : List.of(
                "chancery.url=" + shared.instance.http(),
                "chancery.grpc=" + shared.instance.grpc(),
                "chancery.client-id=" + clientId,
                "chancery.key=" + key,
                "chancery.vault.kept=PT1S",
                "quarkus.http.port=0")) {
            command.add("-D" + setting);
        }
        command.addAll(List.of("-jar", "quarkus-run.jar"));
        return command.toArray(String[]::new);
    }

    private void write(Client administrator, String value) {
        calls.done(
                administrator,
                WriteSecretRequest.newBuilder().setSecret("prod/shop/password").setValue(SharedInstance.secret(value)));
    }

    private HttpResponse<String> get(URI uri, String token) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(uri), token);
    }

    private HttpResponse<String> post(URI uri, String token) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(uri).POST(BodyPublishers.noBody()), token);
    }

    private HttpResponse<String> send(HttpRequest.Builder request, String token)
            throws IOException, InterruptedException {
        if (!token.isEmpty()) {
            request.header("Authorization", "Bearer " + token);
        }
        return http.send(request.build(), BodyHandlers.ofString());
    }

    /** With a byte of its signature changed. */
    private static String forged(String token) {
        int at = token.length() - 20;
        return token.substring(0, at) + (token.charAt(at) == 'A' ? 'B' : 'A') + token.substring(at + 1);
    }

    private String fingerprint(URI service, Client caller) {
        try {
            return get(service.resolve("password-fingerprint"), caller.token()).body();
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static String fingerprint(String password) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(password.getBytes(UTF_8)), 0, 8);
    }

    private static boolean contains(Path file, String text) {
        try {
            return Files.readString(file, java.nio.charset.StandardCharsets.ISO_8859_1)
                    .contains(text);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
