package dev.chancery.quickstart.instance;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import dev.chancery.database.DatabaseRole;
import dev.chancery.quickstart.InstanceAccess;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.EntryFrame;
import dev.chancery.schema.Examples;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.dsar.v1.ReceiveRequestRequest;
import dev.chancery.schema.dsar.v1.RequestKind;
import dev.chancery.schema.elevation.v1.RequestElevationRequest;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.IssueTokenRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.identity.v1.TrustIssuerRequest;
import dev.chancery.schema.ledger.v1.GetDecisionProofRequest;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.schema.log.v1.Record;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.schema.vault.v1.ConnectDatabaseRequest;
import dev.chancery.schema.vault.v1.CreateEnvironmentRequest;
import dev.chancery.schema.vault.v1.RetireOrganisationKeyRequest;
import dev.chancery.schema.vault.v1.RetireSealerKeyRequest;
import dev.chancery.schema.vault.v1.SetCredentialTemplateRequest;
import dev.chancery.schema.vault.v1.SetSecretRotationRequest;
import dev.chancery.schema.vault.v1.WriteSecretRequest;
import dev.chancery.testkit.TargetPostgres;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An instance, mostly the shared one, with people in it: an owner, two organisations that know nothing of each other, and whatever values the
 * contract's examples ask for.
 */
public final class SharedInstance implements AutoCloseable {
    private static final String IDENTITY = "chancery.identity.v1.IdentityService/";
    private static final String ACCESS = "chancery.access.v1.AccessService/";
    private static final String LEDGER = "chancery.ledger.v1.LedgerService/";
    private static final String VAULT = "chancery.vault.v1.VaultService/";
    private static final String LEASE = "chancery.vault.v1.LeaseService/";
    private static final String KEYS = "chancery.vault.v1.KeyService/";
    private static final String FEDERATION = "chancery.identity.v1.FederationService/";
    private static final String ELEVATION = "chancery.elevation.v1.ElevationService/";
    private static final String CONSENT = "chancery.consent.v1.ConsentService/";
    private static final String DSAR = "chancery.dsar.v1.DsarService/";
    private static final String RETENTION = "chancery.retention.v1.RetentionService/";
    private static final String ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{([A-Za-z]+)}");
    private static final AtomicLong NUMBER = new AtomicLong();

    /** Placeholders for what lies in an organisation. */
    public static final Set<String> TENANT_BOUND = Set.of(
            "assignment",
            "principal",
            "role",
            "capability",
            "group",
            "groupAssignment",
            "workspace",
            "elevationRole",
            "requester",
            "requested",
            "elevated",
            "over",
            "override",
            "environment",
            "database",
            "connector",
            "lease",
            "issuer",
            "agent",
            "delegation",
            "organisation",
            "purpose",
            "consent",
            "guardian",
            "ward",
            "subjectRequest",
            "verifiedRequest",
            "completedRequest",
            "accessRequest",
            "exportRequest",
            "task",
            "holder",
            "heldSubject",
            "hold",
            "erased");

    /** Records before a position, and how many of them calls wrote. */
    private record Counted(long next, long ofCalls) {}

    private final Map<String, Counted> counted = new HashMap<>();

    /** Until when a record is under a checkpoint. */
    private static final Duration CHECKPOINT = Duration.ofSeconds(20);

    private final Map<String, Map<String, String>> standing = new ConcurrentHashMap<>();
    private final Map<String, String> seen = new ConcurrentHashMap<>();
    private final Map<String, Client> requesters = new ConcurrentHashMap<>();
    /** Each tenant's issuer whose tokens are exchanged. */
    private final Map<String, TestIssuer> issuers = new ConcurrentHashMap<>();

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
    public final Reply claimed;
    public final Client owner;
    public final Client a;
    public final Client b;

    private SharedInstance(RunningInstance instance) {
        this.instance = instance;
        this.wire = new RawClient(instance);
        this.inside = InstanceAccess.to(instance.data());
        SigningKey key = SigningKey.generate();
        ContractMethod claim = method(IDENTITY + "ClaimOwner");
        this.claimed = wire.rest(claim, fill(claim, Map.of("claim", claim(), "publicKey", key.publicKey())), Map.of());
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

    // People

    private Client organisation() {
        SigningKey key = SigningKey.generate();
        ContractMethod create = method(IDENTITY + "CreateOrganisation");
        Reply reply = done(create, owner, Map.of("unique", unique(), "publicKey", key.publicKey()));
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

    // Examples

    /** The method's example, with values that exist in this organisation, made for this request alone. */
    public Message example(ContractMethod method, Client organisation) {
        if (method.fullName().equals(LEDGER + "GetDecisionProof")) {
            // A position that nobody else's example has: that of a decision.
            String position = done(
                            method(ACCESS + "ProveDecision"),
                            organisation,
                            values(method(ACCESS + "ProveDecision"), organisation))
                    .position();
            var request = GetDecisionProofRequest.newBuilder()
                    .setPosition(Long.parseLong(position.substring(position.indexOf('@') + 1)))
                    .build();
            assertThat(RunningInstance.await(CHECKPOINT, () -> wire.rest(method, request, organisation.headers())
                            .succeeded()))
                    .as("a checkpoint covers it")
                    .isTrue();
            return request;
        }
        if (method.fullName().equals(KEYS + "RotateOrganisationKey")) {
            retireOrganisationKeys(organisation);
        } else if (method.fullName().equals(KEYS + "RetireOrganisationKey")) {
            retireOrganisationKeys(organisation);
            done(method(KEYS + "RotateOrganisationKey"), organisation, Map.of("unique", unique()));
            rewrapOrganisation(organisation);
        } else if (method.fullName().equals(KEYS + "RotateSealerKey")) {
            retireSealerKeys();
        } else if (method.fullName().equals(KEYS + "RetireSealerKey")) {
            retireSealerKeys();
            done(method(KEYS + "RotateSealerKey"), owner, Map.of("unique", unique()));
            done(method(KEYS + "ResealOrganisations"), owner, Map.of());
        }
        return fill(method, values(method, organisation));
    }

    private void rewrapOrganisation(Client organisation) {
        Reply rewrapped;
        do {
            rewrapped = done(method(KEYS + "RewrapOrganisation"), organisation, Map.of());
        } while (!rewrapped.json().getString("left").equals("0"));
    }

    /** Makes room for a version of an organisation's key. */
    private void retireOrganisationKeys(Client organisation) {
        rewrapOrganisation(organisation);
        int newest = newest(KEYS + "ListOrganisationKeys", organisation, "keyVersion");
        if (newest > 1) {
            done(
                    method(KEYS + "RetireOrganisationKey"),
                    organisation,
                    RetireOrganisationKeyRequest.newBuilder()
                            .setKeyVersion(newest - 1)
                            .build());
        }
    }

    /** Makes room for a version of the sealer's ring. */
    private void retireSealerKeys() {
        done(method(KEYS + "ResealOrganisations"), owner, Map.of());
        int newest = newest(KEYS + "ListSealerKeys", owner, "ringVersion");
        if (newest > 1) {
            done(
                    method(KEYS + "RetireSealerKey"),
                    owner,
                    RetireSealerKeyRequest.newBuilder()
                            .setRingVersion(newest - 1)
                            .setCompromised(true)
                            .build());
        }
    }

    private int newest(String list, Client caller, String version) {
        return done(method(list), caller, Map.of()).json().getJsonArray("keys").stream()
                .mapToInt(key -> ((JsonObject) key).getInteger(version))
                .max()
                .orElseThrow();
    }

    /** Values for just those placeholders that the method's example has, made for this request alone. */
    public Map<String, String> values(ContractMethod method, Client in) {
        return values(method, new TreeMap<>(), in);
    }

    /** The same, for a request that is to be refused: what is in the organisation is there for all such requests. */
    public Map<String, String> standing(ContractMethod method, Client in) {
        Map<String, String> values = standing.computeIfAbsent(in.tenant(), tenant -> {
            Map<String, String> made = new TreeMap<>();
            TENANT_BOUND.forEach(placeholder -> value(placeholder, made, in));
            made.keySet().retainAll(TENANT_BOUND);
            return made;
        });
        return values(method, new TreeMap<>(values), in);
    }

    private Map<String, String> values(ContractMethod method, Map<String, String> values, Client in) {
        Set<String> asked = new TreeSet<>();
        Matcher matcher = PLACEHOLDER.matcher(Examples.of(method));
        while (matcher.find()) {
            asked.add(matcher.group(1));
            value(matcher.group(1), values, in);
        }
        values.keySet().retainAll(asked);
        return values;
    }

    /** Somebody who may ask for break-glass, and receive requests of subjects. */
    private String requester(Client in) {
        SigningKey key = SigningKey.generate();
        JsonObject created = done(
                        method(IDENTITY + "CreatePrincipal"),
                        in,
                        Map.of("unique", unique(), "publicKey", key.publicKey()))
                .json();
        String id = created.getString("principalId");
        String role = "requester-" + unique();
        done(
                method(ACCESS + "DefineRole"),
                in,
                DefineRoleRequest.newBuilder()
                        .setRole(role)
                        .addCapabilities("elevation:request")
                        .addCapabilities("override:request")
                        .addCapabilities("dsar:request")
                        .addCapabilities("dsar:receive")
                        .build());
        done(
                method(ACCESS + "AssignRole"),
                in,
                AssignRoleRequest.newBuilder().setPrincipalId(id).setRole(role).build());
        requesters.put(id, signedIn(created.getString("clientId"), key));
        return id;
    }

    /** The tokens of a new session of somebody. */
    public JsonObject session(Client in) {
        return done(
                        method(IDENTITY + "IssueToken"),
                        in,
                        IssueTokenRequest.newBuilder()
                                .setClientAssertion(assertion(in.clientId(), in.key()))
                                .setOffline(true)
                                .build())
                .json();
    }

    /** The session that an access token belongs to. */
    public static String sessionOf(String accessToken) {
        return new JsonObject(
                        new String(Base64.getUrlDecoder().decode(accessToken.split("\\.")[1]), UTF_8))
                .getString("sid");
    }

    /** An environment with all that the vault's examples speak of. */
    private String environment(Map<String, String> values, Client in) {
        String name = "e-" + unique();
        done(
                method(VAULT + "CreateEnvironment"),
                in,
                CreateEnvironmentRequest.newBuilder()
                        .setEnvironment(name)
                        .addReaders("administrator")
                        .addWriters("administrator")
                        .build());
        Map<String, String> known = Map.of("environment", name, "principal", value("principal", values, in));
        done(method(VAULT + "WriteSecret"), in, known);
        done(method(VAULT + "WriteSecret"), in, known);
        done(
                method(VAULT + "SetSecretRotation"),
                in,
                SetSecretRotationRequest.newBuilder()
                        .setSecret(name + "/db/session")
                        .setOwnerId(value("principal", values, in))
                        .setGenerated(true)
                        .build());
        done(method(VAULT + "RotateEnvironmentKey"), in, known);
        done(method(VAULT + "RewrapEnvironment"), in, known);
        return name;
    }

    /** A database that is there, and a template of its credentials. */
    private String database(Map<String, String> values, Client in) {
        String environment = value("environment", values, in);
        String name = environment + "/db/orders";
        String admin = environment + "/db/admin";
        done(
                method(VAULT + "WriteSecret"),
                in,
                WriteSecretRequest.newBuilder()
                        .setSecret(admin)
                        .setValue(secret(target().adminPassword()))
                        .build());
        done(
                method(LEASE + "ConnectDatabase"),
                in,
                ConnectDatabaseRequest.newBuilder()
                        .setDatabase(name)
                        .setHost("127.0.0.1")
                        .setPort(target().port())
                        .setDatabaseName(TargetPostgres.DATABASE)
                        .setAdminName(TargetPostgres.ADMIN)
                        .setAdminSecret(admin)
                        .setWorkspaceId(value("workspace", values, in))
                        .build());
        done(
                method(LEASE + "SetCredentialTemplate"),
                in,
                SetCredentialTemplateRequest.newBuilder()
                        .setSecret(name + "-app")
                        .setDatabase(name)
                        .addGrantedRoles(TargetPostgres.WRITER)
                        .setTtlSeconds(3_600)
                        .setMaxTtlSeconds(86_400)
                        .build());
        return name;
    }

    /** The PostgreSQL that credentials are made in; none of the instance's. */
    public static TargetPostgres target() {
        return Target.SERVER;
    }

    private static final class Target {
        static final TargetPostgres SERVER = start();

        private static TargetPostgres start() {
            try {
                Path directory = Files.createTempDirectory("chancery-target");
                var server = TargetPostgres.start(directory.resolve("postgres"));
                Runtime.getRuntime().addShutdownHook(new Thread(server::close, "target-close"));
                return server;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private String elevation(Map<String, String> values, Client in, boolean emergency) {
        Client requester = renewed(requesters.get(value("requester", values, in)));
        return done(
                        method(ELEVATION + "RequestElevation"),
                        requester,
                        RequestElevationRequest.newBuilder()
                                .setRole(value("elevationRole", values, in))
                                .setReason("The payment queue stands still.")
                                .setEmergency(emergency)
                                .build())
                .json()
                .getString("elevationId");
    }

    private String trusted(TestIssuer issuer, Client in) {
        return done(
                        method(FEDERATION + "TrustIssuer"),
                        in,
                        TrustIssuerRequest.newBuilder()
                                .setIssuer(issuer.url())
                                .setTerms(issuer.terms())
                                .build())
                .json()
                .getString("issuerId");
    }

    private String value(String placeholder, Map<String, String> values, Client in) {
        String known = values.get(placeholder);
        if (known != null) {
            return known;
        }
        String value =
                switch (placeholder) {
                    case "unique" -> unique();
                    case "publicKey" -> SigningKey.generate().publicKey();
                    case "claim" -> madeUpClaim();
                    case "assertion" -> assertion(in.clientId(), in.key());
                    case "tokenKey" ->
                        done(method(IDENTITY + "ListTokenKeys"), owner, Map.of())
                                .json()
                                .getJsonArray("keys")
                                .getJsonObject(1)
                                .getString("keyId");
                    case "refreshToken" -> secret(session(in).getString("refreshToken"));
                    // One for each request: a principal's oldest ends when it has many, so it can't be TENANT_BOUND.
                    case "session" -> sessionOf(session(in).getString("accessToken"));
                    case "workspace" ->
                        done(method(IDENTITY + "CreateWorkspace"), in, Map.of("unique", unique()))
                                .json()
                                .getString("workspaceId");
                    case "principal" ->
                        done(
                                        method(IDENTITY + "CreatePrincipal"),
                                        in,
                                        Map.of("unique", unique(), "publicKey", value("publicKey", values, in)))
                                .json()
                                .getString("principalId");
                    case "role" -> {
                        String unique = unique();
                        done(method(ACCESS + "DefineRole"), in, Map.of("unique", unique));
                        yield "approver-" + unique;
                    }
                    case "capability" -> {
                        String unique = unique();
                        done(method(ACCESS + "DefineCapability"), in, Map.of("unique", unique));
                        yield "invoice:approve-" + unique;
                    }
                    case "group" -> {
                        String unique = unique();
                        done(method(ACCESS + "DefineGroup"), in, Map.of("unique", unique));
                        yield "clerks-" + unique;
                    }
                    case "groupAssignment" ->
                        done(
                                        method(ACCESS + "AssignGroupRole"),
                                        in,
                                        Map.of(
                                                "group", value("group", values, in),
                                                "role", value("role", values, in),
                                                "workspace", value("workspace", values, in)))
                                .json()
                                .getString("assignmentId");
                    case "assignment" ->
                        done(
                                        method(ACCESS + "AssignRole"),
                                        in,
                                        Map.of(
                                                "principal", value("principal", values, in),
                                                "role", value("role", values, in),
                                                "workspace", value("workspace", values, in)))
                                .json()
                                .getString("assignmentId");
                    case "elevationRole" -> {
                        String role = value("role", new TreeMap<>(), in);
                        done(method(ELEVATION + "SetElevationPolicy"), in, Map.of("role", role));
                        yield role;
                    }
                    case "environment" -> environment(values, in);
                    case "database" -> database(values, in);
                    case "connector" -> {
                        done(
                                method("chancery.egress.v1.EgressService/Connect"),
                                in,
                                Map.of("workspace", value("workspace", values, in)));
                        yield "chat";
                    }
                    case "lease" ->
                        done(method(LEASE + "IssueLease"), in, Map.of("database", value("database", values, in)))
                                .json()
                                .getString("leaseId");
                    case "requester" -> requester(in);
                    case "requested" -> elevation(values, in, false);
                    case "elevated" -> elevation(values, in, true);
                    case "over" -> {
                        String elevation = elevation(values, in, true);
                        done(
                                method(ELEVATION + "RevokeElevation"),
                                in,
                                Map.of("elevated", elevation, "requester", value("requester", values, in)));
                        yield elevation;
                    }
                    case "override" -> {
                        Client requester = renewed(requesters.get(value("requester", values, in)));
                        yield done(
                                        method("chancery.egress.v1.EgressService/RequestOverride"),
                                        requester,
                                        Map.of("workspace", value("workspace", values, in)))
                                .json()
                                .getString("overrideId");
                    }
                    case "organisation" -> in.tenant();
                    case "issuerKey" -> TestIssuer.create().publicKey();
                    case "issuer" -> trusted(TestIssuer.create(), in);
                    case "subjectToken" -> {
                        TestIssuer issuer = issuers.computeIfAbsent(in.tenant(), tenant -> {
                            TestIssuer made = TestIssuer.create();
                            trusted(made, in);
                            return made;
                        });
                        yield secret(issuer.token(issuer.claims(unique()).put("repository", "acme/app")));
                    }
                    case "agent" ->
                        done(
                                        method(IDENTITY + "CreatePrincipal"),
                                        in,
                                        CreatePrincipalRequest.newBuilder()
                                                .setType(PrincipalType.AGENT)
                                                .setDisplayName("Agent " + unique())
                                                .setPublicKey(ByteString.copyFrom(Base64.getDecoder()
                                                        .decode(SigningKey.generate()
                                                                .publicKey())))
                                                .build())
                                .json()
                                .getString("principalId");
                    case "inAnHour" ->
                        String.valueOf(Instant.now().plusSeconds(3_600).toEpochMilli());
                    case "delegation" ->
                        done(
                                        method(FEDERATION + "AllowAgent"),
                                        in,
                                        Map.of(
                                                "agent", value("agent", values, in),
                                                "workspace", value("workspace", values, in),
                                                "inAnHour", value("inAnHour", values, in)))
                                .json()
                                .getString("delegationId");
                    case "purpose" -> {
                        String unique = unique();
                        done(method(CONSENT + "DefinePurpose"), in, Map.of("unique", unique));
                        done(method(CONSENT + "PublishNotice"), in, Map.of("purpose", "research-" + unique));
                        yield "research-" + unique;
                    }
                    case "consent" ->
                        done(method(CONSENT + "GrantConsent"), in, Map.of("purpose", value("purpose", values, in)))
                                .json()
                                .getString("consentId");
                    case "guardian" -> value("principal", new TreeMap<>(), in);
                    case "ward" -> {
                        String ward = value("principal", new TreeMap<>(), in);
                        done(
                                method(CONSENT + "RecordGuardian"),
                                in,
                                Map.of("principal", ward, "guardian", value("guardian", values, in)));
                        yield ward;
                    }
                    // Received by somebody else than whoever goes on with it: who received it doesn't verify it.
                    case "subjectRequest" ->
                        done(
                                        method(DSAR + "ReceiveRequest"),
                                        requesters.get(requester(in)),
                                        Map.of("principal", value("principal", new TreeMap<>(), in)))
                                .json()
                                .getString("requestId");
                    case "verifiedRequest" -> {
                        String request = value("subjectRequest", new TreeMap<>(), in);
                        done(method(DSAR + "VerifyIdentity"), in, Map.of("subjectRequest", request));
                        yield request;
                    }
                    case "completedRequest" -> {
                        String request = value("verifiedRequest", new TreeMap<>(), in);
                        done(method(DSAR + "CompleteRequest"), in, Map.of("verifiedRequest", request));
                        yield request;
                    }
                    case "accessRequest" -> {
                        String request = done(
                                        method(DSAR + "ReceiveRequest"),
                                        requesters.get(requester(in)),
                                        ReceiveRequestRequest.newBuilder()
                                                .setSubjectId(value("principal", new TreeMap<>(), in))
                                                .setKind(RequestKind.REQUEST_KIND_ACCESS)
                                                .setRegime("gdpr")
                                                .setExportKey(ByteString.copyFrom(SigningKey.p256()))
                                                .build())
                                .json()
                                .getString("requestId");
                        done(method(DSAR + "VerifyIdentity"), in, Map.of("subjectRequest", request));
                        yield request;
                    }
                    case "holder" -> {
                        String unique = unique();
                        done(
                                method(DSAR + "RegisterHolder"),
                                in,
                                Map.of("unique", unique, "workspace", value("workspace", values, in)));
                        yield "crm-" + unique;
                    }
                    case "exportRequest" -> {
                        value("holder", values, in);
                        yield value("accessRequest", new TreeMap<>(), in);
                    }
                    case "task" -> {
                        ContractMethod get = method(DSAR + "GetRequest");
                        Reply found = wire.rest(
                                get,
                                fill(get, Map.of("subjectRequest", value("exportRequest", values, in))),
                                headers(in));
                        assertThat(found.succeeded()).as("%s", found).isTrue();
                        yield found.json()
                                .getJsonArray("tasks")
                                .getJsonObject(0)
                                .getString("taskId");
                    }
                    case "heldSubject" -> value("principal", new TreeMap<>(), in);
                    case "hold" ->
                        done(
                                        method(RETENTION + "SetHold"),
                                        in,
                                        Map.of(
                                                "principal", value("heldSubject", values, in),
                                                "inAnHour", value("inAnHour", values, in)))
                                .json()
                                .getString("holdId");
                    case "erased" -> {
                        String erased = value("principal", new TreeMap<>(), in);
                        done(method(RETENTION + "EraseSubject"), in, Map.of("principal", erased));
                        yield erased;
                    }
                    // A new kind of placeholder is added here, and to TENANT_BOUND if it names something of a tenant.
                    default ->
                        throw new AssertionError(
                                "an example has a placeholder that nothing here makes: " + placeholder);
                };
        values.put(placeholder, value);
        return value;
    }

    public static Message fill(ContractMethod method, Map<String, String> values) {
        Message.Builder request = method.requestPrototype().newBuilderForType();
        try {
            JsonFormat.parser().merge(Examples.fill(Examples.of(method), values), request);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException(e);
        }
        return request.build();
    }

    private Reply done(ContractMethod method, Client caller, Map<String, String> values) {
        return done(method, caller, fill(method, values));
    }

    private Reply done(ContractMethod method, Client caller, Message request) {
        Reply reply = wire.rest(method, request, caller.headers());
        assertThat(reply.succeeded()).as("%s: %s", method.fullName(), reply).isTrue();
        if (!reply.position().isEmpty()) {
            seen.put(caller.tenant(), reply.position());
        }
        return reply;
    }

    /** A caller's headers, with the position of what was last made for it. */
    public Map<String, String> headers(Client caller) {
        Map<String, String> headers = new TreeMap<>(caller.headers());
        Optional.ofNullable(seen.get(caller.tenant()))
                .ifPresent(position -> headers.put("Chancery-Position", position));
        return headers;
    }

    private static String madeUpClaim() {
        byte[] random = new byte[32];
        new SecureRandom().nextBytes(random);
        return secret(SigningKey.base64(random));
    }

    public static String unique() {
        return secret("u" + NUMBER.incrementAndGet() + "x" + Long.toString(System.nanoTime(), 36));
    }

    // Inside

    /**
     * How many records each tenant's log has, read past all boundaries: one that a call wrote anywhere shows. What Chancery's own processes
     * write later doesn't: an erasure's next step, or the counts of refused hosts; nor what the ledger writes once a session, that it was
     * copied.
     */
    public synchronized Map<String, Long> lengths() {
        return inside.database().transaction(DatabaseRole.RELAY, connection -> {
            Map<String, Long> lengths = new TreeMap<>();
            try (var query = connection.createStatement();
                    var rows = query.executeQuery("SELECT tenant, next_position FROM log.head")) {
                while (rows.next()) {
                    lengths.put(rows.getString(1), rows.getLong(2));
                }
            }
            for (var head : lengths.entrySet()) {
                Counted known = counted.getOrDefault(head.getKey(), new Counted(0, 0));
                if (known.next() < head.getValue()) {
                    long more = ofCalls(connection, head.getKey(), known.next(), head.getValue());
                    known = new Counted(head.getValue(), known.ofCalls() + more);
                    counted.put(head.getKey(), known);
                }
                head.setValue(known.ofCalls());
            }
            return lengths;
        });
    }

    private static long ofCalls(Connection connection, String tenant, long from, long to) throws SQLException {
        try (var query = connection.prepareStatement("SELECT record FROM log.record"
                + " WHERE tenant = ? AND position >= ? AND position < ?"
                + " AND feature <> 'ledger' AND NOT 'chancery.egress.v1.HostDenied' = ANY (event_types)")) {
            query.setString(1, tenant);
            query.setLong(2, from);
            query.setLong(3, to);
            long count = 0;
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    count += statement(rows.getBytes(1)).getActor().getType() == ActorType.ACTOR_TYPE_SYSTEM ? 0 : 1;
                }
            }
            return count;
        }
    }

    /** What a record of PostgreSQL's says. */
    public static Statement statement(byte[] record) {
        try {
            byte[] entry = Record.parseFrom(record).getEntry().toByteArray();
            int length = EntryFrame.of(entry).statementBytes();
            return Statement.parseFrom(ByteString.copyFrom(entry, 1, length));
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }

    /** Lets go of the instance, which goes on. */
    @Override
    public void close() {
        wire.close();
        inside.close();
    }
}
