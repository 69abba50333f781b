package dev.chancery.cli.bench;

import com.google.protobuf.ByteString;
import dev.chancery.cli.client.ClientKey;
import dev.chancery.cli.client.GrpcTransport;
import dev.chancery.cli.client.Headers;
import dev.chancery.cli.client.Instance;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.Reply;
import dev.chancery.cli.client.RestTransport;
import dev.chancery.cli.client.SignIn;
import dev.chancery.cli.client.Unreachable;
import dev.chancery.schema.Contract;
import dev.chancery.schema.access.v1.DefineCapabilityRequest;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.identity.v1.CreateOrganisationReply;
import dev.chancery.schema.identity.v1.CreateOrganisationRequest;
import dev.chancery.schema.ledger.v1.GetCheckpointReply;
import dev.chancery.schema.ledger.v1.GetCheckpointRequest;
import dev.chancery.schema.operations.v1.ReadMetricsReply;
import dev.chancery.schema.operations.v1.ReadMetricsRequest;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** One run: organisations, callers, seconds; commands over gRPC; what came of it. */
public final class Load implements AutoCloseable {
    /**
     * What is run.
     *
     * @param rate commands a second in all, sent on a schedule whether or not earlier ones were answered in time; 0: as fast as
     *     answers come
     */
    public record Plan(int tenants, int callers, int warmupSeconds, int seconds, int rate) {}

    private static final int CHANNELS = 4;
    /** What a figure may be too high by. More often, and the probe would take from what it measures. */
    private static final long CHECKPOINT_POLL_MILLIS = 25;

    private final PrintStream out;
    private final Contract contract = Contract.load();
    private final RestTransport rest;
    private final SignIn operator;
    private final List<GrpcTransport> channels = new ArrayList<>();
    private final List<Tenant> tenants = new ArrayList<>();
    private final Latencies commands = new Latencies();
    private final Latencies checkpoints = new Latencies();
    private final Map<String, AtomicLong> refusals = new ConcurrentHashMap<>();
    private final AtomicLong maxLagRecords = new AtomicLong();
    private volatile boolean measuring;
    private volatile boolean stopped;
    private volatile String newest = "";
    private volatile long newestAtNanos;

    public Load(PrintStream out, Instance instance, ClientKey operatorKey) {
        this.out = out;
        this.rest = new RestTransport(instance);
        this.operator = new SignIn(rest, operatorKey, Optional.empty());
        for (int i = 0; i < CHANNELS; i++) {
            channels.add(new GrpcTransport(instance));
        }
    }

    public void run(Plan plan) throws Refused, Unreachable, InterruptedException, IOException {
        out.println(hardware());
        out.println(plan);
        for (int i = 0; i < plan.tenants(); i++) {
            tenants.add(organisation());
        }
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < plan.callers(); i++) {
            int caller = i;
            threads.add(Thread.ofVirtual().start(() -> call(caller, plan)));
        }
        threads.add(Thread.ofVirtual().start(this::watchLag));
        threads.add(Thread.ofVirtual().start(this::watchCheckpoints));
        Thread.sleep(plan.warmupSeconds() * 1000L);
        long lagBefore = lagRecords();
        measuring = true;
        long begunNanos = System.nanoTime();
        for (int second = 1; second <= plan.seconds(); second++) {
            int before = commands.count();
            Thread.sleep(1_000);
            out.printf("  %3d s  %d/s%n", second, commands.count() - before);
        }
        measuring = false;
        double seconds = (System.nanoTime() - begunNanos) / 1e9;
        long lagAfter = lagRecords();
        stopped = true;
        for (Thread thread : threads) {
            thread.join();
        }
        report(seconds, lagBefore, lagAfter);
    }

    private void report(double seconds, long lagBefore, long lagAfter) {
        out.printf(
                "commands            %.0f/s (%d in %.1f s)%n", commands.count() / seconds, commands.count(), seconds);
        out.printf("latency             %s%n", commands.summary());
        out.printf(
                "relay lag           %d records before, %d after, %d at most%n",
                lagBefore, lagAfter, maxLagRecords.get());
        out.printf("entry to checkpoint %s (%d samples)%n", checkpoints.summary(), checkpoints.count());
        out.printf("refused             %s%n", refusals);
    }

    private void call(int number, Plan plan) {
        Tenant tenant = tenants.get(number % tenants.size());
        GrpcTransport grpc = channels.get(number % channels.size());
        var caller = new Tenant.Caller();
        long intervalNanos = plan.rate() == 0 ? 0 : 1_000_000_000L * plan.callers() / plan.rate();
        long dueNanos = System.nanoTime() + intervalNanos * number / Math.max(1, plan.callers());
        while (!stopped) {
            long begunNanos = System.nanoTime();
            if (intervalNanos > 0) {
                pause(dueNanos - begunNanos);
                // From when it was due: a late answer delays the next command, and that wait counts.
                begunNanos = dueNanos;
                dueNanos += intervalNanos;
            }
            try {
                Reply reply = tenant.next(grpc, caller);
                if (measuring) {
                    commands.add(System.nanoTime() - begunNanos);
                }
                if (number == 0) {
                    newestAtNanos = System.nanoTime();
                    newest = reply.position();
                }
            } catch (Refused e) {
                refusals.computeIfAbsent(e.code(), code -> new AtomicLong()).incrementAndGet();
            } catch (Unreachable e) {
                refusals.computeIfAbsent("unreachable", code -> new AtomicLong())
                        .incrementAndGet();
            }
        }
    }

    private static void pause(long nanos) {
        if (nanos > 0) {
            try {
                Thread.sleep(nanos / 1_000_000, (int) (nanos % 1_000_000));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** How long after its answer a command is covered by a signed checkpoint, seen from here: asked every few milliseconds. */
    private void watchCheckpoints() {
        while (!stopped) {
            String position = newest;
            long sinceNanos = newestAtNanos;
            if (position.isEmpty()) {
                pause(50_000_000);
                continue;
            }
            long wanted = Long.parseLong(position.substring(position.indexOf('@') + 1));
            try {
                while (!stopped && checkpointSize() <= wanted) {
                    pause(CHECKPOINT_POLL_MILLIS * 1_000_000);
                }
                if (measuring) {
                    checkpoints.add(System.nanoTime() - sinceNanos);
                }
            } catch (Refused | Unreachable e) {
                refusals.computeIfAbsent("checkpoint", code -> new AtomicLong()).incrementAndGet();
            }
            pause(50_000_000);
        }
    }

    private long checkpointSize() throws Refused, Unreachable {
        Reply reply = tenants.getFirst()
                .send(
                        channels.getFirst(),
                        "chancery.ledger.v1.LedgerService/GetCheckpoint",
                        GetCheckpointRequest.getDefaultInstance());
        return ((GetCheckpointReply) reply.message()).getSize();
    }

    private void watchLag() {
        while (!stopped) {
            try {
                maxLagRecords.accumulateAndGet(lagRecords(), Math::max);
            } catch (Refused | Unreachable e) {
                refusals.computeIfAbsent("metrics", code -> new AtomicLong()).incrementAndGet();
            }
            pause(500_000_000);
        }
    }

    private long lagRecords() throws Refused, Unreachable {
        Reply reply = rest.call(
                contract.method("chancery.operations.v1.OperationsService/ReadMetrics")
                        .orElseThrow(),
                ReadMetricsRequest.getDefaultInstance(),
                Map.of(Headers.AUTHORIZATION, "Bearer " + operator.token()));
        return ((ReadMetricsReply) reply.message())
                .getText()
                .lines()
                .filter(line -> line.startsWith("chancery_relay_lag_records "))
                .map(line -> (long) Double.parseDouble(line.substring(line.indexOf(' ') + 1)))
                .findFirst()
                .orElse(-1L);
    }

    private Tenant organisation() throws Refused, Unreachable {
        ClientKey key = ClientKey.generate("new");
        Reply created = channels.getFirst()
                .call(
                        contract.method("chancery.identity.v1.IdentityService/CreateOrganisation")
                                .orElseThrow(),
                        CreateOrganisationRequest.newBuilder()
                                .setName("Bench")
                                .setAdministratorName("Bench administrator")
                                .setAdministratorKey(ByteString.copyFrom(key.publicKey()))
                                .build(),
                        Map.of(
                                Headers.AUTHORIZATION,
                                "Bearer " + operator.token(),
                                Headers.IDEMPOTENCY_KEY,
                                UUID.randomUUID().toString()));
        ClientKey named = key.withClientId(((CreateOrganisationReply) created.message()).getClientId());
        var tenant = new Tenant(contract, new SignIn(rest, named, Optional.empty()), named);
        tenant.send(
                channels.getFirst(),
                "chancery.access.v1.AccessService/DefineCapability",
                DefineCapabilityRequest.newBuilder().setCapability("bench:read").build());
        tenant.send(
                channels.getFirst(),
                "chancery.access.v1.AccessService/DefineRole",
                DefineRoleRequest.newBuilder()
                        .setRole(Tenant.ROLE)
                        .addCapabilities("bench:read")
                        .build());
        return tenant;
    }

    private static String hardware() throws IOException {
        String model = "unknown processor";
        Path cpuinfo = Path.of("/proc/cpuinfo");
        if (Files.isReadable(cpuinfo)) {
            model = Files.readAllLines(cpuinfo).stream()
                    .filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(model);
        }
        return "%s, %d cores, %s %s, Java %s, driver on the same machine"
                .formatted(
                        model,
                        Runtime.getRuntime().availableProcessors(),
                        System.getProperty("os.name"),
                        System.getProperty("os.version"),
                        Runtime.version());
    }

    @Override
    public void close() {
        channels.forEach(GrpcTransport::close);
    }
}
