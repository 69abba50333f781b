package dev.chancery.notices;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.feature.NoticeOptions;
import dev.chancery.firewall.AddressRanges;
import dev.chancery.firewall.EgressDecision;
import dev.chancery.firewall.EgressPolicy;
import dev.chancery.firewall.HostPattern;
import dev.chancery.keyring.KeyedHash;
import dev.chancery.schema.notices.v1.NoticeChannel;
import jakarta.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * A signed POST, as Standard Webhooks (standardwebhooks.com) has it: {@code webhook-id}, {@code webhook-timestamp} and {@code
 * webhook-signature}, HMAC-SHA-256 over the three. It has ids and no address and no name: whoever gets it knows whom the id is.
 *
 * <p>It goes to hosts that the list allows, and to none whose name resolves to an address of an inner network; redirects are not followed.
 */
final class WebhookChannel implements Channel {
    private static final Duration WAIT = Duration.ofSeconds(10);
    private static final String SECRET_PREFIX = "whsec_";

    private final URI url;
    private final KeyedHash secret;
    private final EgressPolicy policy;
    private final Duration wait;
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(WAIT)
            .build();

    /**
     * @throws dev.chancery.firewall.PatternRefused if an allowed host is no pattern, or is an address of an inner network
     * @throws IllegalArgumentException if the URL isn't {@code https}, or the secret is no base64
     */
    WebhookChannel(NoticeOptions.Webhook webhook) {
        this(webhook.url(), secret(webhook), policy(webhook));
        if (!"https".equals(url.getScheme())) {
            throw new IllegalArgumentException("chancery.notices.webhook.url begins with https://");
        }
    }

    WebhookChannel(URI url, byte[] secret, EgressPolicy policy) {
        this(url, secret, policy, WAIT);
    }

    /** @param wait for the whole answer, at most */
    WebhookChannel(URI url, byte[] secret, EgressPolicy policy, Duration wait) {
        this.url = url;
        this.secret = new KeyedHash(secret);
        this.policy = policy;
        this.wait = wait;
    }

    private static EgressPolicy policy(NoticeOptions.Webhook webhook) {
        AddressRanges forbidden = AddressRanges.forbidden();
        List<HostPattern> allowed = webhook.allowedHosts().stream()
                .map(text -> HostPattern.allow(text, forbidden))
                .toList();
        return new EgressPolicy(forbidden, List.of(), List.of(), allowed, Map.of(), List.of());
    }

    private static byte[] secret(NoticeOptions.Webhook webhook) {
        try {
            String text = Files.readString(webhook.secretFile()).strip();
            return Base64.getDecoder()
                    .decode(text.startsWith(SECRET_PREFIX) ? text.substring(SECRET_PREFIX.length()) : text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public NoticeChannel id() {
        return NoticeChannel.NOTICE_CHANNEL_WEBHOOK;
    }

    @Override
    public void deliver(Notice notice, Supplier<Optional<String>> address) throws NotDelivered {
        requireAllowed();
        String body = body(notice);
        long seconds = Instant.now().getEpochSecond();
        byte[] signature = secret.of((notice.id() + "." + seconds + "." + body).getBytes(UTF_8));
        var request = HttpRequest.newBuilder(url)
                .timeout(wait)
                .header("Content-Type", "application/json")
                .header("webhook-id", notice.id())
                .header("webhook-timestamp", Long.toString(seconds))
                .header("webhook-signature", "v1," + Base64.getEncoder().encodeToString(signature))
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        // The request's own timeout ends with the answer's head: an answer that never ends would keep all notices
        // waiting.
        var answer = client.sendAsync(request, HttpResponse.BodyHandlers.discarding());
        try {
            int status = answer.get(wait.toMillis(), TimeUnit.MILLISECONDS).statusCode();
            if (status / 100 != 2) {
                throw new NotDelivered(NotDelivered.REFUSED);
            }
        } catch (ExecutionException | TimeoutException e) {
            answer.cancel(true);
            throw new NotDelivered(NotDelivered.UNREACHABLE);
        } catch (InterruptedException e) {
            answer.cancel(true);
            Thread.currentThread().interrupt();
            throw new NotDelivered(NotDelivered.UNREACHABLE);
        }
    }

    private void requireAllowed() throws NotDelivered {
        EgressDecision decision = policy.evaluate(url.toString(), Instant.now());
        try {
            if (!decision.allowed()
                    || !policy.admit(decision, List.of(InetAddress.getAllByName(url.getHost())))
                            .allowed()) {
                throw new NotDelivered(NotDelivered.NOT_ALLOWED);
            }
        } catch (UnknownHostException e) {
            throw new NotDelivered(NotDelivered.UNREACHABLE);
        }
    }

    private static String body(Notice notice) {
        NoticeText text = NoticeText.of(notice);
        return Json.createObjectBuilder()
                .add(
                        "type",
                        notice.kind().name().substring("NOTICE_KIND_".length()).toLowerCase(java.util.Locale.ROOT))
                .add(
                        "timestamp",
                        Instant.EPOCH
                                .plusMillis(notice.happenedMicros() / 1_000)
                                .toString())
                .add(
                        "data",
                        Json.createObjectBuilder()
                                .add("organisationId", notice.tenant())
                                .add("principalId", notice.principalId())
                                .add("about", notice.about())
                                .add("subject", text.subject())
                                .add("text", text.body()))
                .build()
                .toString();
    }
}
