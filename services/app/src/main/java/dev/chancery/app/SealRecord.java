package dev.chancery.app;

import com.google.protobuf.UnsafeByteOperations;
import dev.chancery.command.Ids;
import dev.chancery.kernel.Principal;
import dev.chancery.log.AppendResult;
import dev.chancery.log.Appender;
import dev.chancery.log.Draft;
import dev.chancery.schema.log.v1.Actor;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.schema.log.v1.Target;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * What the installation's own log has of a process's keys: that it gives them up, and that it has them again. A record is of the feature whose
 * key signs it, and a process has the keys of its features alone: so the action is {@code vault.seal} in a process with the role {@code core},
 * {@code ledger.seal} in the ledger's, {@code proxy.seal} in the proxy's.
 *
 * <p>Appending again what may have been appended leaves two records that say the same.
 */
final class SealRecord {
    private static final Logger LOG = Logger.getLogger(SealRecord.class);

    /** Those that record it, the first that a process has. */
    private static final List<String> FEATURES = List.of("vault", "ledger", "proxy");

    private final String feature;
    private final Appender appender;
    private final String process;

    private SealRecord(String feature, Appender appender, String process) {
        this.feature = feature;
        this.appender = appender;
        this.process = process;
    }

    /**
     * The one of a process with these appenders; empty: it has no keys.
     *
     * @param appenders by feature
     * @param process its name in the installation
     */
    static Optional<SealRecord> of(Map<String, Appender> appenders, String process) {
        for (String feature : FEATURES) {
            Appender appender = appenders.get(feature);
            if (appender != null) {
                return Optional.of(new SealRecord(feature, appender, process));
            }
        }
        return Optional.empty();
    }

    /** Whether it is durable that the process gives its keys up. */
    boolean sealed() {
        return append("seal");
    }

    /** Whether it is durable that the process has its keys again. */
    boolean unsealed() {
        return append("unseal");
    }

    private boolean append(String what) {
        String action = feature + "." + what;
        Statement statement = Statement.newBuilder()
                .setEntryId(UnsafeByteOperations.unsafeWrap(Ids.bytes(Ids.uuidV7())))
                .setActor(
                        Actor.newBuilder().setType(ActorType.ACTOR_TYPE_SYSTEM).setId("system"))
                .setAction(action)
                .setTarget(Target.newBuilder().setType("process").setId(process))
                .setOutcome(Outcome.newBuilder().setResult(Result.SUCCESS))
                .build();
        AppendResult result = appender.append(
                new Draft(Principal.INSTANCE, statement, 0, List.of(), List.of(), Optional.empty(), Map.of()));
        if (result instanceof AppendResult.Refused refused) {
            LOG.warnf(
                    "Not recorded, tried again: action=%s code=%s",
                    action, refused.rejection().code());
        }
        return result instanceof AppendResult.Appended;
    }
}
