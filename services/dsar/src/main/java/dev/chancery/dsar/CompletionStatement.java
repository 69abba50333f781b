package dev.chancery.dsar;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.Signer;
import dev.chancery.schema.dsar.v1.RequestCompleted;
import dev.chancery.schema.dsar.v1.TaskResult;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What was done about a request, as canonical JSON; docs/reference/formats.md. It follows from the request's events alone, so the hash that
 * completed the request is the hash of what is signed whenever somebody asks.
 */
final class CompletionStatement {
    static final String TYPE = "application/vnd.chancery.dsar-completion+json";

    /** How a statement is written from now on. */
    private static final int FORMAT = 3;

    private static final List<String> UNPROVEN = List.of(
            "that a system has no other copies than those that it answers about",
            "that backups made before the horizon open nothing before it has passed",
            "that systems which are not registered hold nothing");

    private static final List<String> UNPROVEN_UNMET = List.of(
            UNPROVEN.getFirst(),
            "that backups made before the horizon open nothing: it was still to come, and the subject's erasure"
                    + " certificate says when it was met",
            UNPROVEN.getLast());

    private static final Map<String, Object> RECORDS = Map.of(
            "what", "the log's records, by a pseudonym that nothing leads from any more",
            "until", "the organisation's log ends");

    private static final Map<String, Object> EVIDENCE = Map.of(
            "what",
            "evidence of how the subject's rights were dealt with: why an answer came later or was refused, why a hold"
                    + " was set, by what right somebody consented for the subject",
            "ground",
            "GDPR, articles 5(2) and 17(3)(e)",
            "until",
            "the organisation's retention period for evidence is over: the subject's erasure certificate says when");

    private CompletionStatement() {}

    /**
     * The event that ends a request, in its state before.
     *
     * @param completer empty: nobody had to
     * @param metPosition of the record that says that no backup opens what was erased; 0: there is none yet
     */
    static RequestCompleted completed(Request request, String completer, long metPosition) {
        var completed = RequestCompleted.newBuilder()
                .setRequestId(request.received().getRequestId())
                .setCompleterId(completer)
                .setFormat(FORMAT)
                .setHorizonMetPosition(metPosition);
        return completed
                .setStatementSha256(ByteString.copyFrom(sha256(write(request, completed.build()))))
                .build();
    }

    /** @param completed the event, whose hash does not count */
    static byte[] write(Request request, RequestCompleted completed) {
        String completer = completed.getCompleterId();
        boolean first = completed.getFormat() <= 1;
        boolean met = completed.getHorizonMetPosition() > 0;
        var statement = new LinkedHashMap<String, Object>();
        statement.put("format", Math.max(1, completed.getFormat()));
        statement.put("request", request.received().getRequestId());
        statement.put("subject", request.subject());
        statement.put("kind", name(request.kind().name(), "REQUEST_KIND_"));
        statement.put("regime", request.received().getRegime());
        statement.put("received", time(request.received().getReceivedMicros()));
        statement.put("due", time(request.dueMicros()));
        statement.put("extended", request.extended().isPresent());
        request.verified().ifPresent(verified -> statement.put("identityVerifiedBy", verified.getMethod()));
        statement.put("systems", systems(request));
        if (!completer.isEmpty()) {
            statement.put("completedBy", completer);
        }
        request.exported().ifPresent(exported -> {
            statement.put(
                    "packageSha256",
                    HexFormat.of().formatHex(exported.getPackageSha256().toByteArray()));
            statement.put("valuesOpened", exported.getOpened());
        });
        request.erased().ifPresent(erased -> {
            statement.put("keysDestroyed", Map.of("count", erased.getKeys(), "position", erased.getPosition()));
            statement.put(
                    "holdsApplied",
                    request.withheld()
                            .map(withheld -> List.<Object>copyOf(withheld.getHoldIdsList()))
                            .orElse(List.of()));
            String until = erased.getHorizonMicros() == 0 ? "unknown" : time(erased.getHorizonMicros());
            var horizon = new LinkedHashMap<String, Object>();
            horizon.put("keysInMemorySeconds", Keyring.CACHE_SECONDS);
            if (first) {
                horizon.put("backups", until);
            } else {
                horizon.put("met", met);
                if (met) {
                    horizon.put("metPosition", completed.getHorizonMetPosition());
                } else {
                    horizon.put("standsUntil", until);
                }
            }
            statement.put("horizon", horizon);
            statement.put("kept", completed.getFormat() <= 2 ? List.of(RECORDS) : List.of(RECORDS, EVIDENCE));
        });
        statement.put("notProven", first || met || request.erased().isEmpty() ? UNPROVEN : UNPROVEN_UNMET);
        return CanonicalJson.write(statement);
    }

    private static List<Object> systems(Request request) {
        List<Object> systems = new ArrayList<>();
        for (Task task : request.tasksInOrder()) {
            systems.add(Map.of(
                    "system", task.holder(),
                    "asked", name(task.action().name(), "HOLDER_ACTION_"),
                    "outcome",
                            task.result() == TaskResult.TASK_RESULT_UNSPECIFIED
                                    ? "none"
                                    : name(task.result().name(), "TASK_RESULT_"),
                    "attempts", task.attempts()));
        }
        return systems;
    }

    /** A DSSE envelope (secure-systems-lab/dsse, v1), as canonical JSON. */
    static String envelope(Signer signer, byte[] statement) {
        byte[] signed = preAuthentication(statement);
        var key = signer.verifierKey();
        return new String(
                CanonicalJson.write(Map.of(
                        "payloadType", TYPE,
                        "payload", Base64.getEncoder().encodeToString(statement),
                        "signatures",
                                List.of(Map.of(
                                        "keyid",
                                        key.name() + "+" + HexFormat.of().toHexDigits(key.keyId()),
                                        "sig",
                                        Base64.getEncoder().encodeToString(signer.sign(signed)))))),
                UTF_8);
    }

    static byte[] preAuthentication(byte[] payload) {
        byte[] head = ("DSSEv1 " + TYPE.length() + " " + TYPE + " " + payload.length + " ").getBytes(UTF_8);
        byte[] all = new byte[head.length + payload.length];
        System.arraycopy(head, 0, all, 0, head.length);
        System.arraycopy(payload, 0, all, head.length, payload.length);
        return all;
    }

    static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String name(String constant, String prefix) {
        return constant.substring(prefix.length()).toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static String time(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS).toString();
    }
}
