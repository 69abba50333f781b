package dev.chancery.retention;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.command.RefusedException;
import dev.chancery.decision.AuthorityStreams;
import dev.chancery.kernel.Fold;
import dev.chancery.keyring.Signer;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.log.LogEntries;
import dev.chancery.log.Streams;
import dev.chancery.log.Streams.StoredEvent;
import dev.chancery.retention.Subject.Destruction;
import dev.chancery.retention.Subject.Hold;
import dev.chancery.retention.Subject.Waiting;
import dev.chancery.retention.SubjectEraser.RecordTimes;
import dev.chancery.schema.ClassRule;
import dev.chancery.schema.Contract;
import dev.chancery.schema.options.v1.RetentionClass;
import dev.chancery.schema.retention.v1.CertifiedRecord;
import dev.chancery.schema.retention.v1.DestructionCompleted;
import dev.chancery.schema.retention.v1.ErasureGround;
import dev.chancery.schema.retention.v1.GetErasureCertificateReply;
import dev.chancery.schema.retention.v1.KeysDestroyed;
import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;

/**
 * Signs what the log says of a subject's erasure: a DSSE envelope over canonical JSON (docs/reference/formats.md). Only what stands in the
 * log is stated, and a class counts as completed only from its DestructionCompleted on.
 */
final class Certificates {
    static final String PAYLOAD_TYPE = "application/vnd.chancery.erasure-certificate+json";

    private static final List<String> NOT_PROVED = List.of(
            "By itself, that the log has the records that are named here: the proof of that comes beside it, once a"
                    + " signed checkpoint of the log covers them.",
            "That nobody made a copy of a value, or of a key in memory, before the keys were destroyed.",
            "That the disk or the token keeps no older content of the key file: it holds no version of the key that"
                    + " was taken out.",
            "That no copy of the key file from before the completion exists elsewhere: with one, and a backup of the"
                    + " database from before the destruction, values open.",
            "That a request is beyond guessing: records keep a keyed hash of each request; whoever has the"
                    + " organisation's hash key and guesses all of a request can tell it was that one.",
            "What holders outside this installation keep.");

    /** What an erasure leaves, by its name in the contract. */
    private static final Map<String, String> EVIDENCE_GROUNDS = evidenceGrounds();

    /** A subject's events as they stand in the log. */
    private static final Fold<List<StoredEvent>, StoredEvent> EVENTS = new Fold<>() {
        @Override
        public List<StoredEvent> initial() {
            return List.of();
        }

        @Override
        public List<StoredEvent> evolve(List<StoredEvent> state, StoredEvent event) {
            var all = new ArrayList<>(state);
            all.add(event);
            return List.copyOf(all);
        }
    };

    private final String instanceId;
    private final Streams streams;
    private final LogEntries entries;
    private final RecordTimes times;
    private final SigningKeys keys;

    Certificates(String instanceId, Streams streams, LogEntries entries, RecordTimes times, SigningKeys keys) {
        this.instanceId = instanceId;
        this.streams = streams;
        this.entries = entries;
        this.times = times;
        this.keys = keys;
    }

    private static Map<String, String> evidenceGrounds() {
        var grounds = new TreeMap<String, String>();
        Contract.load().events().values().forEach(event -> event.prototype().getDescriptorForType().getFields().stream()
                .filter(field -> ClassRule.contract(field).getRetention() == RetentionClass.RETENTION_CLASS_EVIDENCE)
                .forEach(field -> grounds.put(
                        field.getFullName(), ClassRule.contract(field).getEvidenceGround())));
        return grounds;
    }

    /** Has the key made, so that a trust file holds it from the first start on. */
    void start() {
        signer();
    }

    private Signer signer() {
        return keys.signer(instanceId + "/erasure");
    }

    /** The certificate, and the records that it names. */
    GetErasureCertificateReply of(String tenant, String subjectId, long atMicros) throws RefusedException {
        Subject subject =
                streams.current(tenant, Subject.stream(subjectId), Subject.FOLD).state();
        if (subject.destructions().isEmpty() && subject.waiting().isEmpty()) {
            throw new RefusedException(RetentionRejection.NOT_ERASED);
        }
        return GetErasureCertificateReply.newBuilder()
                .setCertificate(envelope(payload(tenant, subjectId, subject, atMicros)))
                .addAllRecords(records(tenant, subjectId, subject.positions()))
                .build();
    }

    private List<CertifiedRecord> records(String tenant, String subjectId, Set<Long> positions) {
        List<StoredEvent> events =
                streams.current(tenant, Subject.stream(subjectId), EVENTS).state();
        return entries.entries(tenant, positions).entrySet().stream()
                .map(entry -> CertifiedRecord.newBuilder()
                        .setPosition(entry.getKey())
                        .setEntry(entry.getValue())
                        .addAllEvents(events.stream()
                                .filter(event -> event.position() == entry.getKey())
                                .map(StoredEvent::body)
                                .toList())
                        .build())
                .toList();
    }

    private String envelope(JsonObject statement) {
        byte[] payload = canonical(statement).toString().getBytes(UTF_8);
        Signer signer = signer();
        Base64.Encoder base64 = Base64.getEncoder();
        return canonical(Json.createObjectBuilder()
                        .add("payloadType", PAYLOAD_TYPE)
                        .add("payload", base64.encodeToString(payload))
                        .add(
                                "signatures",
                                Json.createArrayBuilder()
                                        .add(Json.createObjectBuilder()
                                                .add(
                                                        "keyid",
                                                        signer.verifierKey().name()
                                                                + "+"
                                                                + HexFormat.of()
                                                                        .toHexDigits(signer.verifierKey()
                                                                                .keyId()))
                                                .add(
                                                        "sig",
                                                        base64.encodeToString(signer.sign(authenticated(payload))))))
                        .build())
                .toString();
    }

    /** DSSE's pre-authentication encoding: what is signed says its own type and length. */
    private static byte[] authenticated(byte[] payload) {
        byte[] head =
                ("DSSEv1 " + PAYLOAD_TYPE.length() + " " + PAYLOAD_TYPE + " " + payload.length + " ").getBytes(UTF_8);
        byte[] all = new byte[head.length + payload.length];
        System.arraycopy(head, 0, all, 0, head.length);
        System.arraycopy(payload, 0, all, head.length, payload.length);
        return all;
    }

    private JsonObject payload(String tenant, String subjectId, Subject subject, long atMicros) {
        JsonArrayBuilder classes = Json.createArrayBuilder();
        subject.destructions().forEach((retention, destruction) -> classes.add(destruction(retention, destruction)));
        subject.waiting().forEach((retention, waiting) -> classes.add(waiting(subject, retention, waiting)));
        JsonArrayBuilder holds = Json.createArrayBuilder();
        subject.holds().forEach(hold -> holds.add(hold(hold)));
        return Json.createObjectBuilder()
                .add("type", "chancery-erasure-2")
                .add("instance", instanceId)
                .add("organisation", tenant)
                .add("subject", subjectId)
                .add("issued_at", time(atMicros))
                .add("state", state(subject))
                .add("classes", classes)
                .add("holds", holds)
                .add("kept", kept(tenant, subjectId, subject))
                .add("not_proved", Json.createArrayBuilder(NOT_PROVED))
                .build();
    }

    /** The least of what its classes have come to. */
    private static String state(Subject subject) {
        if (!subject.waiting().isEmpty()) {
            return "withheld";
        }
        if (!subject.undestroyed().isEmpty()) {
            return "decided";
        }
        return subject.uncompleted().isEmpty() ? "completed" : "keys-destroyed";
    }

    private static JsonObjectBuilder destruction(RetentionClass retention, Destruction destruction) {
        var decided = destruction.decided();
        var json = Json.createObjectBuilder()
                .add("class", name(retention))
                .add("ground", name(decided.what().getGround()))
                .add("request", decided.what().getRequestId())
                .add(
                        "decided",
                        Json.createObjectBuilder()
                                .add("position", decided.position())
                                .add(
                                        "considered_holds",
                                        Json.createArrayBuilder(decided.what().getConsideredHoldIdsList())));
        if (!decided.what().getPeriod().isEmpty()) {
            json.add(
                    "retention",
                    Json.createObjectBuilder()
                            .add("period", decided.what().getPeriod())
                            .add("since", time(decided.what().getPeriodBeganMicros())));
        }
        destruction.destroyed().ifPresent(at -> json.add("keys_destroyed", destroyed(at.what(), at.position())));
        destruction.completed().ifPresent(at -> json.add("completed", completed(at.what(), at.position())));
        return json.add(
                "state",
                destruction.completed().isPresent()
                        ? "completed"
                        : destruction.destroyed().isPresent() ? "keys-destroyed" : "decided");
    }

    private static JsonObjectBuilder destroyed(KeysDestroyed destroyed, long position) {
        return Json.createObjectBuilder()
                .add("position", position)
                .add("keys", destroyed.getKeys())
                .add("horizon", time(destroyed.getHorizonMicros()));
    }

    private static JsonObjectBuilder completed(DestructionCompleted completed, long position) {
        return Json.createObjectBuilder()
                .add("position", position)
                .add("organisation_key_from_version", completed.getTenantKeyVersion())
                .add("sealer_key_from_version", completed.getSealerKeyVersion());
    }

    private static JsonObjectBuilder waiting(Subject subject, RetentionClass retention, Waiting waiting) {
        return Json.createObjectBuilder()
                .add("class", name(retention))
                .add("ground", name(waiting.withheld().getGround()))
                .add("request", waiting.withheld().getRequestId())
                .add("state", "withheld")
                .add(
                        "withheld",
                        Json.createObjectBuilder()
                                .add("position", waiting.position())
                                .add(
                                        "holds",
                                        Json.createArrayBuilder(
                                                RetentionRules.withholding(subject, List.of(retention)))));
    }

    private static JsonObjectBuilder hold(Hold hold) {
        var json = Json.createObjectBuilder()
                .add("hold", hold.id())
                .add("matter", hold.set().getMatter())
                .add("classes", names(hold.set().getClassesList()))
                .add("set_position", hold.position());
        hold.clearedAt().ifPresent(position -> json.add("cleared_position", position));
        return json;
    }

    /** What erasure leaves, why, and until when. */
    private JsonArrayBuilder kept(String tenant, String subjectId, Subject subject) {
        JsonArrayBuilder kept = Json.createArrayBuilder()
                .add(Json.createObjectBuilder()
                        .add(
                                "what",
                                "Records that name the subject by its pseudonym: actions, times, positions, hashes,"
                                        + " and sealed values whose keys are gone.")
                        .add(
                                "ground",
                                "GDPR, articles 5(2) and 17(3)(e): to show what was done, and that it was erased.")
                        .add("until", "The organisation's log ends."));
        RetentionClass evidence = RetentionClass.RETENTION_CLASS_EVIDENCE;
        if (!subject.isDecided(evidence)) {
            String until = until(tenant, subjectId, evidence);
            EVIDENCE_GROUNDS.forEach((field, ground) -> kept.add(Json.createObjectBuilder()
                    .add("what", "The subject's " + field + ", where there is one.")
                    .add("class", name(evidence))
                    .add("ground", ground + ".")
                    .add("until", until)
                    .add("holds", Json.createArrayBuilder(RetentionRules.withholding(subject, List.of(evidence))))));
        }
        return kept;
    }

    /** When a class's retention period is over, as the schedules and the subject's departure have it now. */
    private String until(String tenant, String subjectId, RetentionClass retention) {
        String period = streams.current(tenant, Schedules.STREAM, Schedules.FOLD)
                .state()
                .period(retention);
        if (period.equals(Schedules.UNLIMITED)) {
            return "No end: the organisation's retention period is UNLIMITED.";
        }
        OptionalLong left = streams.current(tenant, AuthorityStreams.principal(subjectId), Departure.FOLD)
                .state()
                .position();
        OptionalLong began = left.isEmpty() ? OptionalLong.empty() : times.recordedAtMicros(tenant, left.getAsLong());
        return began.isEmpty()
                ? period + " after the subject is deactivated."
                : period + " after " + time(began.getAsLong()) + ", when the subject was deactivated.";
    }

    private static JsonArrayBuilder names(Collection<RetentionClass> classes) {
        return Json.createArrayBuilder(classes.stream().map(Certificates::name).toList());
    }

    private static String name(RetentionClass retention) {
        return retention.name().replace("RETENTION_CLASS_", "").toLowerCase(Locale.ROOT);
    }

    private static String name(ErasureGround ground) {
        return ground.name().replace("ERASURE_GROUND_", "").replace('_', '-').toLowerCase(Locale.ROOT);
    }

    private static String time(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS).toString();
    }

    /**
     * As RFC 8785 writes it, of values that have ASCII texts without control characters and whole numbers below 2^53 only: members in the
     * order of their names, and nothing between.
     */
    static JsonValue canonical(JsonValue value) {
        return switch (value) {
            case JsonObject object -> {
                JsonObjectBuilder sorted = Json.createObjectBuilder();
                new TreeMap<>(object).forEach((name, member) -> sorted.add(name, canonical(member)));
                yield sorted.build();
            }
            case JsonArray array -> {
                JsonArrayBuilder each = Json.createArrayBuilder();
                array.forEach(member -> each.add(canonical(member)));
                yield each.build();
            }
            default -> value;
        };
    }
}
