package dev.chancery.app.configuration;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.common.config.SslConfigs;
import org.apache.kafka.common.security.auth.SecurityProtocol;
import org.eclipse.microprofile.config.Config;

/** Kafka's access: the settings that Quarkus made of the {@code kafka.*} properties, over TLS with certificates out of files. */
public final class KafkaFiles {
    private static final String PREFIX = "kafka.";

    private KafkaFiles() {}

    /** The {@code kafka.*} properties without their prefix, as Quarkus hands them to a running process. */
    public static Map<String, Object> named(Config properties) {
        Map<String, Object> named = new HashMap<>();
        for (String name : properties.getPropertyNames()) {
            if (name.startsWith(PREFIX)) {
                named.put(name.substring(PREFIX.length()), properties.getValue(name, String.class));
            }
        }
        return named;
    }

    /** @throws Unusable if the brokers aren't named, a file is missing, or records would go over a network in clear */
    public static Properties client(ChanceryConfig.Kafka config, Map<String, Object> broker) {
        var client = new Properties();
        config.caFile().ifPresent(ca -> {
            client.put(CommonClientConfigs.SECURITY_PROTOCOL_CONFIG, SecurityProtocol.SSL.name);
            client.put(SslConfigs.SSL_TRUSTSTORE_TYPE_CONFIG, "PEM");
            client.put(SslConfigs.SSL_TRUSTSTORE_CERTIFICATES_CONFIG, SecretFiles.text(ca));
        });
        Optional<Path> certificate = config.certificateFile();
        if (certificate.isPresent() != config.keyFile().isPresent()) {
            throw new Unusable("set chancery.kafka.certificate-file and chancery.kafka.key-file together");
        }
        if (certificate.isPresent()) {
            client.put(SslConfigs.SSL_KEYSTORE_TYPE_CONFIG, "PEM");
            client.put(SslConfigs.SSL_KEYSTORE_CERTIFICATE_CHAIN_CONFIG, SecretFiles.text(certificate.get()));
            client.put(
                    SslConfigs.SSL_KEYSTORE_KEY_CONFIG,
                    SecretFiles.read(config.keyFile().orElseThrow()));
        }
        client.putAll(broker);
        // Quarkus names a group after the application; each consumer here has its own.
        client.remove(CommonClientConfigs.GROUP_ID_CONFIG);
        requireTls(client);
        return client;
    }

    private static void requireTls(Properties client) {
        String servers = client.getProperty(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG);
        if (servers == null) {
            throw new Unusable("set kafka.bootstrap.servers to Kafka's brokers, as host:port, separated by commas");
        }
        String protocol = client.getProperty(CommonClientConfigs.SECURITY_PROTOCOL_CONFIG, "PLAINTEXT");
        boolean loopback = Arrays.stream(servers.split(","))
                .map(server -> server.strip().replaceFirst(":[0-9]+$", ""))
                .allMatch(Loopback::is);
        if (!loopback && !protocol.endsWith("SSL")) {
            throw new Unusable("Kafka on " + servers + " is reached over a network: set chancery.kafka.ca-file");
        }
    }
}
