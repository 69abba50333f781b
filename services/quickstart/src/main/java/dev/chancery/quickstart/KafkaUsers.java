package dev.chancery.quickstart;

import dev.chancery.app.KafkaGrants;
import dev.chancery.embedded.EmbeddedKafka;
import dev.chancery.feature.ProcessRole;
import dev.chancery.kafka.KafkaClients;
import dev.chancery.keyring.Sealer;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;

/** The users of the quick start's Kafka. Their passwords are derived from the sealer; {@code up} writes the reader's into a file, and no other. */
final class KafkaUsers {
    private KafkaUsers() {}

    static Map<String, String> passwords(Sealer sealer) {
        var passwords = new HashMap<String, String>();
        for (ProcessRole role : ProcessRole.ALL) {
            passwords.put(KafkaGrants.user(role), password(sealer, KafkaGrants.user(role)));
        }
        passwords.put(KafkaGrants.READER, password(sealer, KafkaGrants.READER));
        passwords.put(EmbeddedKafka.ADMINISTRATOR, password(sealer, EmbeddedKafka.ADMINISTRATOR));
        return passwords;
    }

    static Properties client(String bootstrapServers, String user, Sealer sealer) {
        return KafkaClients.byPassword(bootstrapServers, user, password(sealer, user));
    }

    private static String password(Sealer sealer, String user) {
        return sealer.derive("kafka/" + user);
    }
}
