package dev.chancery.quickstart;

import dev.chancery.app.Application;
import dev.chancery.app.KafkaGrants;
import dev.chancery.app.Settings;
import dev.chancery.database.Database;
import dev.chancery.feature.FeatureDescription;
import dev.chancery.feature.ProcessRole;
import dev.chancery.feature.ReplayCheck;
import java.util.Properties;

/**
 * {@code chancery replay --check}: builds the views and the ledger a second time, from Kafka alone, in empty tables beside the live
 * ones, and compares: the same view hash and the same root, for every tenant, at the positions that the live ones stand at.
 */
final class Replay {
    private Replay() {}

    /** Starts what is needed on a stopped directory, attaches to the servers of a running one; true when all is equal. */
    static boolean check(Options options) {
        boolean equal = equal(options);
        if (!equal) {
            System.out.println("if Kafka lacks something, `./chancery repair --data " + options.data() + "` names it");
        }
        return equal;
    }

    private static boolean equal(Options options) {
        if (DataDirectory.isHeld(options.data())) {
            try (Attached running = Attached.to(options.data())) {
                return equal(
                        running.instanceId(),
                        running.database(),
                        running.kafkaClient(KafkaGrants.user(ProcessRole.PROJECTORS)));
            }
        }
        try (DataDirectory data = DataDirectory.open(options.data(), false);
                Servers servers = Servers.start(data);
                Database database = servers.pooled()) {
            Application.migrate(database);
            return equal(data.instanceId(), database, servers.kafkaClient(ProcessRole.PROJECTORS));
        }
    }

    private static boolean equal(String instanceId, Database database, Properties kafka) {
        return new ReplayCheck(instanceId, database, kafka, Settings.LOG_TOPIC, System.out::println)
                .equal(FeatureDescription.all());
    }
}
