package dev.chancery.notes;

import dev.chancery.decision.Part;
import dev.chancery.kernel.Fold;
import dev.chancery.kernel.StreamId;
import dev.chancery.schema.LogEvent;

/** How full an organisation's board is. */
record Board(int notes) {
    static final int MAX_NOTES = 2;
    static final StreamId STREAM = StreamId.of("notes", "board");

    static final Fold<Board, LogEvent> FOLD = new Fold<>() {
        @Override
        public Board initial() {
            return new Board(0);
        }

        @Override
        public Board evolve(Board state, LogEvent event) {
            return event.type().equals("chancery.notes.v1.NotePinned") ? new Board(state.notes() + 1) : state;
        }
    };

    static final Part<Board> PART = new Part<>(STREAM.value(), FOLD);

    int room() {
        return MAX_NOTES - notes;
    }
}
