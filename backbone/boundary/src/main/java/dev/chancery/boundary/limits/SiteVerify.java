package dev.chancery.boundary.limits;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The provider of challenges: a POST of {@code secret}, {@code response} and {@code remoteip}, answered by {@code success}, {@code
 * hostname} and {@code challenge_ts} in JSON. It goes to the one address that the operator names; no redirect is followed, no proxy used
 * and nothing tried again. What the provider says beyond that is neither kept nor logged.
 *
 * <p>Whatever is no clear yes is none: another host's page, a challenge that is older than {@link #MAX_AGE}, an answer with a score, which
 * says how likely it was a person and leaves it open whether that is enough.
 *
 * <p><b>Thread safety:</b> safe; it waits, so never on an event loop. <b>Limits:</b> {@value #MAX_AT_ONCE} requests at a time.
 */
final class SiteVerify implements AutoCloseable {
    /** Requests to the provider of challenges at a time: fewer than unknown callers that are worked on, so that a slow one stops no sign-in. */
    static final int MAX_AT_ONCE = 2;
    /** Bytes of its answer; one that is longer is none. */
    static final int MAX_ANSWER_BYTES = 16_384;
    /** How long ago a challenge was solved, or shown. */
    static final Duration MAX_AGE = Duration.ofMinutes(10);
    /** How far the provider's clock may be ahead. */
    static final Duration MAX_AHEAD = Duration.ofMinutes(1);

    private static final Logger LOG = Logger.getLogger(SiteVerify.class);
    private static final int MAX_SECRET_CHARS = 512;

    /** Its words for a mistake of ours: the caller's token may be good. */
    private static final Set<String> OUR_MISTAKES =
            Set.of("missing-input-secret", "invalid-input-secret", "sitekey-secret-mismatch", "bad-request");

    enum Verdict {
        ACCEPTED,
        REFUSED,
        /** The provider didn't answer, or not as its protocol says. */
        NO_ANSWER,
        /** It wasn't asked: others are waiting for it. */
        BUSY
    }

    private final ChallengeOptions options;
    private final Semaphore places = new Semaphore(MAX_AT_ONCE);
    /** From when on it is said again. */
    private final AtomicLong toldNanos = new AtomicLong(System.nanoTime());

    private final HttpClient client;

    SiteVerify(ChallengeOptions options) {
        this.options = options;
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .proxy(HttpClient.Builder.NO_PROXY)
                .connectTimeout(options.timeout())
                .build();
    }

    /** @param address whose call brought the token; empty: nobody's that could be told */
    Verdict verify(String token, Optional<String> address) {
        if (!places.tryAcquire()) {
            return Verdict.BUSY;
        }
        try {
            return judge(ask(token, address), Instant.now());
        } catch (NoAnswer e) {
            tell(e);
            return Verdict.NO_ANSWER;
        } finally {
            places.release();
        }
    }

    /** The first in a minute. */
    private void tell(NoAnswer why) {
        long now = System.nanoTime();
        long before = toldNanos.get();
        if (now - before >= 0
                && toldNanos.compareAndSet(before, now + Duration.ofMinutes(1).toNanos())) {
            LOG.warnf("Challenges can't be verified, so nobody goes on by one: cause=%s", why.getMessage());
        }
    }

    private static final class NoAnswer extends Exception {
        private static final long serialVersionUID = 1;

        NoAnswer(String why) {
            super(why);
        }
    }

    private JsonObject ask(String token, Optional<String> address) throws NoAnswer {
        var request = HttpRequest.newBuilder(options.verifyUrl())
                .timeout(options.timeout())
                .header("Content-Type", "application/x-www-form-urlencoded")
                .header("Accept", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(form(token, address)))
                .build();
        // The request's own timeout ends with the answer's head.
        CompletableFuture<HttpResponse<byte[]>> answer = client.sendAsync(
                request, HttpResponse.BodyHandlers.limiting(HttpResponse.BodyHandlers.ofByteArray(), MAX_ANSWER_BYTES));
        try {
            HttpResponse<byte[]> came = answer.get(options.timeout().toMillis(), TimeUnit.MILLISECONDS);
            if (came.statusCode() != 200) {
                throw new NoAnswer("status " + came.statusCode());
            }
            if (Json.decodeValue(new String(came.body(), UTF_8)) instanceof JsonObject object) {
                return object;
            }
            throw new NoAnswer("not a JSON object");
        } catch (DecodeException e) {
            throw new NoAnswer("not JSON");
        } catch (ExecutionException e) {
            throw new NoAnswer(
                    e.getCause() == null ? "failed" : e.getCause().getClass().getSimpleName());
        } catch (TimeoutException e) {
            throw new NoAnswer("not in time");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NoAnswer("interrupted");
        } finally {
            answer.cancel(true);
        }
    }

    private String form(String token, Optional<String> address) throws NoAnswer {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("secret", secret());
        fields.put("response", token);
        address.ifPresent(from -> fields.put("remoteip", from));
        return fields.entrySet().stream()
                .map(field -> field.getKey() + "=" + URLEncoder.encode(field.getValue(), UTF_8))
                .collect(Collectors.joining("&"));
    }

    private String secret() throws NoAnswer {
        try {
            String secret = Files.readString(options.secretFile()).strip();
            if (secret.isEmpty() || secret.length() > MAX_SECRET_CHARS) {
                throw new NoAnswer("chancery.limits.challenge.secret-file has no secret");
            }
            return secret;
        } catch (IOException e) {
            throw new NoAnswer("chancery.limits.challenge.secret-file can't be read");
        }
    }

    private Verdict judge(JsonObject answer, Instant now) throws NoAnswer {
        if (answer.getValue("error-codes") instanceof JsonArray codes
                && codes.stream().anyMatch(OUR_MISTAKES::contains)) {
            throw new NoAnswer("the provider refuses the site's key or secret");
        }
        if (answer.containsKey("score")) {
            throw new NoAnswer("the site's key is one of scores: take one of challenges");
        }
        boolean good = Boolean.TRUE.equals(answer.getValue("success"))
                && options.hostname().equals(answer.getValue("hostname"))
                && isRecent(answer.getValue("challenge_ts"), now);
        return good ? Verdict.ACCEPTED : Verdict.REFUSED;
    }

    private static boolean isRecent(@Nullable Object time, Instant now) {
        if (!(time instanceof String text)) {
            return false;
        }
        try {
            Instant solved = OffsetDateTime.parse(text).toInstant();
            return !solved.isBefore(now.minus(MAX_AGE)) && !solved.isAfter(now.plus(MAX_AHEAD));
        } catch (DateTimeException e) {
            return false;
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
