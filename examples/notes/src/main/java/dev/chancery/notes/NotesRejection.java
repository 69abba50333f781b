package dev.chancery.notes;

import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.Rejection.Kind;
import java.util.List;

/** Why notes refuses. */
final class NotesRejection {
    static final Rejection BOARD_FULL = new Rejection(
            "notes.board-full", Kind.CONFLICT, "The board has no room for another note.", "Take a note off first.");

    /** All of them. */
    static final List<Rejection> ALL = Rejection.constantsOf(NotesRejection.class);

    private NotesRejection() {}
}
