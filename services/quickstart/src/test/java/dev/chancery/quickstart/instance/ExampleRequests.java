package dev.chancery.quickstart.instance;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.schema.ContractMethod;
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
import dev.chancery.schema.vault.v1.ConnectDatabaseRequest;
import dev.chancery.schema.vault.v1.CreateEnvironmentRequest;
import dev.chancery.schema.vault.v1.RetireOrganisationKeyRequest;
import dev.chancery.schema.vault.v1.RetireSealerKeyRequest;
import dev.chancery.schema.vault.v1.SealerRing;
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
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Requests as the contract's examples have them, whose values exist in an organisation of an instance. */
public final class ExampleRequests {
    private static final String IDENTITY = "chancery.identity.v1.IdentityService/";
    private static final String ACCESS = "chancery.access.v1.AccessService/";
    private static final String LEDGER = "chancery.ledger.v1.LedgerService/";
    private static final String VAULT = "chancery.vault.v1.VaultService/";
    private static final String KEYS = "chancery.vault.v1.KeyService/";
    private static final String LEASE = "chancery.vault.v1.LeaseService/";
    private static final String FEDERATION = "chancery.identity.v1.FederationService/";
    private static final String ELEVATION = "chancery.elevation.v1.ElevationService/";
    private static final String CONSENT = "chancery.consent.v1.ConsentService/";
    private static final String DSAR = "chancery.dsar.v1.DsarService/";
    private static final String RETENTION = "chancery.retention.v1.RetentionService/";
    private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{([A-Za-z]+)}");

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

    /** Until when a record is under a checkpoint. */
    private static final Duration CHECKPOINT = Duration.ofSeconds(20);

    private final SharedInstance shared;
    private final Map<String, Map<String, String>> standing = new ConcurrentHashMap<>();
    private final Map<String, String> seen = new ConcurrentHashMap<>();
    private final Map<String, Client> requesters = new ConcurrentHashMap<>();
    /** Each tenant's issuer whose tokens are exchanged. */
    private final Map<String, TestIssuer> issuers = new ConcurrentHashMap<>();

    ExampleRequests(SharedInstance shared) {
        this.shared = shared;
    }

    /** The method's example, with values that exist in this organisation, made for this request alone. */
    public Message example(ContractMethod method, Client organisation) {
        if (method.fullName().equals(LEDGER + "GetDecisionProof")) {
            // A position that nobody else's example has: that of a decision.
            String position = done(
                            ACCESS + "ProveDecision",
                            organisation,
                            values(shared.method(ACCESS + "ProveDecision"), organisation))
                    .position();
            var request = GetDecisionProofRequest.newBuilder()
                    .setPosition(Long.parseLong(position.substring(position.indexOf('@') + 1)))
                    .build();
            assertThat(RunningInstance.await(CHECKPOINT, () -> shared.wire
                            .rest(method, request, organisation.headers())
                            .succeeded()))
                    .as("a checkpoint covers it")
                    .isTrue();
            return request;
        }
        if (method.fullName().equals(KEYS + "RotateOrganisationKey")) {
            retireOrganisationKeys(organisation);
        } else if (method.fullName().equals(KEYS + "RetireOrganisationKey")) {
            retireOrganisationKeys(organisation);
            done(KEYS + "RotateOrganisationKey", organisation, Map.of("unique", SharedInstance.unique()));
            rewrapOrganisation(organisation);
        } else if (method.fullName().equals(KEYS + "RotateSealerKey")) {
            retireSealerKeys();
        } else if (method.fullName().equals(KEYS + "RetireSealerKey")) {
            retireSealerKeys();
            done(KEYS + "RotateSealerKey", shared.owner, Map.of("unique", SharedInstance.unique()));
            done(KEYS + "Reseal", shared.owner, Map.of());
        }
        return fill(method, values(method, organisation));
    }

    private void rewrapOrganisation(Client organisation) {
        Reply rewrapped;
        do {
            rewrapped = done(KEYS + "RewrapOrganisation", organisation, Map.of());
        } while (!rewrapped.json().getString("left").equals("0"));
    }

    /** Makes room for a version of an organisation's key. */
    private void retireOrganisationKeys(Client organisation) {
        rewrapOrganisation(organisation);
        int newest = newest(keys(KEYS + "ListOrganisationKeys", organisation), "keyVersion");
        if (newest > 1) {
            done(
                    KEYS + "RetireOrganisationKey",
                    organisation,
                    RetireOrganisationKeyRequest.newBuilder()
                            .setKeyVersion(newest - 1)
                            .build());
        }
    }

    /** Makes room for a version of the ring that the examples turn. */
    private void retireSealerKeys() {
        done(KEYS + "Reseal", shared.owner, Map.of());
        SealerRing ring = SealerRing.SEALER_RING_ORGANISATIONS;
        int newest = newest(
                keys(KEYS + "ListSealerKeys", shared.owner)
                        .filter(key -> key.getString("ring").equals(ring.name())),
                "ringVersion");
        if (newest > 1) {
            done(
                    KEYS + "RetireSealerKey",
                    shared.owner,
                    RetireSealerKeyRequest.newBuilder()
                            .setRing(ring)
                            .setRingVersion(newest - 1)
                            .setCompromised(true)
                            .build());
        }
    }

    private Stream<JsonObject> keys(String list, Client caller) {
        return done(list, caller, Map.of()).json().getJsonArray("keys").stream().map(JsonObject.class::cast);
    }

    private static int newest(Stream<JsonObject> keys, String version) {
        return keys.mapToInt(key -> key.getInteger(version)).max().orElseThrow();
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
                        IDENTITY + "CreatePrincipal",
                        in,
                        Map.of("unique", SharedInstance.unique(), "publicKey", key.publicKey()))
                .json();
        String id = created.getString("principalId");
        String role = "requester-" + SharedInstance.unique();
        done(
                ACCESS + "DefineRole",
                in,
                DefineRoleRequest.newBuilder()
                        .setRole(role)
                        .addCapabilities("elevation:request")
                        .addCapabilities("override:request")
                        .addCapabilities("dsar:request")
                        .addCapabilities("dsar:receive")
                        .build());
        done(
                ACCESS + "AssignRole",
                in,
                AssignRoleRequest.newBuilder().setPrincipalId(id).setRole(role).build());
        requesters.put(id, shared.signedIn(created.getString("clientId"), key));
        return id;
    }

    /** The tokens of a new session of somebody. */
    public JsonObject session(Client in) {
        return done(
                        IDENTITY + "IssueToken",
                        in,
                        IssueTokenRequest.newBuilder()
                                .setClientAssertion(shared.assertion(in.clientId(), in.key()))
                                .setOffline(true)
                                .build())
                .json();
    }

    /** An environment with all that the vault's examples speak of. */
    private String environment(Map<String, String> values, Client in) {
        String name = "e-" + SharedInstance.unique();
        done(
                VAULT + "CreateEnvironment",
                in,
                CreateEnvironmentRequest.newBuilder()
                        .setEnvironment(name)
                        .addReaders("administrator")
                        .addWriters("administrator")
                        .build());
        Map<String, String> known = Map.of("environment", name, "principal", value("principal", values, in));
        done(VAULT + "WriteSecret", in, known);
        done(VAULT + "WriteSecret", in, known);
        done(
                VAULT + "SetSecretRotation",
                in,
                SetSecretRotationRequest.newBuilder()
                        .setSecret(name + "/db/session")
                        .setOwnerId(value("principal", values, in))
                        .setGenerated(true)
                        .build());
        done(VAULT + "RotateEnvironmentKey", in, known);
        done(VAULT + "RewrapEnvironment", in, known);
        return name;
    }

    /** A database that is there, and a template of its credentials. */
    private String database(Map<String, String> values, Client in) {
        String environment = value("environment", values, in);
        String name = environment + "/db/orders";
        String admin = environment + "/db/admin";
        done(
                VAULT + "WriteSecret",
                in,
                WriteSecretRequest.newBuilder()
                        .setSecret(admin)
                        .setValue(SharedInstance.secret(target().adminPassword()))
                        .build());
        done(
                LEASE + "ConnectDatabase",
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
                LEASE + "SetCredentialTemplate",
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
        Client requester = shared.renewed(requesters.get(value("requester", values, in)));
        return done(
                        ELEVATION + "RequestElevation",
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
                        FEDERATION + "TrustIssuer",
                        in,
                        TrustIssuerRequest.newBuilder()
                                .setIssuer(issuer.url())
                                .setTerms(issuer.terms())
                                .build())
                .json()
                .getString("issuerId");
    }

    /** Nothing that another test verifies later is signed by it. */
    private JsonObject statementKey() {
        return done(IDENTITY + "ListSigningKeys", shared.owner, Map.of())
                .json()
                .getJsonArray("keys")
                .getJsonObject(0);
    }

    private String value(String placeholder, Map<String, String> values, Client in) {
        String known = values.get(placeholder);
        if (known != null) {
            return known;
        }
        String value =
                switch (placeholder) {
                    case "unique" -> SharedInstance.unique();
                    case "publicKey" -> SigningKey.generate().publicKey();
                    case "claim" -> madeUpClaim();
                    case "assertion" -> shared.assertion(in.clientId(), in.key());
                    case "tokenKey" ->
                        done(IDENTITY + "ListTokenKeys", shared.owner, Map.of())
                                .json()
                                .getJsonArray("keys")
                                .getJsonObject(1)
                                .getString("keyId");
                    case "signingKey" -> statementKey().getString("name");
                    case "signingKeyId" -> statementKey().getString("keyId");
                    case "refreshToken" -> SharedInstance.secret(session(in).getString("refreshToken"));
                    // One for each request: a principal's oldest ends when it has many, so it can't be TENANT_BOUND.
                    case "session" -> SharedInstance.sessionOf(session(in).getString("accessToken"));
                    case "workspace" ->
                        done(IDENTITY + "CreateWorkspace", in, Map.of("unique", SharedInstance.unique()))
                                .json()
                                .getString("workspaceId");
                    case "principal" ->
                        done(
                                        IDENTITY + "CreatePrincipal",
                                        in,
                                        Map.of(
                                                "unique",
                                                SharedInstance.unique(),
                                                "publicKey",
                                                value("publicKey", values, in)))
                                .json()
                                .getString("principalId");
                    case "role" -> {
                        String unique = SharedInstance.unique();
                        done(ACCESS + "DefineRole", in, Map.of("unique", unique));
                        yield "approver-" + unique;
                    }
                    case "capability" -> {
                        String unique = SharedInstance.unique();
                        done(ACCESS + "DefineCapability", in, Map.of("unique", unique));
                        yield "invoice:approve-" + unique;
                    }
                    case "group" -> {
                        String unique = SharedInstance.unique();
                        done(ACCESS + "DefineGroup", in, Map.of("unique", unique));
                        yield "clerks-" + unique;
                    }
                    case "groupAssignment" ->
                        done(
                                        ACCESS + "AssignGroupRole",
                                        in,
                                        Map.of(
                                                "group", value("group", values, in),
                                                "role", value("role", values, in),
                                                "workspace", value("workspace", values, in)))
                                .json()
                                .getString("assignmentId");
                    case "assignment" ->
                        done(
                                        ACCESS + "AssignRole",
                                        in,
                                        Map.of(
                                                "principal", value("principal", values, in),
                                                "role", value("role", values, in),
                                                "workspace", value("workspace", values, in)))
                                .json()
                                .getString("assignmentId");
                    case "elevationRole" -> {
                        String role = value("role", new TreeMap<>(), in);
                        done(ELEVATION + "SetElevationPolicy", in, Map.of("role", role));
                        yield role;
                    }
                    case "environment" -> environment(values, in);
                    case "database" -> database(values, in);
                    case "connector" -> {
                        done(
                                "chancery.egress.v1.EgressService/Connect",
                                in,
                                Map.of("workspace", value("workspace", values, in)));
                        yield "chat";
                    }
                    case "lease" ->
                        done(LEASE + "IssueLease", in, Map.of("database", value("database", values, in)))
                                .json()
                                .getString("leaseId");
                    case "requester" -> requester(in);
                    case "requested" -> elevation(values, in, false);
                    case "elevated" -> elevation(values, in, true);
                    case "over" -> {
                        String elevation = elevation(values, in, true);
                        done(
                                ELEVATION + "RevokeElevation",
                                in,
                                Map.of("elevated", elevation, "requester", value("requester", values, in)));
                        yield elevation;
                    }
                    case "override" -> {
                        Client requester = shared.renewed(requesters.get(value("requester", values, in)));
                        yield done(
                                        "chancery.egress.v1.EgressService/RequestOverride",
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
                        yield SharedInstance.secret(issuer.token(
                                issuer.claims(SharedInstance.unique()).put("repository", "acme/app")));
                    }
                    case "agent" ->
                        done(
                                        IDENTITY + "CreatePrincipal",
                                        in,
                                        CreatePrincipalRequest.newBuilder()
                                                .setType(PrincipalType.AGENT)
                                                .setDisplayName("Agent " + SharedInstance.unique())
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
                                        FEDERATION + "AllowAgent",
                                        in,
                                        Map.of(
                                                "agent", value("agent", values, in),
                                                "workspace", value("workspace", values, in),
                                                "inAnHour", value("inAnHour", values, in)))
                                .json()
                                .getString("delegationId");
                    case "purpose" -> {
                        String unique = SharedInstance.unique();
                        done(CONSENT + "DefinePurpose", in, Map.of("unique", unique));
                        done(CONSENT + "PublishNotice", in, Map.of("purpose", "research-" + unique));
                        yield "research-" + unique;
                    }
                    case "consent" ->
                        done(CONSENT + "GrantConsent", in, Map.of("purpose", value("purpose", values, in)))
                                .json()
                                .getString("consentId");
                    case "guardian" -> value("principal", new TreeMap<>(), in);
                    case "ward" -> {
                        String ward = value("principal", new TreeMap<>(), in);
                        done(
                                CONSENT + "RecordGuardian",
                                in,
                                Map.of("principal", ward, "guardian", value("guardian", values, in)));
                        yield ward;
                    }
                    // Received by somebody else than whoever goes on with it: who received it doesn't verify it.
                    case "subjectRequest" ->
                        done(
                                        DSAR + "ReceiveRequest",
                                        requesters.get(requester(in)),
                                        Map.of("principal", value("principal", new TreeMap<>(), in)))
                                .json()
                                .getString("requestId");
                    case "verifiedRequest" -> {
                        String request = value("subjectRequest", new TreeMap<>(), in);
                        done(DSAR + "VerifyIdentity", in, Map.of("subjectRequest", request));
                        yield request;
                    }
                    case "completedRequest" -> {
                        String request = value("verifiedRequest", new TreeMap<>(), in);
                        done(DSAR + "CompleteRequest", in, Map.of("verifiedRequest", request));
                        yield request;
                    }
                    case "accessRequest" -> {
                        String request = done(
                                        DSAR + "ReceiveRequest",
                                        requesters.get(requester(in)),
                                        ReceiveRequestRequest.newBuilder()
                                                .setSubjectId(value("principal", new TreeMap<>(), in))
                                                .setKind(RequestKind.REQUEST_KIND_ACCESS)
                                                .setRegime("gdpr")
                                                .setExportKey(ByteString.copyFrom(SigningKey.p256()))
                                                .build())
                                .json()
                                .getString("requestId");
                        done(DSAR + "VerifyIdentity", in, Map.of("subjectRequest", request));
                        yield request;
                    }
                    case "holder" -> {
                        String unique = SharedInstance.unique();
                        done(
                                DSAR + "RegisterHolder",
                                in,
                                Map.of("unique", unique, "workspace", value("workspace", values, in)));
                        yield "crm-" + unique;
                    }
                    case "exportRequest" -> {
                        value("holder", values, in);
                        yield value("accessRequest", new TreeMap<>(), in);
                    }
                    case "task" -> {
                        ContractMethod get = shared.method(DSAR + "GetRequest");
                        Reply found = shared.wire.rest(
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
                                        RETENTION + "SetHold",
                                        in,
                                        Map.of(
                                                "principal", value("heldSubject", values, in),
                                                "inAnHour", value("inAnHour", values, in)))
                                .json()
                                .getString("holdId");
                    case "erased" -> {
                        String erased = value("principal", new TreeMap<>(), in);
                        done(RETENTION + "EraseSubject", in, Map.of("principal", erased));
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

    Reply done(String method, Client caller, Map<String, String> values) {
        return done(method, caller, fill(shared.method(method), values));
    }

    private Reply done(String method, Client caller, Message request) {
        Reply reply = shared.wire.rest(shared.method(method), request, caller.headers());
        assertThat(reply.succeeded()).as("%s: %s", method, reply).isTrue();
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
        return SharedInstance.secret(SigningKey.base64(random));
    }
}
