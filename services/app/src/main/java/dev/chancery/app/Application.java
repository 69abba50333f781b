package dev.chancery.app;

import dev.chancery.access.AccessService;
import dev.chancery.boundary.Pipeline;
import dev.chancery.boundary.grpc.GrpcApi;
import dev.chancery.boundary.http.HttpAdmission;
import dev.chancery.boundary.http.RestApi;
import dev.chancery.boundary.http.StandardEndpoints;
import dev.chancery.boundary.tokens.Authentication;
import dev.chancery.boundary.tokens.Tokens;
import dev.chancery.command.Authorisation;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CommandRuns;
import dev.chancery.command.Ids;
import dev.chancery.command.Methods;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.DecisionPoint;
import dev.chancery.feature.Feature;
import dev.chancery.identity.IdentityService;
import dev.chancery.identity.OwnerClaim;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.Sealer;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.keyring.VerifierKeys;
import dev.chancery.ledger.CheckpointWorker;
import dev.chancery.ledger.Checkpoints;
import dev.chancery.ledger.LedgerProjection;
import dev.chancery.ledger.LedgerReader;
import dev.chancery.ledger.LedgerService;
import dev.chancery.log.Appender;
import dev.chancery.log.Gate;
import dev.chancery.log.LogCreation;
import dev.chancery.log.LogRejection;
import dev.chancery.log.Reaper;
import dev.chancery.log.RelayGuard;
import dev.chancery.log.StreamScan;
import dev.chancery.log.Streams;
import dev.chancery.projection.Positions;
import dev.chancery.projection.Projection;
import dev.chancery.projection.ProjectionOptions;
import dev.chancery.projection.ProjectionRunner;
import dev.chancery.projection.TopicPublisher;
import dev.chancery.rbac.RbacProjection;
import dev.chancery.rbac.RbacService;
import dev.chancery.relay.Relay;
import dev.chancery.relay.RelayOptions;
import dev.chancery.schema.Contract;
import dev.chancery.schema.FieldRules;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** The parts of one process, wired and started in the order in which they lean on each other; closed in the other order. */
public final class Application implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Application.class);

    /** A tree grows better by many: what an entry waits for others, on top of what its checkpoint takes. */
    private static final Duration LEDGER_GATHERS = Duration.ofMillis(50);

    /** Schemas, in the order in which they refer to each other. */
    private static final List<String> SCHEMAS = List.of("keyring", "log", "relay", "projection", "rbac", "ledger");

    private final Settings settings;
    private final Contract contract = Contract.load();
    private final Methods methods = new Methods(contract);
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final List<Feature> features = new ArrayList<>();
    private final ApplicationMetrics measures = new ApplicationMetrics();
    private final VerifierKeys verifierKeys;
    private final DecisionPoint decisions;
    private @Nullable Relay relay;
    private final List<ProjectionRunner> projections = new ArrayList<>();
    private volatile boolean started;

    public Application(Settings settings) {
        this.settings = settings;
        DatabaseRole reader = Role.decisions(settings.roles());
        this.verifierKeys = new VerifierKeys(settings.database(), reader);
        this.decisions = new DecisionPoint(
                new StreamScan(settings.database(), reader),
                settings.kafka(),
                Settings.LOG_TOPIC,
                Settings.PULSE_TOPIC);
    }

    /** Brings the database's schemas to this version. */
    public static void migrate(Database database) {
        SCHEMAS.forEach(database::migrate);
    }

    /** Starts everything and opens the doors. */
    public void start(Vertx vertx, Router router, StandardEndpoints endpoints) {
        Database database = settings.database();
        if (database.poolSize() < 2 * Pipeline.MAX_UNKNOWN_AT_WORK) {
            throw new IllegalArgumentException(
                    "sign-ins could take the connections that commands need: a role wants at least "
                            + 2 * Pipeline.MAX_UNKNOWN_AT_WORK);
        }
        opened.push(executor);
        if (runs(Role.RELAY)) {
            var starting = opened(new Relay(database, settings.kafka(), RelayOptions.defaults(database.name())));
            starting.start();
            measures.watch(starting);
            relay = starting;
        }
        startProjections();
        opened(decisions);
        decisions.start();
        Tokens tokens = runs(Role.CORE)
                ? new Tokens(settings.publicUrl(), signingKeys().signer(tokenKey()))
                : new Tokens(settings.publicUrl(), () -> verifierKeys.of(tokenKey()));
        @Nullable CommandRuns commands = runs(Role.CORE) ? core(tokens) : null;
        if (runs(Role.PROJECTORS)) {
            features.add(new RbacService(database));
        }
        if (runs(Role.LEDGER)) {
            features.add(new LedgerService(new LedgerReader(database), verifierKeys, settings.instanceId(), contract));
        }
        features.add(new OperationsService(measures));
        features.forEach(feature -> feature.register(methods));
        methods.rejections(BoundaryRejection.values()).rejections(LogRejection.values());
        features.forEach(Feature::start);
        opened(() -> features.forEach(Feature::stop));
        opened(measures);
        var pipeline = new Pipeline(
                new Authentication(tokens), FieldRules.of(contract), new Authorisation(decisions, views()), commands);
        measures.watch(pipeline);
        // Closed first: a command that has begun needs everything else.
        opened(pipeline);
        mount(vertx, router, pipeline);
        endpoints.serve(pipeline, methods, features);
        started = true;
    }

    /** What takes commands: the only part that holds people's keys. */
    private CommandRuns core(Tokens tokens) {
        Database database = settings.database();
        var keyring = new Keyring(database, sealer());
        var guard = opened(new RelayGuard(
                database,
                DatabaseRole.IDENTITY,
                RelayOptions.defaults(database.name()).slot(),
                settings.maxSlotBytes()));
        Gate gate = guard.and(settings.gate());
        Appender identity = appender(DatabaseRole.IDENTITY, gate);
        Appender access = appender(DatabaseRole.ACCESS, gate);
        var streams = new Streams(database, DatabaseRole.IDENTITY);
        features.add(IdentityService.create(
                new LogCreation(database, DatabaseRole.IDENTITY),
                identity,
                streams,
                keyring,
                contract,
                tokens,
                new OwnerClaim(settings.ownerClaim(), settings.ownerClaimed())));
        features.add(new AccessService(decisions));
        measures.watch(guard);
        measures.watch(database);
        reap(DatabaseRole.IDENTITY, identity);
        reap(DatabaseRole.ACCESS, access);
        return new CommandRuns(
                feature -> switch (feature) {
                    case "identity" -> identity;
                    case "access" -> access;
                    default -> throw new IllegalStateException("a feature without a log: " + feature);
                },
                streams,
                keyring,
                methods);
    }

    private boolean runs(Role role) {
        return settings.roles().contains(role);
    }

    private Sealer sealer() {
        return settings.sealer().orElseThrow(() -> new IllegalStateException("this process was given no key file"));
    }

    private SigningKeys signingKeys() {
        return new SigningKeys(settings.database(), sealer());
    }

    private String tokenKey() {
        return settings.instanceId() + "/token";
    }

    private void mount(Vertx vertx, Router router, Pipeline pipeline) {
        new GrpcApi(pipeline, executor)
                .mount(
                        vertx,
                        router,
                        methods,
                        List.of(ProtoReflectionServiceV1.newInstance().bindService()));
        HttpAdmission.mount(router, pipeline);
        new RestApi(pipeline, methods, executor).mount(router);
    }

    private void startProjections() {
        Database database = settings.database();
        if (runs(Role.PROJECTORS)) {
            run(new RbacProjection(), ProjectionOptions.defaults());
        }
        if (runs(Role.LEDGER)) {
            SigningKeys keys = signingKeys();
            var publisher = opened(new TopicPublisher(settings.kafka(), Settings.CHECKPOINT_TOPIC));
            var worker = opened(new CheckpointWorker(new Checkpoints(
                    database,
                    settings.instanceId(),
                    (origin, text) -> keys.signer(origin).signNote(text),
                    publisher::publish)));
            worker.start();
            run(
                    new LedgerProjection(settings.instanceId(), worker::due),
                    ProjectionOptions.defaults().withFetchMaxWait(LEDGER_GATHERS));
        }
    }

    /** A process serves lists where it keeps them: a reader wakes with the projection's commit. */
    private Map<String, Positions> views() {
        return projections.stream()
                .filter(runner -> runner.name().equals("rbac"))
                .collect(Collectors.toMap(ProjectionRunner::name, ProjectionRunner::positions));
    }

    private void run(Projection projection, ProjectionOptions options) {
        var runner = new ProjectionRunner(
                projection,
                settings.database(),
                settings.kafka(),
                Settings.LOG_TOPIC,
                options.withMember(settings.process()));
        projections.add(opened(runner));
        measures.watch(projection.name(), runner);
        runner.start();
    }

    private Appender appender(DatabaseRole role, Gate gate) {
        String key = settings.instanceId() + "/source/" + role.name();
        return opened(new Appender(
                settings.database(), role, settings.instanceId(), signingKeys().signer(key), gate));
    }

    private void reap(DatabaseRole role, Appender appender) {
        opened(new Reaper(settings.database(), role, appender, () -> Ids.bytes(Ids.uuidV7())))
                .start();
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
        if (!projections.stream().allMatch(ProjectionRunner::healthy)) {
            complaints.add("a projection is not running");
        }
        if (!decisions.healthy()) {
            complaints.add("decisions are stale");
        }
        return complaints;
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
