package dev.chancery.vault;

import static dev.chancery.decision.AuthorityStreams.workspace;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.command.Clock;
import dev.chancery.command.CommandContext;
import dev.chancery.command.Granter;
import dev.chancery.decision.WorkspaceState;
import dev.chancery.kernel.Rejection;
import dev.chancery.keyring.SecretPlace;
import dev.chancery.keyring.SecretRing;
import dev.chancery.keyring.WebhookSignature;
import dev.chancery.outbound.Destinations;
import dev.chancery.outbound.OutboundClient;
import dev.chancery.outbound.OutboundClient.Answer;
import dev.chancery.schema.vault.v1.HttpIssuer;
import dev.chancery.schema.vault.v1.SecretVersionAsked;
import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import java.io.StringReader;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;

/**
 * Asks services to make values of secrets, and to take them back: docs/reference/secret-issuer.md. A request names the value by an id that is
 * in the log before, so the same request, sent again, is about the same value.
 *
 * <p><b>Thread safety:</b> safe; call it from virtual threads. <b>Does not promise</b> that a value leaves no trace in memory: it comes as a
 * text.
 */
final class Issuers {
    static final int MAX_VALUE = 8_192;

    private static final String KEY_PREFIX = "whsec_";

    private final SecretRing ring;
    private final VaultLog log;
    private final Destinations destinations;
    private final OutboundClient client;

    Issuers(SecretRing ring, VaultLog log, Destinations destinations, OutboundClient client) {
        this.ring = ring;
        this.log = log;
        this.destinations = destinations;
        this.client = client;
    }

    /** Why a caller may not have a service make a secret's values; empty: it may. */
    Optional<Rejection> refuses(CommandContext context, String secret, HttpIssuer issuer) {
        String keyName = issuer.getKeySecret();
        if (keyName.equals(secret) || !destinations.isProtected(issuer.getUrl())) {
            return Optional.of(VaultRejection.ROTATOR);
        }
        if (!Names.environmentOf(keyName).equals(Names.environmentOf(secret))) {
            return Optional.of(VaultRejection.OTHER_ENVIRONMENT);
        }
        if (!context.read(workspace(issuer.getWorkspaceId()), WorkspaceState.FOLD)
                .exists()) {
            return Optional.of(VaultRejection.NO_SUCH_WORKSPACE);
        }
        Secret key = context.read(Names.secret(keyName), Secret.FOLD);
        if (BoundSecrets.areOver(context, key)) {
            return Optional.of(VaultRejection.DISCONNECTED);
        }
        // What one may not read, one sends nothing by either.
        return VaultRules.mayRead(
                context.read(Names.environment(Names.environmentOf(keyName)), Environment.FOLD),
                key,
                0,
                Granter.of(context),
                true,
                context.atMicros());
    }

    /** @return the value, of 1 to {@value #MAX_VALUE} characters */
    String make(String tenant, SecretVersionAsked asked) throws IssuerRefused {
        Secret key = key(tenant, asked);
        Secret.Numbered current = key.current().isPresent() && !log.isOver(tenant, key)
                ? key.forVault().orElseThrow()
                : refused("no-key");
        Answer answer = post(tenant, asked, "create", asked.getRequestId(), current);
        if (answer.status() != 200) {
            return refused(answer.outcome());
        }
        return value(answer.body());
    }

    /** By a key that leaked, too: otherwise what leaked could not be taken back. */
    void takeBack(String tenant, SecretVersionAsked asked) throws IssuerRefused {
        Optional<Secret.Numbered> known = key(tenant, asked).forVault();
        Answer answer = post(
                tenant,
                asked,
                "revoke",
                asked.getRequestId() + "-revoke",
                known.isPresent() ? known.get() : refused("no-key"));
        switch (answer.status()) {
            case 200, 204, 410 -> {}
            // A mistyped address, too, answers 404: it says nothing about a value.
            default -> refused(answer.outcome());
        }
    }

    private static <T> T refused(String code) throws IssuerRefused {
        throw new IssuerRefused(code);
    }

    private Secret key(String tenant, SecretVersionAsked asked) {
        return log.secret(tenant, asked.getRotator().getHttpIssuer().getKeySecret())
                .state();
    }

    private Answer post(String tenant, SecretVersionAsked asked, String action, String id, Secret.Numbered signing) {
        HttpIssuer issuer = asked.getRotator().getHttpIssuer();
        byte[] body = Json.createObjectBuilder()
                .add("action", action)
                .add("secret", asked.getSecret())
                .add("version", asked.getSecretVersion())
                .add("idempotencyKey", asked.getRequestId())
                .build()
                .toString()
                .getBytes(UTF_8);
        Instant now = Instant.EPOCH.plus(Clock.nowMicros(), ChronoUnit.MICROS);
        String name = issuer.getKeySecret();
        byte[] value =
                ring.open(new SecretPlace(tenant, Names.environmentOf(name), name, signing.number()), signing.value());
        byte[] key = key(value);
        try {
            return client.post(
                    issuer.getUrl(),
                    WebhookSignature.headers(key, id, now.getEpochSecond(), body),
                    body,
                    log.hosts(tenant, issuer.getWorkspaceId()).policy(destinations.forbidden()),
                    now);
        } finally {
            Arrays.fill(value, (byte) 0);
            Arrays.fill(key, (byte) 0);
        }
    }

    /** What Standard Webhooks calls a secret is base64 behind a prefix; any other value is the key as it is. */
    private static byte[] key(byte[] value) {
        String text = new String(value, UTF_8);
        if (text.startsWith(KEY_PREFIX)) {
            try {
                return Base64.getDecoder().decode(text.substring(KEY_PREFIX.length()));
            } catch (IllegalArgumentException e) {
                return value.clone();
            }
        }
        return value.clone();
    }

    private static String value(String body) throws IssuerRefused {
        try (var reader = Json.createReader(new StringReader(body))) {
            if (reader.readValue() instanceof JsonObject object
                    && object.get("value") instanceof JsonString value
                    && !value.getString().isEmpty()
                    && value.getString().length() <= MAX_VALUE
                    && value.getString().indexOf('\0') < 0) {
                return value.getString();
            }
        } catch (JsonException | IllegalStateException e) {
            // Said below; the exception's message may have the value.
        }
        return refused("no-value");
    }
}
