package dev.chancery.vault;

import static dev.chancery.decision.AuthorityStreams.workspace;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.Message;
import dev.chancery.command.Clock;
import dev.chancery.command.CommandContext;
import dev.chancery.command.Granter;
import dev.chancery.decision.WorkspaceState;
import dev.chancery.kernel.Rejection;
import dev.chancery.keyring.SecretPlace;
import dev.chancery.keyring.SecretRing;
import dev.chancery.log.Streams.Loaded;
import dev.chancery.outbound.Destinations;
import dev.chancery.outbound.OutboundClient;
import dev.chancery.outbound.OutboundClient.Answer;
import dev.chancery.schema.vault.v1.OAuthRefresh;
import dev.chancery.schema.vault.v1.RefreshTokenClaimed;
import dev.chancery.schema.vault.v1.SecretVersionAsked;
import dev.chancery.schema.vault.v1.SecretVersionWritten;
import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import java.io.StringReader;
import java.net.URLEncoder;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * Has authorisation servers give access tokens for refresh tokens (RFC 6749, section 6), and revoke them (RFC 7009).
 *
 * <p>A refresh token may work once. So it is claimed in the log before it is used: one process uses it at a time. The access token and the refresh
 * token that came with it are recorded in one record, which is tried again while the secrets move. A process that dies between the answer and the
 * record has lost what came; the next one tries the old refresh token, which servers take again for a while, or somebody writes a new one.
 *
 * <p><b>Thread safety:</b> safe; call it from virtual threads. <b>Limits:</b> a claim lasts {@value #CLAIM_SECONDS} s; a record is tried
 * {@value #MAX_RECORDS} times. <b>Does not promise</b> that a token leaves no trace in memory: it comes as a text.
 */
final class TokenIssuer {
    static final int CLAIM_SECONDS = 60;
    static final int MAX_RECORDS = 60;

    private static final Logger LOG = Logger.getLogger(TokenIssuer.class);
    private static final String CLAIM = "vault.secret.refresh";
    private static final int PAUSE_MILLIS = 500;
    private static final int MAX_SECONDS = 315_360_000;
    private static final Pattern ERROR = Pattern.compile("[a-z_]{1,40}");

    private final SecretRing ring;
    private final VaultLog log;
    private final Destinations destinations;
    private final OutboundClient client;

    /**
     * @param used the version of the refresh token that was used
     * @param refresh another refresh token than that; empty: it stays
     */
    private record Tokens(int used, String access, long expiresMicros, Optional<String> refresh) {
        @Override
        public String toString() {
            return "tokens";
        }
    }

    TokenIssuer(SecretRing ring, VaultLog log, Destinations destinations, OutboundClient client) {
        this.ring = ring;
        this.log = log;
        this.destinations = destinations;
        this.client = client;
    }

    /** Why a caller may not have a server's access tokens be a secret's values; empty: it may. */
    Optional<Rejection> refuses(CommandContext context, String secret, OAuthRefresh wanted) {
        List<String> needed = Stream.of(wanted.getClientSecret(), wanted.getRefreshSecret())
                .filter(name -> !name.isEmpty())
                .toList();
        boolean isProtected = Stream.of(wanted.getTokenUrl(), wanted.getRevocationUrl())
                .allMatch(url -> url.isEmpty() || destinations.isProtected(url));
        if (!isProtected || needed.contains(secret)) {
            return Optional.of(VaultRejection.ROTATOR);
        }
        String environment = Names.environmentOf(secret);
        if (!needed.stream().allMatch(name -> Names.environmentOf(name).equals(environment))) {
            return Optional.of(VaultRejection.OTHER_ENVIRONMENT);
        }
        if (!context.read(workspace(wanted.getWorkspaceId()), WorkspaceState.FOLD)
                .exists()) {
            return Optional.of(VaultRejection.NO_SUCH_WORKSPACE);
        }
        // What one may not read, one sends to no server of one's choice either.
        return needed.stream()
                .map(name -> context.read(Names.secret(name), Secret.FOLD))
                .flatMap(known -> (BoundSecrets.areOver(context, known)
                                ? Optional.of(VaultRejection.DISCONNECTED)
                                : VaultRules.mayRead(
                                        context.read(Names.environment(environment), Environment.FOLD),
                                        known,
                                        0,
                                        Granter.of(context),
                                        true,
                                        context.atMicros()))
                        .stream())
                .findFirst();
    }

    /** Has a version made, and records it. Nothing happens while somebody else uses the refresh token, or where it is not asked for any more. */
    void receive(String tenant, SecretVersionAsked asked, String action) throws IssuerRefused {
        OAuthRefresh server = asked.getRotator().getOauthRefresh();
        long now = Clock.nowMicros();
        Loaded<RefreshClaim> claim = log.refreshClaim(tenant, server.getRefreshSecret());
        if (claim.state().untilMicros() > now) {
            return;
        }
        var claimed = RefreshTokenClaimed.newBuilder()
                .setSecret(server.getRefreshSecret())
                .setRequestId(asked.getRequestId())
                .setUntilMicros(now + TimeUnit.SECONDS.toMicros(CLAIM_SECONDS))
                .build();
        if (!log.claim(tenant, claim, CLAIM, claimed)) {
            return;
        }
        // Behind the claim: whoever had it before has recorded what came of it.
        boolean still = log.secret(tenant, asked.getSecret())
                .state()
                .version(asked.getSecretVersion())
                .filter(Secret.Version::isAsked)
                .isPresent();
        if (still) {
            record(tenant, asked, action, refreshed(tenant, server));
        }
        Loaded<RefreshClaim> own = log.refreshClaim(tenant, server.getRefreshSecret());
        log.claim(tenant, own, CLAIM, claimed.toBuilder().setUntilMicros(now).build());
    }

    private Tokens refreshed(String tenant, OAuthRefresh server) throws IssuerRefused {
        Map<String, String> form = new HashMap<>();
        form.put("grant_type", "refresh_token");
        Secret.Numbered used = current(tenant, server.getRefreshSecret());
        form.put("refresh_token", open(tenant, server.getRefreshSecret(), used));
        Answer answer = post(tenant, server, server.getTokenUrl(), form);
        long now = Clock.nowMicros();
        Optional<JsonObject> json = json(answer.body());
        if (answer.status() != 200) {
            // A code of the RFC, or nothing: an error's description may repeat what it was sent.
            throw new IssuerRefused(json.flatMap(error -> text(error, "error"))
                    .filter(error -> ERROR.matcher(error).matches())
                    .map(error -> "oauth-" + error)
                    .orElseGet(answer::outcome));
        }
        String access = json.flatMap(body -> text(body, "access_token"))
                .filter(TokenIssuer::isValue)
                .orElseThrow(() -> new IssuerRefused("no-token"));
        long expires = json.map(body -> body.get("expires_in"))
                .filter(JsonNumber.class::isInstance)
                .map(seconds -> ((JsonNumber) seconds).longValue())
                .filter(seconds -> seconds > 0 && seconds <= MAX_SECONDS)
                .map(seconds -> now + TimeUnit.SECONDS.toMicros(seconds))
                .orElse(0L);
        Optional<String> refresh = json.flatMap(body -> text(body, "refresh_token"))
                .filter(TokenIssuer::isValue)
                .filter(token -> !token.equals(form.get("refresh_token")));
        return new Tokens(used.number(), access, expires, refresh);
    }

    private static boolean isValue(String text) {
        return !text.isEmpty() && text.length() <= Issuers.MAX_VALUE && text.indexOf('\0') < 0;
    }

    /** Until it is durable: what came can't be asked for again. */
    private void record(String tenant, SecretVersionAsked asked, String action, Tokens tokens) throws IssuerRefused {
        String refreshName = asked.getRotator().getOauthRefresh().getRefreshSecret();
        for (int i = 0; i < MAX_RECORDS; i++) {
            long now = Clock.nowMicros();
            Loaded<Secret> secret = log.secret(tenant, asked.getSecret());
            Loaded<Secret> refresh = log.secret(tenant, refreshName);
            boolean still = secret.state()
                    .version(asked.getSecretVersion())
                    .filter(Secret.Version::isAsked)
                    .isPresent();
            List<Message> of = still
                    ? VaultRules.written(
                            secret.state(),
                            written(tenant, asked.getSecret(), asked.getSecretVersion(), tokens.access())
                                    .setExpiresMicros(tokens.expiresMicros())
                                    .build(),
                            false,
                            now)
                    : List.of();
            // The server gave the old one up. Whoever wrote another meanwhile, or reported a leak, meant that.
            boolean inUse = refresh.state().current().equals(Optional.of(tokens.used()));
            List<Message> ofRefresh = tokens.refresh()
                    .filter(token -> inUse)
                    .map(token -> VaultRules.written(
                            refresh.state(),
                            written(tenant, refreshName, refresh.state().newest() + 1, token)
                                    .build(),
                            true,
                            now))
                    .orElse(List.of());
            if (of.isEmpty() && ofRefresh.isEmpty()) {
                return;
            }
            if (log.append(
                    tenant,
                    action,
                    new VaultLog.Changed(asked.getSecret(), secret, of),
                    new VaultLog.Changed(refreshName, refresh, ofRefresh))) {
                LOG.infof(
                        "A token was refreshed: tenant=%s stream=%s version=%d rotated=%b",
                        tenant,
                        Names.secret(asked.getSecret()).value(),
                        asked.getSecretVersion(),
                        tokens.refresh().isPresent());
                return;
            }
            pause();
        }
        throw new IssuerRefused("not-recorded");
    }

    private static void pause() throws IssuerRefused {
        try {
            Thread.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IssuerRefused("not-recorded");
        }
    }

    private SecretVersionWritten.Builder written(String tenant, String name, int number, String value) {
        return SecretVersionWritten.newBuilder()
                .setSecret(name)
                .setSecretVersion(number)
                .setValue(ring.seal(
                        new SecretPlace(tenant, Names.environmentOf(name), name, number), value.getBytes(UTF_8)));
    }

    /** Where the server revokes nothing, or the token's key is destroyed, a token is taken back once it has ended by itself. */
    void takeBack(String tenant, SecretVersionAsked asked) throws IssuerRefused {
        Secret secret = log.secret(tenant, asked.getSecret()).state();
        Optional<Secret.Version> version = secret.version(asked.getSecretVersion());
        Optional<Secret.Token> token = version.flatMap(Secret.Version::issue).flatMap(Secret.Issue::token);
        long expires = token.map(Secret.Token::expiresMicros).orElse(0L);
        if (token.isEmpty() || expires != 0 && expires <= Clock.nowMicros()) {
            return;
        }
        OAuthRefresh server = asked.getRotator().getOauthRefresh();
        if (server.getRevocationUrl().isEmpty() || version.get().isDestroyed()) {
            throw new IssuerRefused("not-expired");
        }
        Map<String, String> form = new HashMap<>();
        form.put(
                "token",
                open(
                        tenant,
                        asked.getSecret(),
                        new Secret.Numbered(
                                asked.getSecretVersion(), token.get().value())));
        form.put("token_type_hint", "access_token");
        Answer answer = post(tenant, server, server.getRevocationUrl(), form);
        // Also for a token that it does not know, says the RFC.
        if (answer.status() != 200) {
            throw new IssuerRefused(answer.outcome());
        }
    }

    private Answer post(String tenant, OAuthRefresh server, String url, Map<String, String> form) throws IssuerRefused {
        Map<String, String> headers = new HashMap<>();
        headers.put("Content-Type", "application/x-www-form-urlencoded");
        headers.put("Accept", "application/json");
        if (server.getClientSecret().isEmpty()) {
            form.put("client_id", server.getClientId());
        } else {
            String pair = encoded(server.getClientId()) + ":" + encoded(secret(tenant, server.getClientSecret()));
            headers.put("Authorization", "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(UTF_8)));
        }
        String body = form.entrySet().stream()
                .map(field -> field.getKey() + "=" + encoded(field.getValue()))
                .collect(Collectors.joining("&"));
        return client.post(
                url,
                headers,
                body.getBytes(UTF_8),
                log.hosts(tenant, server.getWorkspaceId()).policy(destinations.forbidden()),
                Instant.EPOCH.plus(Clock.nowMicros(), ChronoUnit.MICROS));
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, UTF_8);
    }

    private Secret.Numbered current(String tenant, String name) throws IssuerRefused {
        Secret secret = log.secret(tenant, name).state();
        if (secret.current().isEmpty() || log.isOver(tenant, secret)) {
            throw new IssuerRefused("no-key");
        }
        return secret.forVault().orElseThrow();
    }

    private String secret(String tenant, String name) throws IssuerRefused {
        return open(tenant, name, current(tenant, name));
    }

    private String open(String tenant, String name, Secret.Numbered version) {
        return new String(
                ring.open(new SecretPlace(tenant, Names.environmentOf(name), name, version.number()), version.value()),
                UTF_8);
    }

    private static Optional<JsonObject> json(String body) {
        try (var reader = Json.createReader(new StringReader(body))) {
            return reader.readValue() instanceof JsonObject object ? Optional.of(object) : Optional.empty();
        } catch (JsonException | IllegalStateException e) {
            // The exception's message may have a token.
            return Optional.empty();
        }
    }

    private static Optional<String> text(JsonObject object, String member) {
        return object.get(member) instanceof JsonString text ? Optional.of(text.getString()) : Optional.empty();
    }
}
