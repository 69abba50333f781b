package dev.chancery.retention;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.AuthorityStreams;
import dev.chancery.keyring.Eraser;
import dev.chancery.log.Claims;
import dev.chancery.log.StreamScan;
import dev.chancery.schema.options.v1.RetentionClass;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Forgets again who was forgotten, in a database that was restored from before. The log says who: whatever was decided is destroyed, whether the
 * loss came before the destruction or after it. What a hold had withheld stays: holds are in the log too.
 *
 * <p>Where an erasure had been completed, the keys above the subject's are replaced again, so that the backup that brought them back opens nothing
 * with the key file of the restored instance. One that was only begun goes on by itself once the instance runs. It can be repeated: what is to be
 * replaced follows from the log and from what is there, not from what this run destroyed.
 */
final class ErasureReplay {
    private static final List<String> SUBJECTS = List.of("retention/subject/");

    private final Database database;
    private final Eraser eraser;

    ErasureReplay(Database database, Eraser eraser) {
        this.database = database;
        this.eraser = eraser;
    }

    /** What it did in an organisation, a line for each subject whose keys had come back. */
    List<String> run(String tenant) {
        Map<String, Subject> subjects = new LinkedHashMap<>();
        new StreamScan(database, DatabaseRole.RETENTION)
                .scan(
                        tenant,
                        SUBJECTS,
                        -1,
                        (stream, event) -> subjects.merge(
                                stream.value().substring(SUBJECTS.getFirst().length()),
                                Subject.FOLD.evolve(Subject.FOLD.initial(), event),
                                (known, first) -> Subject.FOLD.evolve(known, event)));
        var said = new ArrayList<String>();
        var beyond = new Eraser.Above(0, 0);
        for (Map.Entry<String, Subject> each : subjects.entrySet()) {
            Map<RetentionClass, Subject.Destruction> destructions =
                    each.getValue().destructions();
            Set<RetentionClass> decided = destructions.keySet();
            if (decided.isEmpty()) {
                continue;
            }
            List<RetentionClass> completed = destructions.entrySet().stream()
                    .filter(destruction -> destruction.getValue().completed().isPresent())
                    .map(Map.Entry::getKey)
                    .toList();
            beyond = SubjectEraser.later(beyond, SubjectEraser.above(each.getValue(), completed));
            int keys = eraser.destroy(tenant, each.getKey(), decided);
            if (decided.contains(RetentionClass.RETENTION_CLASS_ACCOUNT)) {
                new Claims(database, DatabaseRole.RETENTION).forget(tenant, AuthorityStreams.principal(each.getKey()));
            }
            if (keys > 0) {
                said.add("log " + tenant + ": subject " + each.getKey() + " is forgotten again, keys destroyed: "
                        + keys);
            }
        }
        if (beyond.tenantKey() > 0) {
            boolean replaced = eraser.isReplaced(tenant, beyond);
            // In either case: a process that died in here may have left the ring's older version.
            eraser.renew(tenant, beyond);
            if (!replaced) {
                said.add("log " + tenant + ": the keys above those of the forgotten are replaced again");
            }
        }
        return said;
    }
}
