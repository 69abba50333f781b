package dev.chancery.app;

import dev.chancery.boundary.Pipeline;
import dev.chancery.command.Limits;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.DecisionPoint;
import dev.chancery.feature.Feature;
import dev.chancery.log.RelayGuard;
import dev.chancery.projection.ProjectionRunner;
import dev.chancery.projection.ViewHealth;
import dev.chancery.relay.Relay;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Metrics;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * What is counted and timed, as Prometheus reads it. {@code NaN} where a part can't be asked.
 *
 * <p>The ones to watch: {@code chancery_relay_lag_records}, {@code chancery_relay_slot_retained_bytes}, {@code
 * chancery_intent_oldest_open_seconds}, {@code chancery_projection_stopped_tenants}, {@code chancery_ledger_stale_seconds}.
 */
final class ApplicationMetrics {
    void watch(DecisionPoint decisions) {
        gauge(
                "chancery.decision.age.seconds",
                "How old decisions may be; from two seconds on nothing is answered",
                () -> decisions.age().toMillis() / 1000.0);
    }

    void watch(Relay relay) {
        gauge("chancery.relay.lag.records", "Records committed and not known to be in Kafka", relay::lagRecords);
        gauge("chancery.relay.healthy", "1 while records are relayed", () -> relay.healthy() ? 1 : 0);
        gauge("chancery.relay.held.tenants", "Tenants that are not relayed", relay::stoppedTenants);
    }

    void watch(RelayGuard guard) {
        gauge(
                "chancery.relay.slot.retained.bytes",
                "Write-ahead log that the relay's slot holds back",
                guard::retainedBytes);
    }

    void watch(Database database, List<DatabaseRole> writers) {
        for (DatabaseRole role : writers) {
            Gauge.builder("chancery.intent.oldest.open.seconds", () -> known(() -> oldestIntentSeconds(database, role)))
                    .description("Age of the oldest intent without an outcome; 0: there is none")
                    .tag("feature", role.name())
                    .register(Metrics.globalRegistry);
        }
    }

    void watch(String projection, ProjectionRunner runner) {
        Gauge.builder("chancery.projection.healthy", () -> runner.healthy() ? 1 : 0)
                .description("1 while the projection runs")
                .tag("projection", projection)
                .register(Metrics.globalRegistry);
        Gauge.builder("chancery.projection.stopped.tenants", () -> runner.health()
                        .stoppedTenants())
                .description("Tenants stopped by a fork")
                .tag("projection", projection)
                .register(Metrics.globalRegistry);
        for (String reason : ViewHealth.REASONS) {
            FunctionCounter.builder("chancery.projection.passed.over.messages", runner, of -> of.health()
                            .passedOver()
                            .getOrDefault(reason, 0L))
                    .description("Messages on the log's topic that no source of this installation signed")
                    .tag("projection", projection)
                    .tag("reason", reason)
                    .register(Metrics.globalRegistry);
        }
        Gauge.builder("chancery.projection.waiting.tenants", runner::waitingTenants)
                .description("Tenants that wait for a missing record")
                .tag("projection", projection)
                .register(Metrics.globalRegistry);
    }

    void watch(Feature feature) {
        feature.measures().forEach(measure -> gauge(measure.name(), measure.description(), measure.value()));
    }

    void watch(Pipeline pipeline) {
        gauge("chancery.calls.in.flight", "Calls of known callers", pipeline::knownCalls);
        gauge("chancery.calls.in.flight.unknown", "Calls of unknown callers", pipeline::unknownCalls);
    }

    private void gauge(String name, String description, Supplier<Number> value) {
        Gauge.builder(name, () -> known(value)).description(description).register(Metrics.globalRegistry);
    }

    private static Number known(Supplier<Number> value) {
        try {
            return value.get();
        } catch (RuntimeException e) {
            return Double.NaN;
        }
    }

    /** How long ago the oldest open intent was made: its deadline less what it was given. */
    private static double oldestIntentSeconds(Database database, DatabaseRole role) {
        return database.transaction(role, connection -> {
            try (var query = connection.prepareStatement("SELECT coalesce(extract(epoch FROM clock_timestamp())"
                    + " - min(deadline_micros) / 1000000.0 + ?, 0)::float8 FROM log.open_intent")) {
                query.setDouble(1, Limits.DEADLINE_MILLIS / 1000.0);
                try (var row = query.executeQuery()) {
                    row.next();
                    return row.getDouble(1);
                }
            }
        });
    }

    /** Everything, in Prometheus' text format, from the registry that Quarkus makes. */
    @SuppressWarnings("deprecation") // the registry that Quarkus' extension brings
    String text() {
        return Metrics.globalRegistry.getRegistries().stream()
                .filter(io.micrometer.prometheus.PrometheusMeterRegistry.class::isInstance)
                .map(registry -> ((io.micrometer.prometheus.PrometheusMeterRegistry) registry).scrape())
                .collect(Collectors.joining());
    }
}
