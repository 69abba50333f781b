package dev.chancery.notes;

import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.Methods;
import dev.chancery.command.ReadContext;
import dev.chancery.command.RefusedException;
import dev.chancery.database.Database;
import dev.chancery.decision.DecisionPoint;
import dev.chancery.feature.Feature;
import dev.chancery.log.NewEvent;
import dev.chancery.notes.v1.GetRoomReply;
import dev.chancery.notes.v1.GetRoomRequest;
import dev.chancery.notes.v1.ListNotesReply;
import dev.chancery.notes.v1.ListNotesRequest;
import dev.chancery.notes.v1.NotePinned;
import dev.chancery.notes.v1.PinNoteReply;
import dev.chancery.notes.v1.PinNoteRequest;
import java.time.Duration;
import java.util.OptionalLong;

/** The methods of chancery.notes.v1.NotesService. */
final class NotesService implements Feature {
    private static final String SERVICE = "chancery.notes.v1.NotesService/";

    private final Database database;
    private final DecisionPoint decisions;

    NotesService(Database database, DecisionPoint decisions) {
        this.database = database;
        this.decisions = decisions;
    }

    @Override
    public String name() {
        return "notes";
    }

    @Override
    public void register(Methods methods) {
        methods.command(SERVICE + "PinNote", PinNoteRequest.class, NotesService::pin)
                .query(SERVICE + "ListNotes", ListNotesRequest.class, this::list)
                .query(SERVICE + "GetRoom", GetRoomRequest.class, this::room);
    }

    /** Decides on what it has read: if the board moves before the outcome is appended, it is called again. */
    private static CommandOutcome pin(CommandContext context, PinNoteRequest request) {
        if (context.read(Board.STREAM, Board.FOLD).room() == 0) {
            return CommandOutcome.reject(NotesRejection.BOARD_FULL);
        }
        String id = context.newId();
        return CommandOutcome.done(
                PinNoteReply.newBuilder().setNoteId(id).build(),
                new NewEvent(
                        Board.STREAM,
                        NotePinned.newBuilder()
                                .setNoteId(id)
                                .setTitle(request.getTitle())
                                .build()));
    }

    private ListNotesReply list(ReadContext context, ListNotesRequest request) {
        return database.inTenant(NotesFeature.ROLE, context.tenant(), connection -> {
            var reply = ListNotesReply.newBuilder();
            try (var query = connection.prepareStatement(
                    "SELECT title FROM notes.note WHERE tenant = ? ORDER BY position LIMIT " + Board.MAX_NOTES)) {
                query.setString(1, context.tenant());
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        reply.addTitles(rows.getString(1));
                    }
                }
            }
            return reply.build();
        });
    }

    private GetRoomReply room(ReadContext context, GetRoomRequest request) throws RefusedException {
        // A position that the request carries was waited for before.
        Board board = decisions
                .state(context.tenant(), Board.PART, "", OptionalLong.empty(), Duration.ZERO)
                .orElseThrow(() -> new RefusedException(BoundaryRejection.STALE));
        return GetRoomReply.newBuilder().setNotes(board.room()).build();
    }
}
