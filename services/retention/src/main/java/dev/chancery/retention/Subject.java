package dev.chancery.retention;

import dev.chancery.decision.EventReading;
import dev.chancery.kernel.Fold;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.Eraser;
import dev.chancery.log.Streams.StoredEvent;
import dev.chancery.schema.options.v1.RetentionClass;
import dev.chancery.schema.retention.v1.DestructionCompleted;
import dev.chancery.schema.retention.v1.DestructionDecided;
import dev.chancery.schema.retention.v1.DestructionWithheld;
import dev.chancery.schema.retention.v1.HoldCleared;
import dev.chancery.schema.retention.v1.HoldSet;
import dev.chancery.schema.retention.v1.KeysDestroyed;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/**
 * What is held of one subject, and what is destroyed.
 *
 * @param holds those that were set, in that order
 * @param destructions by class, those that were decided
 * @param waiting by class, what holds withhold
 * @param requests those that were answered
 */
record Subject(
        List<Hold> holds,
        Map<RetentionClass, Destruction> destructions,
        Map<RetentionClass, Waiting> waiting,
        List<String> requests) {
    /** @param clearedAt the position that cleared it; empty: it holds */
    record Hold(HoldSet set, long position, Optional<Long> clearedAt) {
        boolean covers(RetentionClass retention) {
            return clearedAt.isEmpty() && set.getClassesList().contains(retention);
        }

        String id() {
            return set.getHoldId();
        }
    }

    /** Something that happened, and where it stands. */
    record At<T>(T what, long position) {}

    record Destruction(
            At<DestructionDecided> decided,
            Optional<At<KeysDestroyed>> destroyed,
            Optional<At<DestructionCompleted>> completed) {}

    record Waiting(DestructionWithheld withheld, long position) {}

    static StreamId stream(String subject) {
        return StreamId.of("retention", "subject", subject);
    }

    static final Fold<Subject, StoredEvent> FOLD = new Fold<>() {
        @Override
        public Subject initial() {
            return new Subject(List.of(), Map.of(), Map.of(), List.of());
        }

        @Override
        public Subject evolve(Subject state, StoredEvent event) {
            return switch (event.type()) {
                case "chancery.retention.v1.HoldSet" ->
                    state.held(new Hold(
                            EventReading.read(HoldSet.parser(), event.body()), event.position(), Optional.empty()));
                case "chancery.retention.v1.HoldCleared" ->
                    state.cleared(EventReading.read(HoldCleared.parser(), event.body()), event.position());
                case "chancery.retention.v1.DestructionDecided" ->
                    state.decided(EventReading.read(DestructionDecided.parser(), event.body()), event.position());
                case "chancery.retention.v1.DestructionWithheld" ->
                    state.withheld(EventReading.read(DestructionWithheld.parser(), event.body()), event.position());
                case "chancery.retention.v1.KeysDestroyed" -> {
                    var destroyed = EventReading.read(KeysDestroyed.parser(), event.body());
                    yield state.changed(
                            destroyed.getClassesList(),
                            known -> new Destruction(
                                    known.decided(),
                                    Optional.of(new At<>(destroyed, event.position())),
                                    known.completed()));
                }
                case "chancery.retention.v1.DestructionCompleted" -> {
                    var completed = EventReading.read(DestructionCompleted.parser(), event.body());
                    yield state.changed(
                            completed.getClassesList(),
                            known -> new Destruction(
                                    known.decided(),
                                    known.destroyed(),
                                    Optional.of(new At<>(completed, event.position()))));
                }
                default -> state;
            };
        }
    };

    private Subject held(Hold hold) {
        var all = new ArrayList<>(holds);
        all.add(hold);
        return new Subject(List.copyOf(all), destructions, waiting, requests);
    }

    private Subject cleared(HoldCleared cleared, long position) {
        return new Subject(
                holds.stream()
                        .map(hold -> hold.id().equals(cleared.getHoldId())
                                ? new Hold(hold.set(), hold.position(), Optional.of(position))
                                : hold)
                        .toList(),
                destructions,
                waiting,
                requests);
    }

    private Subject decided(DestructionDecided decided, long position) {
        Map<RetentionClass, Destruction> all = new TreeMap<>(destructions);
        Map<RetentionClass, Waiting> still = new LinkedHashMap<>(waiting);
        for (RetentionClass retention : decided.getClassesList()) {
            all.put(retention, new Destruction(new At<>(decided, position), Optional.empty(), Optional.empty()));
            still.remove(retention);
        }
        return new Subject(holds, all, still, answered(decided.getRequestId()));
    }

    private Subject withheld(DestructionWithheld withheld, long position) {
        Map<RetentionClass, Waiting> all = new LinkedHashMap<>(waiting);
        withheld.getClassesList().forEach(retention -> all.put(retention, new Waiting(withheld, position)));
        return new Subject(holds, destructions, all, answered(withheld.getRequestId()));
    }

    private List<String> answered(String request) {
        if (request.isEmpty() || requests.contains(request)) {
            return requests;
        }
        var all = new ArrayList<>(requests);
        all.add(request);
        return List.copyOf(all);
    }

    private Subject changed(Collection<RetentionClass> classes, UnaryOperator<Destruction> change) {
        Map<RetentionClass, Destruction> all = new TreeMap<>(destructions);
        classes.forEach(retention -> all.computeIfPresent(retention, (name, known) -> change.apply(known)));
        return new Subject(holds, all, waiting, requests);
    }

    /** Of the records that its holds, and what became of its classes, are known from. */
    Set<Long> positions() {
        Set<Long> positions = new TreeSet<>();
        holds.forEach(hold -> {
            positions.add(hold.position());
            hold.clearedAt().ifPresent(positions::add);
        });
        waiting.values().forEach(each -> positions.add(each.position()));
        destructions.values().forEach(each -> {
            positions.add(each.decided().position());
            each.destroyed().ifPresent(at -> positions.add(at.position()));
            each.completed().ifPresent(at -> positions.add(at.position()));
        });
        return positions;
    }

    Optional<Hold> find(String holdId) {
        return holds.stream().filter(hold -> hold.id().equals(holdId)).findFirst();
    }

    /** The holds that hold. */
    List<Hold> holding() {
        return holds.stream().filter(hold -> hold.clearedAt().isEmpty()).toList();
    }

    List<Hold> covering(RetentionClass retention) {
        return holds.stream().filter(hold -> hold.covers(retention)).toList();
    }

    boolean isDecided(RetentionClass retention) {
        return destructions.containsKey(retention);
    }

    /** How far the destruction of each class is that was decided, in words. */
    Map<RetentionClass, String> progress() {
        Map<RetentionClass, String> progress = new TreeMap<>();
        destructions.forEach((retention, destruction) -> progress.put(
                retention,
                destruction.destroyed().isPresent()
                        ? "its keys were destroyed at position "
                                + destruction.destroyed().get().position()
                        : "decided at position " + destruction.decided().position()
                                + "; its keys may be gone already"));
        return progress;
    }

    /** Classes that a hold can keep. */
    List<RetentionClass> undecided() {
        return Eraser.allClasses().stream()
                .filter(retention -> !isDecided(retention))
                .toList();
    }

    /** Classes that may be destroyed: undecided, and no hold covers them. The one hold check. */
    List<RetentionClass> free() {
        return undecided().stream()
                .filter(retention -> covering(retention).isEmpty())
                .toList();
    }

    /** Classes whose keys are to be destroyed now. */
    List<RetentionClass> undestroyed() {
        return destructions.entrySet().stream()
                .filter(each -> each.getValue().destroyed().isEmpty())
                .map(Map.Entry::getKey)
                .toList();
    }

    /** Classes whose keys are destroyed while those above them are not. */
    List<RetentionClass> uncompleted() {
        return uncompleted(Long.MAX_VALUE);
    }

    /** Those of {@link #uncompleted()} whose horizon is here. */
    List<RetentionClass> due(long nowMicros) {
        return uncompleted(nowMicros);
    }

    private List<RetentionClass> uncompleted(long horizonUntilMicros) {
        return destructions.entrySet().stream()
                .filter(each -> each.getValue().completed().isEmpty()
                        && each.getValue()
                                .destroyed()
                                .filter(destroyed -> destroyed.what().getHorizonMicros() <= horizonUntilMicros)
                                .isPresent())
                .map(Map.Entry::getKey)
                .toList();
    }
}
