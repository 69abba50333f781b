package dev.chancery.decision;

import dev.chancery.kernel.Fold;
import dev.chancery.kernel.StreamId;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.egress.v1.ConnectorConnected;
import dev.chancery.schema.egress.v1.ConnectorDisconnected;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A workspace's connectors that are connected.
 *
 * @param since position of the record that connected each; connecting it once more only changes its hosts
 */
public record Connections(Map<String, Long> since) {
    public static final Fold<Connections, LogEvent> FOLD = new Fold<>() {
        @Override
        public Connections initial() {
            return new Connections(Map.of());
        }

        @Override
        public Connections evolve(Connections state, LogEvent event) {
            return switch (event.type()) {
                case "chancery.egress.v1.ConnectorConnected" -> {
                    var since = new HashMap<>(state.since());
                    since.putIfAbsent(
                            EventReading.read(ConnectorConnected.parser(), event.body())
                                    .getConnector(),
                            event.position());
                    yield new Connections(since);
                }
                case "chancery.egress.v1.ConnectorDisconnected" -> {
                    var since = new HashMap<>(state.since());
                    since.remove(EventReading.read(ConnectorDisconnected.parser(), event.body())
                            .getConnector());
                    yield new Connections(since);
                }
                default -> state;
            };
        }
    };

    public Connections {
        since = Map.copyOf(since);
    }

    public static StreamId stream(String workspace) {
        return ListedHosts.stream(workspace);
    }

    public boolean has(String connector) {
        return since.containsKey(connector);
    }

    /** Whether a connector is connected, and was not disconnected since this position. */
    public boolean has(String connector, long position) {
        return Optional.ofNullable(since.get(connector))
                .filter(connected -> connected < position)
                .isPresent();
    }
}
