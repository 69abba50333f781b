package dev.chancery.app;

import dev.chancery.boundary.http.StandardEndpoints;
import dev.chancery.boundary.http.StartupGate;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;
import org.jspecify.annotations.Nullable;

/** Where the application meets Quarkus: its HTTP router, and its readiness. Until it is started, callers are told to come again. */
@Singleton
public class HttpFront {
    private final Vertx vertx;
    private @Nullable Router router;
    private volatile @Nullable Application application;

    private final StandardEndpoints endpoints;

    @Inject
    public HttpFront(Vertx vertx, StandardEndpoints endpoints) {
        this.vertx = vertx;
        this.endpoints = endpoints;
    }

    void take(@Observes Router mainRouter) {
        router = mainRouter;
        StartupGate.mount(mainRouter, () -> {
            Application behind = application;
            return behind != null && behind.isStarted();
        });
    }

    /** Starts an application behind these doors. */
    public void open(Application opening) {
        Router main = router;
        if (main == null) {
            throw new IllegalStateException("Quarkus has no HTTP server");
        }
        application = opening;
        opening.start(vertx, main, endpoints);
    }

    /** Ready once everything runs, and only while it does. */
    @Readiness
    @Singleton
    static class Ready implements HealthCheck {
        private final HttpFront doors;

        @Inject
        Ready(HttpFront doors) {
            this.doors = doors;
        }

        @Override
        public HealthCheckResponse call() {
            Application running = doors.application;
            List<String> complaints = running == null ? List.of("starting") : running.complaints();
            return HealthCheckResponse.named("chancery")
                    .status(complaints.isEmpty())
                    .withData("complaints", String.join("; ", complaints))
                    .withData("warnings", running == null ? "" : String.join("; ", running.warnings()))
                    .build();
        }
    }
}
