package dev.chancery.embedded;

import java.nio.file.Path;
import java.util.Properties;
import org.apache.kafka.common.config.SslConfigs;
import org.apache.kafka.common.security.plain.PlainLoginModule;
import org.apache.kafka.common.security.scram.ScramLoginModule;
import org.apache.kafka.metadata.authorizer.StandardAuthorizer;
import org.jspecify.annotations.Nullable;

/**
 * One node that is broker and controller, small, and keeps everything.
 *
 * <p><b>What is lost:</b> nothing when the process is killed. When the machine goes down, at most what a partition took in its
 * last {@link #FLUSH_MESSAGES} messages or {@link #FLUSH_MILLIS} (checked each {@link #FLUSH_MILLIS}, so up to twice that),
 * although Kafka had acknowledged it. What is on Kafka came from PostgreSQL, which forgets nothing that it acknowledged: the relay
 * compares both ends at its start and puts the log's records there again. A lost pulse or checkpoint is followed by a later one that
 * says more. One flush for each batch would cost each
 * command a second wait for the disk, to protect a copy.
 */
final class KafkaSettings {
    static final int NODE_ID = 1;
    static final String CONTROLLER = "CONTROLLER";
    static final long FLUSH_MESSAGES = 10_000;
    static final long FLUSH_MILLIS = 500;
    /** The largest record is 1 MiB; its key, headers and batch come on top. */
    static final int MAX_MESSAGE_BYTES = 2 << 20;

    static final String SCRAM = "SCRAM-SHA-512";

    private static final String NODE = "node";
    private static final String BROKER = "BROKER";

    private KafkaSettings() {}

    /**
     * @param administrator the password of {@link EmbeddedKafka#ADMINISTRATOR}; null: no client is asked for one
     * @param node what the node itself shows to its controller, another one at each start
     */
    static Properties of(
            Path data,
            int port,
            int controllerPort,
            @Nullable ServerTls tls,
            @Nullable String administrator,
            String node) {
        String controller = Ports.LOOPBACK + ":" + controllerPort;
        String broker = BROKER + "://" + Ports.LOOPBACK + ":" + port;
        var settings = new Properties();
        put(settings, "process.roles", "broker,controller");
        put(settings, "node.id", NODE_ID);
        put(settings, "log.dirs", data);
        put(settings, "listeners", broker + "," + CONTROLLER + "://" + controller);
        put(settings, "advertised.listeners", broker);
        String clients = tls != null ? "SSL" : administrator != null ? "SASL_PLAINTEXT" : "PLAINTEXT";
        put(settings, "listener.security.protocol.map", BROKER + ":" + clients + "," + CONTROLLER + ":SASL_PLAINTEXT");
        // Kafka's controller can't look SCRAM passwords up before it has started: nobody but this node is to get in
        // anyway.
        put(settings, "sasl.mechanism.controller.protocol", "PLAIN");
        put(settings, "listener.name.controller.sasl.enabled.mechanisms", "PLAIN");
        put(
                settings,
                "listener.name.controller.plain.sasl.jaas.config",
                PlainLoginModule.class.getName() + " required username=\"" + NODE + "\" password=\"" + node + "\" user_"
                        + NODE + "=\"" + node + "\";");
        if (administrator != null) {
            put(settings, "sasl.mechanism.inter.broker.protocol", SCRAM);
            put(settings, "listener.name.broker.sasl.enabled.mechanisms", SCRAM);
            put(
                    settings,
                    "listener.name.broker.scram-sha-512.sasl.jaas.config",
                    ScramLoginModule.class.getName() + " required username=\"" + EmbeddedKafka.ADMINISTRATOR
                            + "\" password=\"" + administrator + "\";");
            put(settings, "authorizer.class.name", StandardAuthorizer.class.getName());
            put(settings, "super.users", "User:" + NODE + ";User:" + EmbeddedKafka.ADMINISTRATOR);
        }
        if (tls != null) {
            put(settings, "ssl.client.auth", "required");
            put(settings, SslConfigs.SSL_KEYSTORE_TYPE_CONFIG, "PEM");
            put(settings, SslConfigs.SSL_KEYSTORE_CERTIFICATE_CHAIN_CONFIG, ServerTls.text(tls.certificate()));
            put(settings, SslConfigs.SSL_KEYSTORE_KEY_CONFIG, ServerTls.text(tls.key()));
            put(settings, SslConfigs.SSL_TRUSTSTORE_TYPE_CONFIG, "PEM");
            put(settings, SslConfigs.SSL_TRUSTSTORE_CERTIFICATES_CONFIG, ServerTls.text(tls.authority()));
        }
        put(settings, "inter.broker.listener.name", BROKER);
        put(settings, "controller.listener.names", CONTROLLER);
        // Not the dynamic quorum: that writes the controller's port into its log, and ours may change.
        put(settings, "controller.quorum.voters", NODE_ID + "@" + controller);

        // one node
        put(settings, "default.replication.factor", 1);
        put(settings, "min.insync.replicas", 1);
        put(settings, "offsets.topic.replication.factor", 1);
        put(settings, "offsets.topic.num.partitions", 4);
        put(settings, "transaction.state.log.replication.factor", 1);
        put(settings, "transaction.state.log.min.isr", 1);
        put(settings, "transaction.state.log.num.partitions", 4);
        put(settings, "share.coordinator.state.topic.replication.factor", 1);
        put(settings, "share.coordinator.state.topic.min.isr", 1);
        put(settings, "share.coordinator.state.topic.num.partitions", 1);
        put(settings, "group.initial.rebalance.delay.ms", 0);
        // After a kill the controller keeps the dead broker's place for this long, and the new one waits. A process
        // that stalls for longer serves nobody until its next heartbeat.
        put(settings, "broker.session.timeout.ms", 3_000);
        put(settings, "broker.heartbeat.interval.ms", 500);
        put(settings, "auto.create.topics.enable", false);

        // everything is kept; a group that was away for long finds its place again
        put(settings, "log.retention.ms", -1);
        put(settings, "log.retention.bytes", -1);
        put(settings, "offsets.retention.minutes", 5_256_000);
        put(settings, "message.max.bytes", MAX_MESSAGE_BYTES);
        put(settings, "replica.fetch.max.bytes", MAX_MESSAGE_BYTES);
        put(settings, "log.flush.interval.messages", FLUSH_MESSAGES);
        put(settings, "log.flush.interval.ms", FLUSH_MILLIS);
        put(settings, "log.flush.scheduler.interval.ms", FLUSH_MILLIS);

        // small
        put(settings, "num.network.threads", 2);
        put(settings, "num.io.threads", 4);
        put(settings, "background.threads", 2);
        put(settings, "num.replica.fetchers", 1);
        put(settings, "num.recovery.threads.per.data.dir", 1);
        put(settings, "log.cleaner.threads", 1);
        put(settings, "log.cleaner.dedupe.buffer.size", 4 << 20);
        put(settings, "log.segment.bytes", 256 << 20);
        put(settings, "log.index.size.max.bytes", 1 << 20);
        put(settings, "offsets.topic.segment.bytes", 16 << 20);
        put(settings, "transaction.state.log.segment.bytes", 16 << 20);
        put(settings, "metadata.log.segment.bytes", 32 << 20);
        put(settings, "queued.max.requests", 100);
        put(settings, "producer.id.expiration.ms", 86_400_000);
        // The default writes (and flushes) an empty metadata record twice a second, for ever.
        put(settings, "metadata.max.idle.interval.ms", 5_000);
        put(settings, "controlled.shutdown.enable", true);
        return settings;
    }

    private static void put(Properties settings, String name, Object value) {
        settings.setProperty(name, value.toString());
    }
}
