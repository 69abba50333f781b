package dev.chancery.app;

import dev.chancery.boundary.http.StandardEndpoints;
import dev.chancery.boundary.http.StartupGate;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.function.Predicate;
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
    private volatile Predicate<String> hosts = host -> true;

    private final StandardEndpoints endpoints;

    @Inject
    public HttpFront(Vertx vertx, StandardEndpoints endpoints) {
        this.vertx = vertx;
        this.endpoints = endpoints;
    }

    /** Before Quarkus starts: what reaches it unreadable is refused by the front, in words. */
    public static void prepare() {
        System.setProperty(StartupGate.URI_CHECK, "true");
    }

    void take(@Observes Router mainRouter) {
        router = mainRouter;
        StartupGate.mount(
                mainRouter,
                () -> {
                    Application behind = application;
                    return behind != null && behind.isStarted();
                },
                host -> hosts.test(host));
    }

    /**
     * Serves requests for some hosts only. A server that trusts whoever reaches it on this machine is reached by a browser as well, in the
     * name of any page whose host resolves to the loopback (DNS rebinding); the page's host is what such a request names.
     */
    public void serveOnly(Predicate<String> served) {
        hosts = served;
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
