package dev.chancery.app;

import dev.chancery.boundary.http.StandardEndpoints;
import dev.chancery.boundary.http.StartupGate;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.kernel.Rejection;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;
import org.jspecify.annotations.Nullable;

/**
 * Where the application meets Quarkus: its HTTP router, and its readiness. Until it is started, and while it is sealed, callers are told to come
 * again.
 */
@Singleton
public class HttpFront {
    /** Of the process's keys: in all states but one, nothing is let in. Readiness names the state in small letters. */
    enum Seal {
        /** The process has its keys, or needs none. */
        OPEN,
        /** It has none. */
        SEALED,
        /** It has them, and starts. */
        UNSEALING,
        /** It gives them up: calls in flight end, then the process. */
        SEALING
    }

    private final Vertx vertx;
    private @Nullable Router router;
    private volatile @Nullable Application application;
    private volatile Predicate<String> hosts = host -> true;
    private volatile Seal seal = Seal.OPEN;

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
        StartupGate.mount(mainRouter, this::closed, host -> hosts.test(host));
    }

    /** Why nothing is let in now; empty: it is. */
    private Optional<Rejection> closed() {
        if (seal != Seal.OPEN) {
            return Optional.of(BoundaryRejection.SEALED);
        }
        Application behind = application;
        return behind != null && behind.isStarted() ? Optional.empty() : Optional.of(BoundaryRejection.UNAVAILABLE);
    }

    /** From now on callers, and readiness, are told so. */
    void is(Seal state) {
        seal = state;
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

    private List<String> complaints(@Nullable Application running) {
        Seal state = seal;
        if (state != Seal.OPEN) {
            return List.of(state.name().toLowerCase(Locale.ROOT));
        }
        return running == null ? List.of("starting") : running.complaints();
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
            List<String> complaints = doors.complaints(running);
            return HealthCheckResponse.named("chancery")
                    .status(complaints.isEmpty())
                    .withData("complaints", String.join("; ", complaints))
                    .withData("warnings", running == null ? "" : String.join("; ", running.warnings()))
                    .build();
        }
    }
}
