package dev.chancery.client;

import dev.chancery.kernel.SecretReference;
import io.smallrye.config.ConfigSourceInterceptor;
import io.smallrye.config.ConfigSourceInterceptorContext;
import io.smallrye.config.ConfigValue;
import io.smallrye.config.Expressions;
import io.smallrye.config.Priorities;
import jakarta.annotation.Priority;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Secrets in MicroProfile Config (SmallRye's, which Quarkus has): a property whose value is a reference, {@code
 * vault://<environment>/<path>}, has the secret's value, read when the property is, and read again after {@code chancery.vault.kept}. So
 * whoever asks the configuration each time has the new value of a secret that was turned.
 *
 * <p>Settings, properties too: {@code chancery.vault.url} (the instance's base URL: https, or http at a loopback address of
 * this machine, which means gRPC in clear there), {@code chancery.vault.grpc} ({@code host:port}),
 * {@code chancery.vault.key} (a file of {@code chancery keygen} with the client id), {@code chancery.vault.environment} (the only one
 * that references may name; left out: any), {@code chancery.vault.kept} and {@code chancery.vault.unheard} (ISO 8601; PT30S and PT5M).
 *
 * <p>Whoever reads configuration without expanding it, as a build does, gets the reference: a value is never recorded into an
 * application.
 *
 * <p><b>Thread safety:</b> safe.
 */
@Priority(VaultConfig.BEFORE_EXPRESSIONS)
public final class VaultConfig implements ConfigSourceInterceptor {
    private static final long serialVersionUID = 1L;

    /** So that nothing in a value is taken for an expression. */
    static final int BEFORE_EXPRESSIONS = Priorities.APPLICATION + 500;

    private static final String SETTINGS = "chancery.vault.";

    private transient @Nullable SecretReader reader;

    @Override
    public @Nullable ConfigValue getValue(ConfigSourceInterceptorContext context, String name) {
        ConfigValue found = context.proceed(name);
        return found == null
                        || found.getValue() == null
                        || !found.getValue().startsWith(SecretReference.SCHEME)
                        || !Expressions.isEnabled()
                ? found
                : found.withValue(reader(context).read(found.getValue()));
    }

    private synchronized SecretReader reader(ConfigSourceInterceptorContext context) {
        SecretReader known = reader;
        if (known == null) {
            known = SecretReader.connect(settings(context));
            reader = known;
        }
        return known;
    }

    private static SecretReaderSettings settings(ConfigSourceInterceptorContext context) {
        URI url = URI.create(required(context, "url"));
        URI grpc = URI.create("grpc://" + required(context, "grpc"));
        boolean plaintext = "http".equalsIgnoreCase(url.getScheme());
        if (!(plaintext ? isLoopback(url) && isLoopback(grpc) : "https".equalsIgnoreCase(url.getScheme()))) {
            throw new SecretReader.Unavailable(SETTINGS + "url is an https URL; http is for " + SETTINGS + "url and "
                    + SETTINGS + "grpc at a loopback address of this machine, since secrets travel in clear there");
        }
        Path file = Path.of(required(context, "key"));
        try {
            ClientKeyFile key = ClientKeyFile.read(file);
            return new SecretReaderSettings(
                    grpc.getHost(),
                    grpc.getPort(),
                    plaintext,
                    url.toString(),
                    key.clientId(),
                    key.privateKey(),
                    text(context, "environment", ""),
                    Duration.parse(text(context, "kept", SecretReaderSettings.KEPT.toString())),
                    Duration.parse(text(context, "unheard", SecretReaderSettings.UNHEARD.toString())));
        } catch (IOException e) {
            throw new SecretReader.Unavailable("the key of " + SETTINGS + "key can't be read: " + e.getMessage());
        }
    }

    private static boolean isLoopback(URI uri) {
        return uri.getHost() != null && SecretReaderSettings.isLoopback(uri.getHost());
    }

    private static String required(ConfigSourceInterceptorContext context, String name) {
        String value = text(context, name, "");
        if (value.isEmpty()) {
            throw new SecretReader.Unavailable(
                    "a property refers to a secret of the vault, and " + SETTINGS + name + " is not set");
        }
        return value;
    }

    private static String text(ConfigSourceInterceptorContext context, String name, String otherwise) {
        ConfigValue value = context.proceed(SETTINGS + name);
        return value == null || value.getValue() == null ? otherwise : value.getValue();
    }
}
