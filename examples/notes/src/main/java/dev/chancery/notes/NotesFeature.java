package dev.chancery.notes;

import dev.chancery.database.DatabaseRole;
import dev.chancery.database.DatabaseRole.Group;
import dev.chancery.decision.Part;
import dev.chancery.feature.Feature;
import dev.chancery.feature.FeatureDescription;
import dev.chancery.feature.FeatureParts;
import dev.chancery.feature.FeatureProjection;
import dev.chancery.feature.ProcessRole;
import dev.chancery.kernel.Rejection;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What the application needs to know about notes. */
public final class NotesFeature implements FeatureDescription {
    static final DatabaseRole ROLE = new DatabaseRole("notes", Set.of(Group.WRITER, Group.PROJECTOR));

    @Override
    public String name() {
        return "notes";
    }

    @Override
    public ProcessRole process() {
        return ProcessRole.CORE;
    }

    @Override
    public DatabaseRole databaseRole() {
        return ROLE;
    }

    @Override
    public List<Rejection> rejections() {
        return NotesRejection.ALL;
    }

    @Override
    public List<Part<?>> decisionParts() {
        return List.of(Board.PART);
    }

    @Override
    public Optional<FeatureProjection> projection() {
        return Optional.of(FeatureProjection.answering(
                parts -> new NotesProjection("notes", ROLE),
                schema -> new NotesProjection(schema, DatabaseRole.REPLAY)));
    }

    @Override
    public Feature create(FeatureParts parts) {
        return new NotesService(parts.database(), parts.decisions());
    }
}
