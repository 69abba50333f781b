package dev.chancery.app;

import dev.chancery.boundary.Pipeline;
import dev.chancery.boundary.grpc.GrpcApi;
import dev.chancery.boundary.http.HttpAdmission;
import dev.chancery.boundary.http.RestApi;
import dev.chancery.boundary.http.StandardEndpoints;
import dev.chancery.boundary.limits.RateLimits;
import dev.chancery.boundary.tokens.Authentication;
import dev.chancery.boundary.tokens.TokenKeyWatch;
import dev.chancery.boundary.tokens.Tokens;
import dev.chancery.command.Authorisation;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CommandRuns;
import dev.chancery.command.DenialLimit;
import dev.chancery.command.Ids;
import dev.chancery.command.Methods;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.DecisionPoint;
import dev.chancery.feature.CheckpointLimit;
import dev.chancery.feature.ErasureHorizon;
import dev.chancery.feature.Feature;
import dev.chancery.feature.FeatureCheck;
import dev.chancery.feature.FeatureDescription;
import dev.chancery.feature.FeatureParts;
import dev.chancery.feature.FeatureProjection;
import dev.chancery.feature.HolderOptions;
import dev.chancery.feature.LeaseOptions;
import dev.chancery.feature.NoticeOptions;
import dev.chancery.feature.OwnerClaimFile;
import dev.chancery.feature.ProcessRole;
import dev.chancery.feature.ProxyOptions;
import dev.chancery.feature.SessionLimits;
import dev.chancery.keyring.FollowedRing;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.RotatingKey;
import dev.chancery.keyring.Sealer;
import dev.chancery.keyring.SecretRing;
import dev.chancery.keyring.SigningKeyRotation;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.keyring.VerifierKeys;
import dev.chancery.log.Appender;
import dev.chancery.log.Gate;
import dev.chancery.log.LogRejection;
import dev.chancery.log.Reaper;
import dev.chancery.log.RelayGuard;
import dev.chancery.log.StreamScan;
import dev.chancery.log.Streams;
import dev.chancery.projection.Positions;
import dev.chancery.projection.Projection;
import dev.chancery.projection.ProjectionRunner;
import dev.chancery.projection.ViewHealth;
import dev.chancery.relay.Relay;
import dev.chancery.schema.Contract;
import dev.chancery.schema.FieldRules;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** The parts of one process, wired and started in the order in which they lean on each other; closed in the other order. */
public final class Application implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Application.class);

    /** The application's own schemas, in the order in which they refer to each other; those of projections follow. */
    private static final List<String> SCHEMAS = List.of("keyring", "log", "relay", "projection", "limits");

    /** The features of the contract that the application serves itself. */
    private static final Set<String> OWN = Set.of("operations");

    /** How long a start waits for PostgreSQL. */
    private static final Duration DATABASE_WAIT = Duration.ofSeconds(60);

    private final Settings settings;
    private final Contract contract = Contract.load();
    private final Methods methods = new Methods(contract);
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final List<FeatureDescription> descriptions = FeatureDescription.all();
    private final List<Feature> features = new ArrayList<>();
    private final ApplicationMetrics measures = new ApplicationMetrics();
    private final VerifierKeys verifierKeys;
    private final DecisionPoint decisions;
    private @Nullable SigningKeys signingKeys;
    private @Nullable Relay relay;
    private @Nullable Clocks clocks;
    private Optional<SealRecord> seals = Optional.empty();
    private final List<ProjectionRunner> projections = new ArrayList<>();
    private final Map<String, Positions> views = new HashMap<>();
    private volatile boolean started;

    public Application(Settings settings) {
        this.settings = settings;
        DatabaseRole reader = ProcessRole.decisions(settings.roles());
        this.verifierKeys = new VerifierKeys(settings.database(), reader);
        this.decisions = new DecisionPoint(
                new StreamScan(settings.database(), reader),
                settings.kafka()
                        .apply(settings.roles().stream().sorted().findFirst().orElseThrow()),
                Settings.LOG_TOPIC,
                descriptions.stream()
                        .flatMap(feature -> feature.decisionParts().stream())
                        .toList());
    }

    /** Brings the database's schemas to this version. */
    public static void migrate(Database database) {
        SCHEMAS.forEach(database::migrate);
        FeatureDescription.all().stream()
                .filter(feature -> feature.projection().isPresent())
                .forEach(feature -> database.migrate(feature.name()));
    }

    /**
     * Starts everything and opens the HTTP front.
     *
     * @throws dev.chancery.feature.IncompleteFeature if a feature lacks something; nothing is served then
     */
    public void start(Vertx vertx, Router router, StandardEndpoints endpoints) {
        Database database = settings.database();
        if (database.poolSize() < 2 * Pipeline.MAX_UNKNOWN_AT_WORK) {
            throw new IllegalArgumentException(
                    "sign-ins could take the connections that commands need: a role wants at least "
                            + 2 * Pipeline.MAX_UNKNOWN_AT_WORK);
        }
        var check = new FeatureCheck(descriptions, contract);
        check.descriptions(OWN);
        List<FeatureDescription> active = descriptions.stream()
                .filter(feature -> settings.roles().contains(feature.process()))
                .toList();
        database.awaitReachable(ProcessRole.decisions(settings.roles()), DATABASE_WAIT);
        opened.push(executor);
        if (runs(ProcessRole.RELAY)) {
            var starting = opened(new Relay(database, settings.kafka().apply(ProcessRole.RELAY), settings.relay()));
            starting.start();
            measures.watch(starting);
            relay = starting;
        }
        List<DatabaseRole> writers = writers(active);
        Tokens tokens = tokens();
        opened(new TokenKeyWatch(tokens)).start();
        Map<Class<?>, Object> shared = new HashMap<>(Map.of(
                VerifierKeys.class,
                verifierKeys,
                Tokens.class,
                tokens,
                OwnerClaimFile.class,
                new OwnerClaimFile(settings.ownerClaim(), settings.ownerClaimed()),
                CheckpointLimit.class,
                settings.checkpoints(),
                SessionLimits.class,
                settings.sessions(),
                ErasureHorizon.class,
                settings.horizon(),
                ProxyOptions.class,
                settings.proxy(),
                HolderOptions.class,
                settings.holders(),
                LeaseOptions.class,
                settings.leases(),
                NoticeOptions.class,
                settings.notices()));
        settings.sealer().ifPresent(sealer -> {
            shared.put(SigningKeys.class, signingKeys());
            shared.put(RotatingKey.class, rotatingKey());
            shared.put(SigningKeyRotation.class, rotation());
            opened(new SigningKeyWatch(
                            rotation(),
                            new FollowedRing(settings.database(), sealer),
                            SigningKeyWatch.holders(settings.roles())))
                    .start();
        });
        Map<String, Appender> appenders = new HashMap<>();
        @Nullable CommandRuns commands = writers.isEmpty() ? null : commands(writers, appenders, shared);
        seals = SealRecord.of(appenders, settings.process());
        Map<String, FeatureParts> parts = active.stream()
                .collect(Collectors.toMap(FeatureDescription::name, feature -> parts(feature, shared, appenders)));
        active.forEach(feature -> feature.projection()
                .ifPresent(projection -> project(projection, Objects.requireNonNull(parts.get(feature.name())))));
        opened(decisions);
        decisions.start();
        active.forEach(feature -> features.add(feature.create(Objects.requireNonNull(parts.get(feature.name())))));
        features.add(new OperationsService(measures));
        features.forEach(feature -> feature.register(methods));
        check.handlers(active, methods);
        methods.rejections(BoundaryRejection.ALL).rejections(LogRejection.ALL);
        descriptions.forEach(feature -> methods.rejections(feature.rejections()));
        clocks = opened(new Clocks(database, ProcessRole.decisions(settings.roles())));
        features.forEach(Feature::start);
        features.forEach(measures::watch);
        opened(() -> features.forEach(Feature::stop));
        writers.forEach(role -> reap(role, Objects.requireNonNull(appenders.get(role.name()))));
        var limits = opened(new RateLimits(settings.limits(), database, ProcessRole.decisions(settings.roles())));
        limits.start();
        var pipeline = new Pipeline(
                new Authentication(tokens),
                FieldRules.of(contract),
                new Authorisation(decisions, views),
                commands,
                limits);
        measures.watch(pipeline);
        measures.watch(decisions);
        // Closed first: a command that has begun needs everything else.
        opened(pipeline);
        mount(vertx, router, pipeline);
        endpoints.serve(pipeline, methods, features);
        started = true;
    }

    private boolean runs(ProcessRole role) {
        return settings.roles().contains(role);
    }

    private Sealer sealer() {
        return settings.sealer().orElseThrow(() -> new IllegalStateException("this process was given no key file"));
    }

    /** One for the process: what was withdrawn is forgotten for all who ask. */
    private synchronized SigningKeys signingKeys() {
        if (signingKeys == null) {
            signingKeys = new SigningKeys(settings.database(), sealer());
        }
        return signingKeys;
    }

    private SigningKeyRotation rotation() {
        return new SigningKeyRotation(settings.database(), signingKeys(), settings.instanceId());
    }

    private Tokens tokens() {
        if (!runs(ProcessRole.CORE)) {
            return new Tokens(settings.publicUrl(), () -> verifierKeys.live(tokenKey()));
        }
        RotatingKey key = rotatingKey();
        return new Tokens(settings.publicUrl(), key::signer, () -> key.known().stream()
                .map(RotatingKey.Known::key)
                .toList());
    }

    private RotatingKey rotatingKey() {
        return new RotatingKey(settings.database(), sealer(), signingKeys(), tokenKey());
    }

    private String tokenKey() {
        return settings.instanceId() + "/token";
    }

    private static List<DatabaseRole> writers(List<FeatureDescription> features) {
        return features.stream()
                .map(FeatureDescription::databaseRole)
                .filter(role -> role.groups().contains(DatabaseRole.Group.WRITER))
                .toList();
    }

    /** What takes commands: the only part that holds people's keys. */
    private CommandRuns commands(
            List<DatabaseRole> writers, Map<String, Appender> appenders, Map<Class<?>, Object> shared) {
        Database database = settings.database();
        var keyring = new Keyring(database, sealer(), settings.mode().hidden(contract));
        var streams = new Streams(database, writers.getFirst());
        var guard = opened(
                new RelayGuard(database, writers.getFirst(), settings.relay().slot(), settings.maxSlotBytes()));
        Gate gate = guard.and(settings.gate());
        writers.forEach(role -> appenders.put(role.name(), appender(role, gate)));
        shared.put(Keyring.class, keyring);
        shared.put(SecretRing.class, new SecretRing(database, sealer()));
        shared.put(Streams.class, streams);
        measures.watch(guard);
        measures.watch(database, writers);
        var denials = opened(new DenialLimit(settings.limits().deniedRecords()));
        denials.start();
        // A command of a feature that does not append has stopped the start.
        return new CommandRuns(
                feature -> Objects.requireNonNull(appenders.get(feature), feature), streams, keyring, methods, denials);
    }

    private FeatureParts parts(
            FeatureDescription described, Map<Class<?>, Object> shared, Map<String, Appender> appenders) {
        String feature = described.name();
        Map<Class<?>, Object> own = new HashMap<>(shared);
        Appender appender = appenders.get(feature);
        if (appender != null) {
            own.put(Appender.class, appender);
        }
        return new FeatureParts(
                feature,
                settings.instanceId(),
                settings.database(),
                settings.kafka().apply(described.process()),
                contract,
                decisions,
                own,
                this::opened);
    }

    private void mount(Vertx vertx, Router router, Pipeline pipeline) {
        new GrpcApi(pipeline, executor)
                .mount(vertx, router, methods, () -> complaints().isEmpty());
        HttpAdmission.mount(router, pipeline);
        new RestApi(pipeline, methods, executor).mount(router);
    }

    private void project(FeatureProjection described, FeatureParts parts) {
        Projection projection = described.live().apply(parts);
        var runner = new ProjectionRunner(
                projection,
                settings.instanceId(),
                settings.database(),
                parts.kafka(),
                Settings.LOG_TOPIC,
                described.options().apply(settings.projection()).withMember(settings.process()));
        projections.add(opened(runner));
        measures.watch(projection.name(), runner);
        runner.start();
        if (described.answers()) {
            views.put(parts.feature(), runner.positions());
        }
    }

    private Appender appender(DatabaseRole role, Gate gate) {
        // Made now where there is none, so that a trust file has it from the first start on.
        signingKeys().signer(settings.instanceId() + "/source/" + role.name());
        return opened(new Appender(settings.database(), role, settings.instanceId(), signingKeys(), gate));
    }

    private void reap(DatabaseRole role, Appender appender) {
        opened(new Reaper(settings.database(), role, appender, () -> Ids.bytes(Ids.uuidV7())))
                .start();
    }

    /** What the log is told of this process's keys; of one that has keys, and has started. */
    SealRecord seals() {
        return seals.orElseThrow(() -> new IllegalStateException("this process has no keys, or has not started"));
    }

    /** Whether there is anybody to serve a request. */
    boolean isStarted() {
        return started;
    }

    /** Whether what this process serves can be relied on right now; why not, otherwise. */
    public List<String> complaints() {
        List<String> complaints = new ArrayList<>();
        if (!started) {
            complaints.add("starting");
        }
        Relay running = relay;
        if (running != null && !running.healthy()) {
            // Readiness asks nobody who they are: why, with tenants and positions, is in the log.
            complaints.add(running.refusal().isPresent() ? "the relay refuses to run" : "the relay is not running");
        }
        if (running != null) {
            running.complaint().ifPresent(complaints::add);
        }
        Clocks comparing = clocks;
        if (comparing != null) {
            comparing.complaint().ifPresent(complaints::add);
        }
        if (!projections.stream().allMatch(ProjectionRunner::healthy)) {
            complaints.add("a projection is not running");
        }
        if (!decisions.healthy()) {
            complaints.add("decisions are stale");
        }
        return complaints;
    }

    /** What an operator should look at, though what this process serves can be relied on; it survives restarts. */
    public List<String> warnings() {
        List<String> warnings = new ArrayList<>(settings.warnings().get());
        Relay running = relay;
        if (running != null) {
            warnings.addAll(running.warnings());
        }
        for (ProjectionRunner projection : projections) {
            ViewHealth health = projection.health();
            if (health.stoppedTenants() > 0) {
                warnings.add(projection.name() + ": logs stopped by a fork: " + health.stoppedTenants());
            }
            health.passedOver()
                    .forEach((reason, messages) -> warnings.add(projection.name() + ": messages on "
                            + Settings.LOG_TOPIC + " passed over (" + reason + "): " + messages));
        }
        if (started) {
            features.forEach(feature -> warnings.addAll(feature.warnings()));
        }
        return warnings.stream().sorted().toList();
    }

    private <T extends AutoCloseable> T opened(T part) {
        opened.push(part);
        return part;
    }

    @Override
    public void close() {
        started = false;
        while (!opened.isEmpty()) {
            AutoCloseable part = opened.pop();
            try {
                part.close();
            } catch (Exception e) {
                LOG.warnf(e, "Part did not close: part=%s", part.getClass().getSimpleName());
            }
        }
    }
}
