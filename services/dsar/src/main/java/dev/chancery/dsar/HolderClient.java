package dev.chancery.dsar;

import dev.chancery.dsar.Holders.Holder;
import dev.chancery.feature.HolderOptions;
import dev.chancery.firewall.AddressRanges;
import dev.chancery.firewall.EgressPolicy;
import dev.chancery.keyring.WebhookSignature;
import dev.chancery.outbound.Destinations;
import dev.chancery.outbound.NameResolver;
import dev.chancery.outbound.OutboundClient;
import dev.chancery.outbound.OutboundClient.Answer;
import dev.chancery.schema.dsar.v1.HolderAction;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Asks a system, by a webhook that is signed as https://www.standardwebhooks.com has it; docs/reference/formats.md. It goes where the
 * workspace's egress list allows.
 *
 * <p><b>Thread safety:</b> safe; call it from virtual threads. <b>Limits:</b> {@value #MAX_ANSWER_BYTES} bytes of an answer.
 */
final class HolderClient implements AutoCloseable {
    static final int MAX_ANSWER_BYTES = 48 * 1024;

    private static final List<String> LOOPBACK = List.of("127.0.0.0/8", "::1/128");

    private final NameResolver.OfTheSystem names = new NameResolver.OfTheSystem();
    private final Destinations destinations;
    private final OutboundClient client;

    HolderClient(HolderOptions options) {
        destinations = new Destinations(
                options.loopback() ? AddressRanges.forbidden().except(LOOPBACK) : AddressRanges.forbidden(), names);
        client = new OutboundClient(
                destinations,
                new OutboundClient.Limits(options.timeout(), MAX_ANSWER_BYTES, Rounds.MAX_AT_ONCE),
                Optional.empty());
    }

    /** Whether a system can be asked at a URL. */
    boolean isProtected(String url) {
        return destinations.isProtected(url);
    }

    /** @param secret of the system, 32 bytes */
    Answer ask(Holder holder, EgressPolicy policy, Task task, String subject, byte[] secret, Instant now) {
        byte[] body = body(task, subject);
        return client.post(
                holder.registered().getUrl(),
                WebhookSignature.headers(secret, task.id(), now.getEpochSecond(), body),
                body,
                policy,
                now);
    }

    /** A read-back is an export to whoever is asked. */
    private static byte[] body(Task task, String subject) {
        return CanonicalJson.write(Map.of(
                "type",
                task.action() == HolderAction.HOLDER_ACTION_ERASE ? "dsar.erase" : "dsar.export",
                "request",
                task.asked().getRequestId(),
                "task",
                task.id(),
                "subject",
                subject));
    }

    @Override
    public void close() {
        client.close();
        names.close();
    }
}
