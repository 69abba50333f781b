package dev.chancery.consent;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.consent.ConsentList.Receipted;
import dev.chancery.keyring.Signer;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.schema.consent.v1.ConsentEventType;
import dev.chancery.schema.consent.v1.LegalBasis;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.HexFormat;

/**
 * Makes portable receipts: a JWS (RFC 7515, compact, EdDSA) whose payload has the fields of ISO/IEC TS 27560; docs/reference/formats.md.
 * The same event has the same receipt, byte for byte.
 */
final class Receipts {
    private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

    private final String instanceId;
    private final SigningKeys keys;

    Receipts(String instanceId, SigningKeys keys) {
        this.instanceId = instanceId;
        this.keys = keys;
    }

    /** Has the key made, so that a trust file holds it from the first start on. */
    void start() {
        signer();
    }

    private Signer signer() {
        return keys.signer(instanceId + "/receipt");
    }

    String receipt(String tenant, Receipted of) {
        Signer signer = signer();
        String kid = signer.verifierKey().name()
                + "+"
                + HexFormat.of().toHexDigits(signer.verifierKey().keyId());
        String signed = encode("{\"alg\":\"EdDSA\",\"kid\":\"" + kid + "\",\"typ\":\"consent-receipt+jws\"}") + "."
                + encode(payload(tenant, of).toString());
        return signed + "." + BASE64.encodeToString(signer.sign(signed.getBytes(UTF_8)));
    }

    private static String encode(String json) {
        return BASE64.encodeToString(json.getBytes(UTF_8));
    }

    private JsonObject payload(String tenant, Receipted of) {
        var consent = of.consent();
        var notice = of.notice();
        var event = of.event();
        JsonArrayBuilder categories = Json.createArrayBuilder();
        for (String category : notice.dataCategories) {
            categories.add(Json.createObjectBuilder().add("pii_type", category));
        }
        var processing = Json.createObjectBuilder()
                .add("privacy_notice", notice.uri)
                .add("privacy_notice_version", notice.version)
                .add("privacy_notice_sha256", HexFormat.of().formatHex(notice.textSha256))
                .add("language", notice.language)
                .add(
                        "purposes",
                        Json.createArrayBuilder()
                                .add(Json.createObjectBuilder()
                                        .add("purpose", consent.purpose)
                                        .add("purpose_version", event.purposeVersion)
                                        .add("lawful_basis", basis(event.legalBasis))
                                        .add("services", consent.resource + ":" + consent.action)
                                        .add("pii_information", categories)
                                        .add(
                                                "recipient_third_parties",
                                                Json.createArrayBuilder().add(consent.recipient))
                                        .add(
                                                "withdrawal_method",
                                                "POST /consent/v1/consents/" + consent.id + "/withdraw")));
        var happened = Json.createObjectBuilder()
                .add("event_time", time(event.atMicros))
                .add("event_type", basis(event.legalBasis))
                .add("event_state", state(event.type))
                .add("entity_id", event.actor.toString())
                .add("log_position", event.position);
        if (event.untilMicros != null && event.type != ConsentEventType.CONSENT_EVENT_TYPE_WITHDRAWN_VALUE) {
            happened.add("valid_until", time(event.untilMicros));
        }
        return Json.createObjectBuilder()
                .add("schema_version", "ISO/IEC TS 27560:2023")
                .add("receipt_id", consent.id + "@" + event.position)
                .add("record_id", consent.id.toString())
                .add("pii_principal_id", consent.subject.toString())
                .add("pii_processing", processing)
                .add(
                        "party_identification",
                        Json.createArrayBuilder()
                                .add(Json.createObjectBuilder()
                                        .add("party_id", instanceId + "/" + tenant)
                                        .add("party_role", "pii_controller"))
                                .add(Json.createObjectBuilder()
                                        .add("party_id", consent.recipient)
                                        .add("party_role", "recipient")))
                .add("event", Json.createArrayBuilder().add(happened))
                .build();
    }

    private static String time(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS).toString();
    }

    private static String basis(int legalBasis) {
        return legalBasis == LegalBasis.LEGAL_BASIS_EXPLICIT_CONSENT_VALUE ? "explicit_consent" : "consent";
    }

    private static String state(int type) {
        return switch (type) {
            case ConsentEventType.CONSENT_EVENT_TYPE_GRANTED_VALUE -> "consent_given";
            case ConsentEventType.CONSENT_EVENT_TYPE_RENEWED_VALUE -> "consent_renewed";
            default -> "consent_withdrawn";
        };
    }
}
