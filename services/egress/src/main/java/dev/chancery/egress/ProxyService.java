package dev.chancery.egress;

import dev.chancery.command.Methods;
import dev.chancery.feature.Feature;
import dev.chancery.feature.ProxyOptions;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The proxy at work; it has no methods. */
final class ProxyService implements Feature {
    private final ProxyOptions options;
    private final ProxyDecider decider;
    private final List<DecisionLog> logs;
    private volatile @Nullable ProxyServer server;

    ProxyService(ProxyOptions options, ProxyDecider decider, List<DecisionLog> logs) {
        this.options = options;
        this.decider = decider;
        this.logs = logs;
    }

    @Override
    public String name() {
        return "proxy";
    }

    @Override
    public void register(Methods methods) {}

    @Override
    public void start() {
        logs.forEach(DecisionLog::start);
        var starting = new ProxyServer(options, decider);
        server = starting;
        starting.start();
        options.listening().accept(starting.port());
    }

    @Override
    public void stop() {
        ProxyServer running = server;
        if (running != null) {
            running.close();
        }
        logs.forEach(DecisionLog::close);
    }

    @Override
    public List<Measure> measures() {
        return List.of(
                new Measure(
                        "chancery.proxy.connections", "Connections of callers through the proxy.", this::connections),
                new Measure("chancery.proxy.strangers", "Connections that have sent no good token.", this::strangers));
    }

    private Number connections() {
        ProxyServer running = server;
        return running == null ? 0 : running.connections();
    }

    private Number strangers() {
        ProxyServer running = server;
        return running == null ? 0 : running.strangers();
    }
}
