package dev.chancery.cli.bench;

import dev.chancery.cli.client.ClientKey;
import dev.chancery.cli.client.Instance;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.Unreachable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** One run against an instance: organisations of its own, callers, a warm-up, and what was measured after it. */
public final class Bench implements AutoCloseable {
    private final Report report;
    private final Plan plan;
    private final ProcessorTime processorTime;
    private final Target target;
    private final List<Target> checkedToo = new ArrayList<>();
    private final List<Tenant> tenants = new ArrayList<>();

    /** What was counted after the warm-up. */
    record Window(double seconds, int calls, ProcessorTime.Used used) {}

    /** @param checkedToo further instances of the same installation, at which {@link Plan.Mode#REVOKE} checks as well */
    public Bench(
            Report report,
            Plan plan,
            ProcessorTime processorTime,
            Instance instance,
            List<Instance> checkedToo,
            ClientKey ownerKey) {
        this.report = report;
        this.plan = plan;
        this.processorTime = processorTime;
        this.target = new Target(instance, ownerKey);
        checkedToo.forEach(other -> this.checkedToo.add(new Target(other, ownerKey)));
    }

    /** Makes the organisations, and returns their administrators' keys. */
    public List<ClientKey> prepare() throws Refused, Unreachable, IOException {
        report.begin(plan);
        for (int i = 0; i < plan.tenants(); i++) {
            tenants.add(target.organisation());
        }
        return tenants.stream().map(Tenant::key).toList();
    }

    public void run() throws Refused, Unreachable, InterruptedException, IOException {
        switch (plan.mode()) {
            case COMMANDS -> new CommandsMode(this).run();
            case CHECK -> new CheckMode(this).run();
            case READ -> new ReadMode(this).run();
            case REVOKE -> new RevokeMode(this).run();
            case CONSENT -> new ConsentMode(this).run();
        }
        report.end();
    }

    Plan plan() {
        return plan;
    }

    Report report() {
        return report;
    }

    Target target() {
        return target;
    }

    List<Target> checkedToo() {
        return checkedToo;
    }

    /** A caller's organisation. */
    Tenant tenant(int caller) {
        return tenants.get(caller % tenants.size());
    }

    /** Callers that send rounds of privileged commands. */
    Callers.Call commands(int caller) {
        var round = new Tenant.Round();
        return () -> tenant(caller).next(target.grpc(caller), round);
    }

    ProcessorTime.Used used() throws IOException {
        return processorTime.used();
    }

    /** Lets the callers warm up, and then counts for the plan's seconds. */
    Window measure(Callers callers) throws InterruptedException, IOException {
        Thread.sleep(plan.warmupSeconds() * 1000L);
        ProcessorTime.Used before = used();
        long begunNanos = System.nanoTime();
        callers.measure(true);
        for (int second = 1; second <= plan.seconds(); second++) {
            int already = callers.latencies().count();
            Thread.sleep(1_000);
            report.line("  %3d s  %d/s", second, callers.latencies().count() - already);
        }
        callers.measure(false);
        double seconds = (System.nanoTime() - begunNanos) / 1e9;
        return new Window(seconds, callers.latencies().count(), used().since(before));
    }

    /** What each mode says of its calls. */
    void reportCalls(String what, String jsonName, Callers callers, Window window) throws IOException {
        double perSecond = window.calls() / window.seconds();
        report.add(
                what,
                String.format(Locale.ROOT, "%.0f/s (%d in %.1f s)", perSecond, window.calls(), window.seconds()),
                jsonName + "PerSecond",
                perSecond);
        report.add(
                "latency",
                callers.latencies().summary(),
                jsonName + "Latency",
                callers.latencies().json());
        reportProcessorTime(jsonName, window);
        report.add("refused", callers.refusals().toString(), jsonName + "Refused", callers.refusals());
    }

    private void reportProcessorTime(String jsonName, Window window) {
        if (!processorTime.isKnown()) {
            report.line(
                    "%-19s %s", "processor time", "not known: name the instance by --data, or its processes by --pid");
            return;
        }
        double perCall = 1_000 / Math.max(1.0, window.calls());
        ProcessorTime.Used used = window.used();
        report.add(
                "processor time",
                String.format(
                        Locale.ROOT,
                        "%.3f ms a call (Java %.3f, PostgreSQL %.3f); %.2f processors busy",
                        used.seconds() * perCall,
                        used.javaSeconds() * perCall,
                        used.otherSeconds() * perCall,
                        used.seconds() / window.seconds()),
                jsonName + "ProcessorTime",
                Map.of(
                        "millisPerCall", used.seconds() * perCall,
                        "javaMillisPerCall", used.javaSeconds() * perCall,
                        "postgresMillisPerCall", used.otherSeconds() * perCall,
                        "processorsBusy", used.seconds() / window.seconds()));
    }

    @Override
    public void close() {
        target.close();
        checkedToo.forEach(Target::close);
    }
}
