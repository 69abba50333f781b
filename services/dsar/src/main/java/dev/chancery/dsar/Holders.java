package dev.chancery.dsar;

import dev.chancery.decision.EventReading;
import dev.chancery.decision.Part;
import dev.chancery.kernel.Fold;
import dev.chancery.kernel.StreamId;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.dsar.v1.HolderAction;
import dev.chancery.schema.dsar.v1.HolderRegistered;
import dev.chancery.schema.dsar.v1.HolderRemoved;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/** The systems that hold data of an organisation's subjects, by name. */
record Holders(SortedMap<String, Holder> all) {
    /** An organisation's systems. */
    static final int MAX = 50;

    static final StreamId STREAM = StreamId.of("dsar", "holders");

    /** @param entryId that its secret is sealed to */
    record Holder(HolderRegistered registered, UUID entryId) {
        String name() {
            return registered.getHolder();
        }

        boolean can(HolderAction action) {
            return registered.getActionsList().contains(action);
        }
    }

    static final Fold<Holders, LogEvent> FOLD = new Fold<>() {
        @Override
        public Holders initial() {
            return new Holders(Collections.emptySortedMap());
        }

        @Override
        public Holders evolve(Holders state, LogEvent event) {
            return switch (event.type()) {
                case "chancery.dsar.v1.HolderRegistered" -> {
                    var registered = EventReading.read(HolderRegistered.parser(), event.body());
                    var more = new TreeMap<>(state.all);
                    more.put(registered.getHolder(), new Holder(registered, event.entryId()));
                    yield new Holders(more);
                }
                case "chancery.dsar.v1.HolderRemoved" -> {
                    var fewer = new TreeMap<>(state.all);
                    fewer.remove(EventReading.read(HolderRemoved.parser(), event.body())
                            .getHolder());
                    yield new Holders(fewer);
                }
                default -> state;
            };
        }
    };

    static final Part<Holders> PART = new Part<>(STREAM.value(), FOLD);

    Holders {
        all = Collections.unmodifiableSortedMap(new TreeMap<>(all));
    }

    Optional<Holder> find(String name) {
        return Optional.ofNullable(all.get(name));
    }

    List<Holder> that(HolderAction action) {
        return all.values().stream().filter(holder -> holder.can(action)).toList();
    }
}
