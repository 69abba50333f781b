package dev.chancery.quickstart.instance;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.quickstart.InstanceAccess;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractMethod;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** An instance, mostly the shared one, with people in it: an owner, and two organisations that know nothing of each other. */
public final class SharedInstance implements AutoCloseable {
    private static final String IDENTITY = "chancery.identity.v1.IdentityService/";
    private static final String ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    private static final AtomicLong NUMBER = new AtomicLong();

    /** Values that must never be found in a log: personal ones, tokens, claims, keys. */
    private static final Set<String> SECRETS = ConcurrentHashMap.newKeySet();

    /** How old a token may get before it is replaced: tokens end after ten minutes, and a test may take some. */
    private static final Duration TOKEN_AGE = Duration.ofMinutes(4);

    /** Who signs in. */
    public static final class Client {
        private final String tenant;
        private final String clientId;
        private final SigningKey key;
        private volatile String token;
        private volatile long signedInNanos = System.nanoTime();

        public Client(String tenant, String clientId, SigningKey key, String token) {
            this.tenant = tenant;
            this.clientId = clientId;
            this.key = key;
            this.token = token;
        }

        public String tenant() {
            return tenant;
        }

        public String clientId() {
            return clientId;
        }

        public SigningKey key() {
            return key;
        }

        public String token() {
            return token;
        }

        public Map<String, String> headers() {
            return Map.of("Authorization", "Bearer " + token);
        }
    }

    public final RunningInstance instance;
    public final RawClient wire;
    public final Contract contract = Contract.load();
    public final InstanceAccess inside;
    public final ExampleRequests requests = new ExampleRequests(this);
    public final LogRecords records;
    public final Reply claimed;
    public final Client owner;
    public final Client a;
    public final Client b;

    private SharedInstance(RunningInstance instance) {
        this.instance = instance;
        this.wire = new RawClient(instance);
        this.inside = InstanceAccess.to(instance.data());
        this.records = new LogRecords(inside);
        SigningKey key = SigningKey.generate();
        ContractMethod claim = method(IDENTITY + "ClaimOwner");
        this.claimed = wire.rest(
                claim, ExampleRequests.fill(claim, Map.of("claim", claim(), "publicKey", key.publicKey())), Map.of());
        assertThat(claimed.succeeded()).as("%s", claimed).isTrue();
        this.owner = signedIn(claimed.json().getString("clientId"), key);
        this.a = organisation();
        this.b = organisation();
    }

    /** Asked for before a test begins, whose clients then have tokens for as long as it may take. */
    public static SharedInstance shared() {
        List.of(Shared.WORLD.owner, Shared.WORLD.a, Shared.WORLD.b).forEach(Shared.WORLD::renewed);
        return Shared.WORLD;
    }

    /** The same for what runs while a test counts records: a renewal would be one more. */
    public static SharedInstance world() {
        return Shared.WORLD;
    }

    /** The client, with a token that lives for some minutes yet. */
    public synchronized Client renewed(Client client) {
        if (System.nanoTime() - client.signedInNanos > TOKEN_AGE.toNanos()) {
            client.token = token(client.clientId, client.key);
            client.signedInNanos = System.nanoTime();
        }
        return client;
    }

    /** On an instance that nobody has claimed yet. */
    public static SharedInstance on(RunningInstance instance) {
        return new SharedInstance(instance);
    }

    /** The shared one, if a test has asked for it by now. */
    static Optional<SharedInstance> ifRunning() {
        return Optional.ofNullable(running);
    }

    private static volatile @Nullable SharedInstance running;

    private static final class Shared {
        static final SharedInstance WORLD = begin();

        private static SharedInstance begin() {
            var world = new SharedInstance(RunningInstance.shared());
            running = world;
            return world;
        }
    }

    /** Notes that a value must not be found in any log. */
    public static String secret(String value) {
        SECRETS.add(value);
        return value;
    }

    public static Set<String> secrets() {
        return Set.copyOf(SECRETS);
    }

    private String claim() {
        try {
            return secret(Files.readString(instance.claimFile().orElseThrow()).strip());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public ContractMethod method(String fullName) {
        return contract.method(fullName).orElseThrow();
    }

    private Client organisation() {
        SigningKey key = SigningKey.generate();
        Reply reply = requests.done(
                IDENTITY + "CreateOrganisation", owner, Map.of("unique", unique(), "publicKey", key.publicKey()));
        return signedIn(reply.json().getString("clientId"), key);
    }

    public Client signedIn(String clientId, SigningKey key) {
        return new Client(clientId.substring(0, clientId.indexOf('.')), clientId, key, token(clientId, key));
    }

    private String token(String clientId, SigningKey key) {
        Reply reply = wire.http(
                "POST",
                "/oauth/token",
                Map.of("Content-Type", "application/x-www-form-urlencoded"),
                tokenForm(assertion(clientId, key)).getBytes(UTF_8));
        assertThat(reply.succeeded()).as("%s", reply).isTrue();
        return secret(reply.json().getString("access_token"));
    }

    public static String tokenForm(String assertion) {
        return "grant_type=client_credentials&client_assertion_type=" + RawClient.encode(ASSERTION_TYPE)
                + "&client_assertion=" + assertion;
    }

    /** A client assertion (RFC 7523), good once and for a minute. */
    public String assertion(String clientId, SigningKey key) {
        long now = Instant.now().getEpochSecond();
        return secret(SigningKey.jwt(
                new JsonObject().put("alg", "EdDSA"),
                new JsonObject()
                        .put("iss", clientId)
                        .put("sub", clientId)
                        .put("aud", instance.http())
                        .put("jti", UUID.randomUUID().toString())
                        .put("iat", now)
                        .put("exp", now + 60),
                key::sign));
    }

    /** Who may call a method: the owner where it belongs to the installation, else an organisation's administrator. */
    public Client rightful(ContractMethod method, Client organisation) {
        return method.instanceOnly() ? owner : organisation;
    }

    /** The session that an access token belongs to. */
    public static String sessionOf(String accessToken) {
        return new JsonObject(
                        new String(Base64.getUrlDecoder().decode(accessToken.split("\\.")[1]), UTF_8))
                .getString("sid");
    }

    public static String unique() {
        return secret("u" + NUMBER.incrementAndGet() + "x" + Long.toString(System.nanoTime(), 36));
    }

    /** Lets go of the instance, which goes on. */
    @Override
    public void close() {
        wire.close();
        inside.close();
    }
}
