package dev.chancery.notices;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.feature.NoticeOptions;
import dev.chancery.firewall.AddressRanges;
import dev.chancery.firewall.EgressPolicy;
import dev.chancery.firewall.HostPattern;
import dev.chancery.keyring.WebhookSignature;
import dev.chancery.outbound.NotReached;
import dev.chancery.outbound.OutboundClient;
import dev.chancery.outbound.OutboundClient.Answer;
import dev.chancery.schema.notices.v1.NoticeChannel;
import jakarta.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A signed POST, as Standard Webhooks (standardwebhooks.com) has it: {@code webhook-id}, {@code webhook-timestamp} and {@code
 * webhook-signature}, HMAC-SHA-256 over the three. It has ids and no address and no name: whoever gets it knows whom the id is.
 *
 * <p>It goes to hosts that the list allows, and to none whose name resolves to an address of an inner network; redirects are not followed.
 *
 * <p><b>Limits:</b> {@link #LIMITS}. Whoever answers more, or later, has not taken the notice.
 */
final class WebhookChannel implements Channel {
    static final OutboundClient.Limits LIMITS = new OutboundClient.Limits(Duration.ofSeconds(10), 64 * 1024, 1);

    private static final String SECRET_PREFIX = "whsec_";

    private final URI url;
    private final byte[] secret;
    private final EgressPolicy policy;
    private final OutboundClient client;

    /**
     * @throws dev.chancery.firewall.PatternRefused if an allowed host is no pattern, or is an address of an inner network
     * @throws IllegalArgumentException if the URL isn't {@code https}, or the secret is no base64
     */
    WebhookChannel(NoticeOptions.Webhook webhook, OutboundClient client) {
        this(webhook.url(), secret(webhook), policy(webhook), client);
        if (!"https".equals(url.getScheme())) {
            throw new IllegalArgumentException("chancery.notices.webhook.url begins with https://");
        }
    }

    WebhookChannel(URI url, byte[] secret, EgressPolicy policy, OutboundClient client) {
        this.url = url;
        this.secret = secret;
        this.policy = policy;
        this.client = client;
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
        byte[] body = body(notice).getBytes(UTF_8);
        Instant now = Instant.now();
        Answer answer = client.post(
                url.toString(),
                WebhookSignature.headers(secret, notice.id(), now.getEpochSecond(), body),
                body,
                policy,
                now);
        if (answer.status() / 100 != 2) {
            throw new NotDelivered(
                    answer.status() != 0
                            ? NotDelivered.REFUSED
                            : answer.code().equals(NotReached.Cause.EGRESS_DENIED.code())
                                    ? NotDelivered.NOT_ALLOWED
                                    : NotDelivered.UNREACHABLE);
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
