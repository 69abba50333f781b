package dev.chancery.dsar;

import dev.chancery.decision.EventReading;
import dev.chancery.kernel.Fold;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.Eraser;
import dev.chancery.log.Streams.StoredEvent;
import dev.chancery.schema.options.v1.RetentionClass;
import dev.chancery.schema.retention.v1.DestructionCompleted;
import dev.chancery.schema.retention.v1.DestructionWithheld;
import dev.chancery.schema.retention.v1.KeysDestroyed;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * What became of a subject's keys, whoever asked for it.
 *
 * @param destroyed the retention classes whose keys are gone
 * @param keys how many that were
 * @param horizonMicros by when the keys above them are gone too
 * @param destroyedPosition of the record that said so last
 * @param unreadable the classes that no backup opens any more
 * @param unreadablePosition of the record that said so last; 0: none has
 * @param holds that keep the rest
 * @param withheldPosition of the record that said so last; -1: none keeps any
 */
record Destruction(
        Set<RetentionClass> destroyed,
        int keys,
        long horizonMicros,
        long destroyedPosition,
        Set<RetentionClass> unreadable,
        long unreadablePosition,
        List<String> holds,
        long withheldPosition) {
    private static final Set<RetentionClass> ERASABLE = EnumSet.copyOf(Eraser.erasable());

    static final Fold<Destruction, StoredEvent> FOLD = new Fold<>() {
        @Override
        public Destruction initial() {
            return new Destruction(Set.of(), 0, 0, -1, Set.of(), 0, List.of(), -1);
        }

        @Override
        public Destruction evolve(Destruction state, StoredEvent event) {
            return switch (event.type()) {
                case "chancery.retention.v1.KeysDestroyed" ->
                    state.destroyed(EventReading.read(KeysDestroyed.parser(), event.body()), event.position());
                case "chancery.retention.v1.DestructionWithheld" -> {
                    var withheld = EventReading.read(DestructionWithheld.parser(), event.body());
                    yield new Destruction(
                            state.destroyed,
                            state.keys,
                            state.horizonMicros,
                            state.destroyedPosition,
                            state.unreadable,
                            state.unreadablePosition,
                            withheld.getHoldIdsList(),
                            event.position());
                }
                case "chancery.retention.v1.DestructionCompleted" ->
                    state.completed(EventReading.read(DestructionCompleted.parser(), event.body()), event.position());
                default -> state;
            };
        }
    };

    Destruction {
        destroyed = Set.copyOf(destroyed);
        unreadable = Set.copyOf(unreadable);
        holds = List.copyOf(holds);
    }

    static StreamId stream(String subject) {
        return StreamId.of("retention", "subject", subject);
    }

    /** Whether no value that was sealed to the subject opens any more in the database, but what stays as evidence. */
    boolean isDone() {
        return destroyed.containsAll(ERASABLE);
    }

    /** Of the record that says that no backup opens anything that was erased; 0: there is none yet. */
    long metPosition() {
        return unreadable.containsAll(ERASABLE) ? unreadablePosition : 0;
    }

    private Destruction destroyed(KeysDestroyed event, long position) {
        return new Destruction(
                with(destroyed, event.getClassesList()),
                keys + event.getKeys(),
                Math.max(horizonMicros, event.getHorizonMicros()),
                position,
                unreadable,
                unreadablePosition,
                holds,
                withheldPosition);
    }

    private Destruction completed(DestructionCompleted event, long position) {
        return new Destruction(
                destroyed,
                keys,
                horizonMicros,
                destroyedPosition,
                with(unreadable, event.getClassesList()),
                position,
                holds,
                withheldPosition);
    }

    private static Set<RetentionClass> with(Set<RetentionClass> some, List<RetentionClass> more) {
        Set<RetentionClass> all = EnumSet.noneOf(RetentionClass.class);
        all.addAll(some);
        all.addAll(more);
        return all;
    }
}
