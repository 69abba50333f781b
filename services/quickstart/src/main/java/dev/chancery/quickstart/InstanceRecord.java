package dev.chancery.quickstart;

import com.google.protobuf.UnsafeByteOperations;
import dev.chancery.app.configuration.Unusable;
import dev.chancery.command.Ids;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.kernel.Principal;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.SealContext;
import dev.chancery.keyring.Sealer;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.log.AppendResult;
import dev.chancery.log.Appender;
import dev.chancery.log.Draft;
import dev.chancery.schema.log.v1.Actor;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.schema.log.v1.Intent;
import dev.chancery.schema.log.v1.IntentRef;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.schema.log.v1.Target;
import dev.chancery.schema.options.v1.RetentionClass;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * What is done to a whole installation by who holds its data directory and key file (a repair, a backup, a restore), in the installation's own log
 * as any privileged action: the intent, with a sealed reason, is durable before anything is done; the outcome follows. There is no principal, so
 * the actor is the system.
 */
final class InstanceRecord implements AutoCloseable {
    /** What is done; the auditor knows these actions, which are no method's. */
    enum Act {
        REPAIR("identity.instance.repair", "identity.repair-incomplete"),
        BACKUP("identity.instance.backup", "identity.backup-incomplete"),
        RESTORE("identity.instance.restore", "identity.restore-incomplete");

        private final String action;
        private final String incomplete;

        Act(String action, String incomplete) {
            this.action = action;
            this.incomplete = incomplete;
        }
    }

    /** Characters of the reason of a repair, backup or restore that are kept: an entry has an upper limit. */
    private static final int MAX_REASON_CHARS = 4_000;

    private final Act act;
    private final Appender appender;
    private final Keyring keyring;
    private final AppendResult.Appended intent;

    /**
     * Records the intent.
     *
     * @param reasons lines; what is too long is cut
     * @param limitSeconds for the outcome
     * @throws Unusable when it can't be recorded: then nothing is to be done
     */
    InstanceRecord(
            Act act, Database database, String instanceId, Sealer sealer, List<String> reasons, long limitSeconds) {
        this.act = act;
        DatabaseRole role = DatabaseRole.IDENTITY;
        keyring = new Keyring(database, sealer);
        appender = new Appender(database, role, instanceId, new SigningKeys(database, sealer), Optional::empty);
        var entryId = Ids.uuidV7();
        String reason = String.join("\n", reasons);
        Statement statement = statement(Ids.bytes(entryId))
                .setReason(keyring.seal(
                        new SealContext(
                                Principal.INSTANCE,
                                "",
                                RetentionClass.RETENTION_CLASS_AUDIT,
                                entryId,
                                Statement.getDescriptor().getFullName(),
                                "reason"),
                        reason.length() > MAX_REASON_CHARS ? reason.substring(0, MAX_REASON_CHARS) : reason))
                .setIntent(Intent.getDefaultInstance())
                .build();
        intent = appended(
                Draft.intent(Principal.INSTANCE, statement, TimeUnit.SECONDS.toMillis(limitSeconds), Optional.empty()));
    }

    /** Records what came of it. */
    void end(boolean whole) {
        var outcome = Outcome.newBuilder()
                .setResult(whole ? Result.SUCCESS : Result.FAILURE)
                .setCode(whole ? "" : act.incomplete)
                .setIntent(IntentRef.newBuilder()
                        .setPosition(intent.position())
                        .setHash(UnsafeByteOperations.unsafeWrap(intent.hash().bytes())));
        appended(new Draft(
                Principal.INSTANCE,
                statement(Ids.bytes(Ids.uuidV7())).setOutcome(outcome).build(),
                0,
                List.of(),
                List.of(),
                Optional.empty(),
                Map.of()));
    }

    private Statement.Builder statement(byte[] entryId) {
        return Statement.newBuilder()
                .setEntryId(UnsafeByteOperations.unsafeWrap(entryId))
                .setActor(
                        Actor.newBuilder().setType(ActorType.ACTOR_TYPE_SYSTEM).setId("system"))
                .setAction(act.action)
                .setTarget(Target.newBuilder().setType("organisation").setId(Principal.INSTANCE));
    }

    private AppendResult.Appended appended(Draft draft) {
        return switch (appender.append(draft)) {
            case AppendResult.Appended done -> done;
            case AppendResult.Refused refused ->
                throw new Unusable("nothing was done: it can't be recorded in the installation's log: "
                        + refused.rejection().code());
            case AppendResult.Moved _, AppendResult.Replayed _, AppendResult.Taken _ ->
                throw new IllegalStateException("it rests on nothing and claims nothing");
        };
    }

    @Override
    public void close() {
        appender.close();
    }
}
