package dev.chancery.notes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.app.Application;
import dev.chancery.app.Settings;
import dev.chancery.boundary.http.StandardEndpoints;
import dev.chancery.boundary.limits.LimitOptions;
import dev.chancery.boundary.tokens.Tokens;
import dev.chancery.database.Database;
import dev.chancery.feature.CheckpointLimit;
import dev.chancery.feature.ErasureHorizon;
import dev.chancery.feature.FeatureDescription;
import dev.chancery.feature.HolderOptions;
import dev.chancery.feature.LeaseOptions;
import dev.chancery.feature.LedgerMode;
import dev.chancery.feature.NoticeOptions;
import dev.chancery.feature.ProcessRole;
import dev.chancery.feature.ProxyOptions;
import dev.chancery.feature.ReplayCheck;
import dev.chancery.feature.SessionLimits;
import dev.chancery.kernel.Principal;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.projection.ProjectionOptions;
import dev.chancery.relay.RelayOptions;
import dev.chancery.testkit.Backing;
import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A feature that is nowhere but in its own folder is served by the application, with all that a feature has. */
@Timeout(180)
class NotesTest {
    private static final String INSTANCE_ID = "ch-0123456789abcdef";
    private static final String PUBLIC_URL = "http://notes.test";

    private static final Pattern SHOWN = Pattern.compile("<!-- from ([^ ]+) -->\n```[a-z]*\n(.*?)```", Pattern.DOTALL);

    private final Vertx vertx = Vertx.vertx();
    private final HttpClient http = HttpClient.newHttpClient();
    private final Database database = Backing.database(FeatureDescription.databaseRoles());
    private final Properties kafka = new Properties();
    private int port;

    private record Reply(int status, JsonObject json, String position) {}

    @Test
    void itsCommandViewDecisionAndReplayWork(@TempDir Path directory) throws Exception {
        KeyFileSealer sealer = KeyFileSealer.create(directory.resolve("sealer"));
        kafka.setProperty("bootstrap.servers", Backing.kafka().bootstrapServers());
        Path claim = directory.resolve("claim");
        Application.migrate(database);
        try (var application = new Application(new Settings(
                ProcessRole.ALL,
                INSTANCE_ID,
                "notes-test",
                PUBLIC_URL,
                database,
                Optional.of(sealer),
                role -> kafka,
                claim,
                () -> {},
                RelayOptions.defaults(database.name()),
                ProjectionOptions.defaults(),
                Long.MAX_VALUE,
                CheckpointLimit.DEFAULT,
                LedgerMode.STANDARD,
                SessionLimits.DEFAULT,
                ErasureHorizon.DEFAULT,
                ProxyOptions.local(port -> {}),
                HolderOptions.DEFAULT,
                LeaseOptions.DEFAULT,
                LimitOptions.NONE,
                NoticeOptions.NONE,
                List::of,
                Optional::empty))) {
            Router router = Router.router(vertx);
            application.start(vertx, router, new StandardEndpoints(new CurrentVertxRequest()));
            HttpServer server = vertx.createHttpServer()
                    .requestHandler(router)
                    .listen(0)
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(10, TimeUnit.SECONDS);
            port = server.actualPort();
            await(() -> application.complaints().isEmpty());
            var tokens = new Tokens(PUBLIC_URL, new SigningKeys(database, sealer).signer(INSTANCE_ID + "/token"));
            String ada = administrator(tokens, Files.readString(claim).strip());

            assertThat(send("GET", "/notes/v1/room", ada, "", null).json().getInteger("notes"))
                    .isEqualTo(2);
            assertThat(pin(ada, "milk").status()).isEqualTo(200);
            Reply second = pin(ada, "bread");
            assertThat(second.status()).isEqualTo(200);

            // The view and the decision have what was written, for whoever names its position.
            Reply listed = send("GET", "/notes/v1/notes", ada, second.position(), null);
            assertThat(listed.json().getJsonArray("titles")).containsExactly("milk", "bread");
            Reply room = send("GET", "/notes/v1/room", ada, second.position(), null);
            assertThat(room.json().getInteger("notes", 0)).isZero();

            Reply third = pin(ada, "salt");
            assertThat(third.status()).isEqualTo(409);
            assertThat(third.json().getString("code")).isEqualTo("notes.board-full");

            var said = new ArrayList<String>();
            assertThat(new ReplayCheck(INSTANCE_ID, database, kafka, Settings.LOG_TOPIC, said::add)
                            .equal(FeatureDescription.all()))
                    .as("%s", said)
                    .isTrue();
            assertThat(said).anyMatch(line -> line.matches("ok .* notes .*"));
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
            http.shutdownNow();
        }
    }

    /** The access token of a new organisation's administrator, who holds every capability of the contract. */
    private String administrator(Tokens tokens, String claim) throws Exception {
        JsonObject owner = send(
                        "POST",
                        "/identity/v1/owner-claim",
                        "",
                        "",
                        new JsonObject()
                                .put("claim", claim)
                                .put("displayName", "Owner")
                                .put("publicKey", publicKey()))
                .json();
        Reply made = send(
                "POST",
                "/identity/v1/organisations",
                token(tokens, "instance", owner.getString("ownerId")),
                "",
                new JsonObject()
                        .put("name", "Acme")
                        .put("administratorName", "Ada")
                        .put("administratorKey", publicKey()));
        assertThat(made.status()).as("%s", made.json()).isEqualTo(200);
        return token(
                tokens, made.json().getString("organisationId"), made.json().getString("administratorId"));
    }

    private static String token(Tokens tokens, String tenant, String id) {
        Instant now = Instant.now();
        return tokens.issue(
                UUID.randomUUID().toString(),
                new Principal(Principal.Type.USER, id, tenant, Optional.empty(), "", Optional.empty(), now),
                Optional.empty(),
                now);
    }

    private static String publicKey() throws Exception {
        byte[] encoded = KeyPairGenerator.getInstance("Ed25519")
                .generateKeyPair()
                .getPublic()
                .getEncoded();
        return Base64.getEncoder().encodeToString(Arrays.copyOfRange(encoded, encoded.length - 32, encoded.length));
    }

    private Reply pin(String token, String title) throws Exception {
        return send("POST", "/notes/v1/notes", token, "", new JsonObject().put("title", title));
    }

    private Reply send(String verb, String path, String token, String position, JsonObject body) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(30));
        if (!token.isEmpty()) {
            request.header("Authorization", "Bearer " + token);
        }
        if (!position.isEmpty()) {
            request.header("Chancery-Position", position);
        }
        if (body == null) {
            request.method(verb, BodyPublishers.noBody());
        } else {
            request.header("Content-Type", "application/json")
                    .header("Idempotency-Key", UUID.randomUUID().toString())
                    .method(verb, BodyPublishers.ofString(body.encode()));
        }
        HttpResponse<byte[]> response = http.send(request.build(), BodyHandlers.ofByteArray());
        return new Reply(
                response.statusCode(),
                new JsonObject(new String(response.body(), UTF_8)),
                response.headers().firstValue("Chancery-Position").orElse(""));
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("within a minute").isLessThan(deadline);
            LockSupport.parkNanos(20_000_000);
        }
    }

    @Test
    void theHowToShowsWhatIsHere() throws Exception {
        Path root = Path.of("../..");
        String page = Files.readString(root.resolve("docs/how-to/add-a-feature.md"));
        var blocks = SHOWN.matcher(page).results().toList();
        assertThat(blocks).hasSizeGreaterThan(4);
        for (var block : blocks) {
            List<String> file = Files.readAllLines(root.resolve(block.group(1)));
            String text = String.join("\n", file.stream().map(String::strip).toList());
            String shown = String.join(
                    "\n", block.group(2).strip().lines().map(String::strip).toList());
            assertThat(text).as(block.group(1)).contains(shown);
        }
    }
}
