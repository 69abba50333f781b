package dev.chancery.vault;

import static dev.chancery.command.CommandOutcome.decided;
import static dev.chancery.decision.AuthorityStreams.principal;
import static dev.chancery.decision.AuthorityStreams.workspace;

import com.google.protobuf.Message;
import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.Granter;
import dev.chancery.command.Methods;
import dev.chancery.command.ReadContext;
import dev.chancery.command.RefusedException;
import dev.chancery.decision.Connections;
import dev.chancery.decision.PrincipalState;
import dev.chancery.decision.WorkspaceState;
import dev.chancery.feature.Feature;
import dev.chancery.kernel.Decision;
import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.SecretPlace;
import dev.chancery.keyring.SecretRing;
import dev.chancery.log.NewEvent;
import dev.chancery.schema.vault.v1.BindSecretReply;
import dev.chancery.schema.vault.v1.BindSecretRequest;
import dev.chancery.schema.vault.v1.CreateEnvironmentReply;
import dev.chancery.schema.vault.v1.CreateEnvironmentRequest;
import dev.chancery.schema.vault.v1.DeprecateSecretVersionReply;
import dev.chancery.schema.vault.v1.DeprecateSecretVersionRequest;
import dev.chancery.schema.vault.v1.DestroySecretVersionReply;
import dev.chancery.schema.vault.v1.DestroySecretVersionRequest;
import dev.chancery.schema.vault.v1.EnvironmentAccessSet;
import dev.chancery.schema.vault.v1.EnvironmentCreated;
import dev.chancery.schema.vault.v1.EnvironmentKey;
import dev.chancery.schema.vault.v1.ListEnvironmentsReply;
import dev.chancery.schema.vault.v1.ListEnvironmentsRequest;
import dev.chancery.schema.vault.v1.ListInventoryReply;
import dev.chancery.schema.vault.v1.ListInventoryRequest;
import dev.chancery.schema.vault.v1.ListSecretsReply;
import dev.chancery.schema.vault.v1.ListSecretsRequest;
import dev.chancery.schema.vault.v1.ReadSecretReply;
import dev.chancery.schema.vault.v1.ReadSecretRequest;
import dev.chancery.schema.vault.v1.RetireEnvironmentKeyReply;
import dev.chancery.schema.vault.v1.RetireEnvironmentKeyRequest;
import dev.chancery.schema.vault.v1.RevokeSecretVersionReply;
import dev.chancery.schema.vault.v1.RevokeSecretVersionRequest;
import dev.chancery.schema.vault.v1.RewrapEnvironmentReply;
import dev.chancery.schema.vault.v1.RewrapEnvironmentRequest;
import dev.chancery.schema.vault.v1.RotateEnvironmentKeyReply;
import dev.chancery.schema.vault.v1.RotateEnvironmentKeyRequest;
import dev.chancery.schema.vault.v1.RotateSecretReply;
import dev.chancery.schema.vault.v1.RotateSecretRequest;
import dev.chancery.schema.vault.v1.SecretAccessSet;
import dev.chancery.schema.vault.v1.SecretBound;
import dev.chancery.schema.vault.v1.SecretRotationSet;
import dev.chancery.schema.vault.v1.SecretRotator;
import dev.chancery.schema.vault.v1.SecretVersionWritten;
import dev.chancery.schema.vault.v1.SetEnvironmentAccessReply;
import dev.chancery.schema.vault.v1.SetEnvironmentAccessRequest;
import dev.chancery.schema.vault.v1.SetSecretAccessReply;
import dev.chancery.schema.vault.v1.SetSecretAccessRequest;
import dev.chancery.schema.vault.v1.SetSecretRotationReply;
import dev.chancery.schema.vault.v1.SetSecretRotationRequest;
import dev.chancery.schema.vault.v1.WriteSecretReply;
import dev.chancery.schema.vault.v1.WriteSecretRequest;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/** The methods of chancery.vault.v1.VaultService, and what the vault does by itself. */
final class VaultService implements Feature {
    private static final String SERVICE = "chancery.vault.v1.VaultService/";
    private static final int MAX_REWRAPPED = 1_000;

    private final SecretRing ring;
    private final VaultList list;
    private final Inventory inventory;
    private final Destructions destructions;
    private final Rotations rotations;
    private final LeaseMethods leases;
    private final LeaseRounds rounds;
    private final LeakMethods leaks;
    private final BoundSecrets bound;
    private final Issuers issuers;
    private final TokenIssuer tokens;
    private final IssuerRounds issuerRounds;
    private final KeyMethods keys;

    VaultService(
            SecretRing ring,
            VaultList list,
            Inventory inventory,
            Rotations rotations,
            LeaseMethods leases,
            LeaseRounds rounds,
            LeakMethods leaks,
            BoundSecrets bound,
            Issuers issuers,
            TokenIssuer tokens,
            IssuerRounds issuerRounds,
            KeyMethods keys) {
        this.ring = ring;
        this.list = list;
        this.inventory = inventory;
        this.destructions = new Destructions(list, ring, Destructions.INTERVAL_MILLIS);
        this.rotations = rotations;
        this.leases = leases;
        this.rounds = rounds;
        this.leaks = leaks;
        this.bound = bound;
        this.issuers = issuers;
        this.tokens = tokens;
        this.issuerRounds = issuerRounds;
        this.keys = keys;
    }

    @Override
    public String name() {
        return "vault";
    }

    @Override
    public void register(Methods methods) {
        leases.register(methods);
        leaks.register(methods);
        keys.register(methods);
        methods.command(SERVICE + "CreateEnvironment", CreateEnvironmentRequest.class, this::create)
                .command(
                        SERVICE + "SetEnvironmentAccess",
                        SetEnvironmentAccessRequest.class,
                        VaultService::setEnvironmentAccess)
                .command(SERVICE + "RotateEnvironmentKey", RotateEnvironmentKeyRequest.class, this::rotateKey)
                .command(SERVICE + "RewrapEnvironment", RewrapEnvironmentRequest.class, this::rewrap)
                .command(SERVICE + "RetireEnvironmentKey", RetireEnvironmentKeyRequest.class, this::retireKey)
                .command(SERVICE + "WriteSecret", WriteSecretRequest.class, this::write)
                .command(SERVICE + "RotateSecret", RotateSecretRequest.class, this::rotate)
                .command(SERVICE + "ReadSecret", ReadSecretRequest.class, this::read)
                .command(
                        SERVICE + "DeprecateSecretVersion",
                        DeprecateSecretVersionRequest.class,
                        VaultService::deprecate)
                .command(SERVICE + "RevokeSecretVersion", RevokeSecretVersionRequest.class, VaultService::revoke)
                .command(SERVICE + "DestroySecretVersion", DestroySecretVersionRequest.class, this::destroy)
                .command(SERVICE + "SetSecretAccess", SetSecretAccessRequest.class, VaultService::setSecretAccess)
                .command(SERVICE + "BindSecret", BindSecretRequest.class, VaultService::bind)
                .command(SERVICE + "SetSecretRotation", SetSecretRotationRequest.class, this::setRotation)
                .query(SERVICE + "ListEnvironments", ListEnvironmentsRequest.class, this::listEnvironments)
                .query(SERVICE + "ListSecrets", ListSecretsRequest.class, this::listSecrets)
                .query(SERVICE + "ListInventory", ListInventoryRequest.class, this::listInventory);
    }

    @Override
    public void start() {
        destructions.start();
        rotations.start();
        rounds.start();
        bound.start();
        issuerRounds.start();
        keys.start();
    }

    @Override
    public void stop() {
        destructions.close();
        rotations.close();
        rounds.close();
        bound.close();
        issuerRounds.close();
        keys.close();
    }

    @Override
    public List<String> warnings() {
        return Stream.of(
                        warning(rounds.overdue(), "leases that are over, whose roles are not gone yet"),
                        warning(rotations.stuck(), "secrets that are due for a new value and can't be given one"),
                        warning(issuerRounds.stuck(), "values of secrets that their rotators do not make or take back"))
                .flatMap(Optional::stream)
                .toList();
    }

    private static Optional<String> warning(int count, String what) {
        return count == 0 ? Optional.empty() : Optional.of(what + ": " + count + "; the log says why");
    }

    private static Environment environment(CommandContext context, String name) {
        return context.read(Names.environment(name), Environment.FOLD);
    }

    private static Environment environmentOf(CommandContext context, String secret) {
        return environment(context, Names.environmentOf(secret));
    }

    private static Secret secret(CommandContext context, String name) {
        return context.read(Names.secret(name), Secret.FOLD);
    }

    private CommandOutcome create(CommandContext context, CreateEnvironmentRequest request) {
        String name = request.getEnvironment();
        Decision<Message> decision = VaultRules.create(
                environment(context, name),
                EnvironmentCreated.newBuilder()
                        .setEnvironment(name)
                        .setProduction(request.getProduction())
                        .addAllReaders(request.getReadersList())
                        .addAllWriters(request.getWritersList())
                        .build());
        if (decision instanceof Decision.Events<Message>) {
            ring.rotate(context.tenant(), name, 1);
        }
        return decided(Names.environment(name), decision, events -> CreateEnvironmentReply.getDefaultInstance());
    }

    private static CommandOutcome setEnvironmentAccess(CommandContext context, SetEnvironmentAccessRequest request) {
        String name = request.getEnvironment();
        return decided(
                Names.environment(name),
                VaultRules.setAccess(
                        environment(context, name),
                        Granter.of(context),
                        EnvironmentAccessSet.newBuilder()
                                .setEnvironment(name)
                                .addAllReaders(request.getReadersList())
                                .addAllWriters(request.getWritersList())
                                .build(),
                        context.atMicros()),
                events -> SetEnvironmentAccessReply.getDefaultInstance());
    }

    private CommandOutcome rotateKey(CommandContext context, RotateEnvironmentKeyRequest request) {
        String name = request.getEnvironment();
        Environment environment = environment(context, name);
        int version = environment.keyVersion() + 1;
        Decision<Message> decision = VaultRules.rotateKey(environment, name);
        if (decision instanceof Decision.Events<Message>) {
            // The key is there before the log says so: a rotation that then is not recorded is done again, to the same
            // version.
            ring.rotate(context.tenant(), name, version);
        }
        return decided(Names.environment(name), decision, events -> RotateEnvironmentKeyReply.newBuilder()
                .setKeyVersion(version)
                .build());
    }

    /** How many keys one request is for; empty: it asks for more than it may. */
    static OptionalInt atMost(int asked) {
        if (Integer.compareUnsigned(asked, MAX_REWRAPPED) > 0) {
            return OptionalInt.empty();
        }
        return OptionalInt.of(asked == 0 ? MAX_REWRAPPED : asked);
    }

    private CommandOutcome rewrap(CommandContext context, RewrapEnvironmentRequest request) {
        String name = request.getEnvironment();
        if (!environment(context, name).exists()) {
            return CommandOutcome.reject(VaultRejection.NO_SUCH_ENVIRONMENT);
        }
        OptionalInt atMost = atMost(request.getAtMost());
        if (atMost.isEmpty()) {
            return CommandOutcome.reject(VaultRejection.AT_MOST);
        }
        int rewrapped = ring.rewrap(context.tenant(), name, atMost.getAsInt());
        long left = ring.census(context.tenant(), name).stream()
                .filter(key -> !key.current())
                .mapToLong(SecretRing.Census::wraps)
                .sum();
        return CommandOutcome.done(RewrapEnvironmentReply.newBuilder()
                .setRewrapped(rewrapped)
                .setLeft(left)
                .build());
    }

    private CommandOutcome retireKey(CommandContext context, RetireEnvironmentKeyRequest request) {
        String name = request.getEnvironment();
        Decision<Message> decision = VaultRules.retireKey(environment(context, name), name, request.getKeyVersion());
        // A key that wraps nothing is destroyed before the log says so: nothing is lost if it then is not recorded.
        if (decision instanceof Decision.Events<Message>
                && !ring.retire(context.tenant(), name, request.getKeyVersion())) {
            return CommandOutcome.reject(VaultRejection.KEY_IN_USE);
        }
        return decided(Names.environment(name), decision, events -> RetireEnvironmentKeyReply.getDefaultInstance());
    }

    private CommandOutcome write(CommandContext context, WriteSecretRequest request) {
        String name = request.getSecret();
        Secret secret = secret(context, name);
        Optional<Rejection> refused = VaultRules.mayWrite(
                        environmentOf(context, name), Granter.of(context), context.atMicros())
                .or(() -> mayAdd(context, secret, request.getCompromised()));
        if (refused.isPresent()) {
            return CommandOutcome.reject(refused.get());
        }
        int version = secret.newest() + 1;
        byte[] value = request.getValueBytes().toByteArray();
        try {
            var written = SecretVersionWritten.newBuilder()
                    .setSecret(name)
                    .setSecretVersion(version)
                    .setValue(ring.seal(place(context, name, version), value))
                    .build();
            return CommandOutcome.done(
                    WriteSecretReply.newBuilder().setSecretVersion(version).build(),
                    events(name, VaultRules.written(secret, written, request.getCompromised(), context.atMicros())));
        } finally {
            Arrays.fill(value, (byte) 0);
        }
    }

    private CommandOutcome rotate(CommandContext context, RotateSecretRequest request) {
        String name = request.getSecret();
        boolean compromised = request.getCompromised();
        Secret secret = secret(context, name);
        Optional<Rejection> refused = VaultRules.mayWrite(
                        environmentOf(context, name), Granter.of(context), context.atMicros())
                .or(() -> secret.rotation().getGenerated()
                        ? Optional.empty()
                        : Optional.of(secret.exists() ? VaultRejection.NOT_GENERATED : VaultRejection.NO_SUCH_SECRET))
                .or(() -> mayAdd(context, secret, compromised));
        if (refused.isPresent()) {
            return CommandOutcome.reject(refused.get());
        }
        Optional<Integer> asked = secret.asked().filter(number -> !compromised);
        if (asked.isPresent()) {
            return CommandOutcome.done(
                    RotateSecretReply.newBuilder().setSecretVersion(asked.get()).build());
        }
        NextVersion next = NextVersion.of(ring, context.tenant(), name, secret, context.newId());
        return CommandOutcome.done(
                RotateSecretReply.newBuilder().setSecretVersion(next.number()).build(),
                events(name, VaultRules.next(secret, next, compromised, context.atMicros())));
    }

    private static Optional<Rejection> mayAdd(CommandContext context, Secret secret, boolean compromised) {
        return over(context, secret).or(() -> VaultRules.mayAdd(secret, compromised, context.atMicros()));
    }

    /** The pipeline has made the intent durable before this is called, and releases the reply once the outcome is. */
    private CommandOutcome read(CommandContext context, ReadSecretRequest request) {
        String name = request.getSecret();
        Secret secret = secret(context, name);
        Environment environment = environmentOf(context, name);
        var reader = Reader.of(context, request.getReason());
        if (secret.template().isPresent() && request.getSecretVersion() == 0) {
            return leases.read(context, name, reader);
        }
        Optional<CommandOutcome> refused = VaultRules.mayRead(
                        environment,
                        secret,
                        request.getSecretVersion(),
                        Granter.of(context),
                        reader.isJustified(),
                        context.atMicros())
                .or(() -> over(context, secret))
                .<CommandOutcome>map(CommandOutcome::reject)
                .or(() -> reader.stepUp(environment));
        if (refused.isPresent()) {
            return refused.get();
        }
        int version = request.getSecretVersion() == 0 ? secret.current().orElseThrow() : request.getSecretVersion();
        Secret.Version wanted = secret.version(version).orElseThrow();
        byte[] value = ring.open(place(context, name, version), wanted.value().orElseThrow());
        try {
            var reply = ReadSecretReply.newBuilder()
                    .setValue(new String(value, StandardCharsets.UTF_8))
                    .setSecretVersion(version)
                    .setUntilMillis(VaultRules.keptUntil(secret, wanted, context.atMicros()) / 1000)
                    .build();
            List<Message> marked = reader.mark(environment, name, version).stream()
                    .<Message>map(mark -> mark)
                    .toList();
            return CommandOutcome.done(reply, events(name, marked))
                    .withTarget(VaultProjection.VERSION, Names.version(name, version));
        } finally {
            Arrays.fill(value, (byte) 0);
        }
    }

    private static CommandOutcome deprecate(CommandContext context, DeprecateSecretVersionRequest request) {
        String name = request.getSecret();
        return decided(
                Names.secret(name),
                VaultRules.deprecate(
                        environmentOf(context, name),
                        secret(context, name),
                        Granter.of(context),
                        name,
                        request.getSecretVersion(),
                        context.atMicros()),
                events -> DeprecateSecretVersionReply.getDefaultInstance());
    }

    private static CommandOutcome revoke(CommandContext context, RevokeSecretVersionRequest request) {
        String name = request.getSecret();
        return decided(
                Names.secret(name),
                VaultRules.revoke(
                        environmentOf(context, name),
                        secret(context, name),
                        Granter.of(context),
                        name,
                        request.getSecretVersion(),
                        context.atMicros()),
                events -> RevokeSecretVersionReply.getDefaultInstance());
    }

    private CommandOutcome destroy(CommandContext context, DestroySecretVersionRequest request) {
        String name = request.getSecret();
        CommandOutcome outcome = decided(
                Names.secret(name),
                VaultRules.destroy(
                        environmentOf(context, name),
                        secret(context, name),
                        Granter.of(context),
                        name,
                        request.getSecretVersion(),
                        context.atMicros()),
                events -> DestroySecretVersionReply.getDefaultInstance());
        return outcome instanceof CommandOutcome.Done done
                ? done.afterwards(() -> ring.destroy(place(context, name, request.getSecretVersion())))
                : outcome;
    }

    private static CommandOutcome setSecretAccess(CommandContext context, SetSecretAccessRequest request) {
        String name = request.getSecret();
        return decided(
                Names.secret(name),
                VaultRules.setReaders(
                        environmentOf(context, name),
                        secret(context, name),
                        Granter.of(context),
                        SecretAccessSet.newBuilder()
                                .setSecret(name)
                                .addAllReaders(request.getReadersList())
                                .build(),
                        context.atMicros()),
                events -> SetSecretAccessReply.getDefaultInstance());
    }

    private static Optional<Rejection> over(CommandContext context, Secret secret) {
        return BoundSecrets.areOver(context, secret) ? Optional.of(VaultRejection.DISCONNECTED) : Optional.empty();
    }

    private static CommandOutcome bind(CommandContext context, BindSecretRequest request) {
        String name = request.getSecret();
        if (!context.read(workspace(request.getWorkspaceId()), WorkspaceState.FOLD)
                .exists()) {
            return CommandOutcome.reject(VaultRejection.NO_SUCH_WORKSPACE);
        }
        Secret secret = secret(context, name);
        return decided(
                Names.secret(name),
                VaultRules.bind(
                        environmentOf(context, name),
                        secret,
                        BoundSecrets.areOver(context, secret),
                        context.read(Connections.stream(request.getWorkspaceId()), Connections.FOLD),
                        Granter.of(context),
                        SecretBound.newBuilder()
                                .setSecret(name)
                                .setWorkspaceId(request.getWorkspaceId())
                                .setConnector(request.getConnector())
                                .build(),
                        context.atMicros()),
                events -> BindSecretReply.getDefaultInstance());
    }

    private CommandOutcome setRotation(CommandContext context, SetSecretRotationRequest request) {
        String name = request.getSecret();
        var wanted = SecretRotationSet.newBuilder()
                .setSecret(name)
                .setOwnerId(request.getOwnerId())
                .setEveryDays(request.getEveryDays())
                .setWindowHours(request.getWindowHours())
                .setGenerated(request.getGenerated())
                .setSecretClass(request.getSecretClass());
        if (request.hasRotator()) {
            wanted.setRotator(request.getRotator());
        }
        return decided(
                Names.secret(name),
                VaultRules.setRotation(
                        environmentOf(context, name),
                        secret(context, name),
                        Granter.of(context),
                        context.read(principal(request.getOwnerId()), PrincipalState.FOLD)
                                .active(),
                        request.hasRotator() ? refuses(context, name, request.getRotator()) : Optional.empty(),
                        wanted.build(),
                        context.atMicros()),
                events -> SetSecretRotationReply.getDefaultInstance());
    }

    private Optional<Rejection> refuses(CommandContext context, String secret, SecretRotator rotator) {
        return switch (rotator.getKindCase()) {
            case HTTP_ISSUER -> issuers.refuses(context, secret, rotator.getHttpIssuer());
            case POSTGRES_ROLE -> RoleIssuer.refuses(context, secret, rotator.getPostgresRole());
            case OAUTH_REFRESH -> tokens.refuses(context, secret, rotator.getOauthRefresh());
            case KIND_NOT_SET -> Optional.of(VaultRejection.ROTATOR);
        };
    }

    private static SecretPlace place(CommandContext context, String secret, int version) {
        return new SecretPlace(context.tenant(), Names.environmentOf(secret), secret, version);
    }

    private static NewEvent[] events(String secret, List<Message> events) {
        StreamId stream = Names.secret(secret);
        return events.stream().map(event -> new NewEvent(stream, event)).toArray(NewEvent[]::new);
    }

    private ListEnvironmentsReply listEnvironments(ReadContext context, ListEnvironmentsRequest request)
            throws RefusedException {
        ListEnvironmentsReply.Builder reply = list.environments(context.tenant(), request);
        reply.getEnvironmentsBuilderList()
                .forEach(environment ->
                        environment.addAllKeys(ring.census(context.tenant(), environment.getEnvironment()).stream()
                                .map(key -> EnvironmentKey.newBuilder()
                                        .setKeyVersion(key.version())
                                        .setCurrent(key.current())
                                        .setWraps(key.wraps())
                                        .build())
                                .toList()));
        return reply.build();
    }

    private ListSecretsReply listSecrets(ReadContext context, ListSecretsRequest request) throws RefusedException {
        return list.page(context.tenant(), request, context.atMicros());
    }

    private ListInventoryReply listInventory(ReadContext context, ListInventoryRequest request)
            throws RefusedException {
        return inventory.page(context.tenant(), request, context.atMicros());
    }
}
