package dev.chancery.retention;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.command.RefusedException;
import dev.chancery.keyring.Ed25519Verifier;
import dev.chancery.keyring.Eraser;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.keyring.VerifierKey;
import dev.chancery.schema.EntryFrame;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.schema.options.v1.RetentionClass;
import dev.chancery.schema.retention.v1.CertifiedRecord;
import dev.chancery.schema.retention.v1.DestructionCompleted;
import dev.chancery.schema.retention.v1.DestructionDecided;
import dev.chancery.schema.retention.v1.KeysDestroyed;
import dev.chancery.testkit.log.LogFixture;
import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.io.ByteArrayOutputStream;
import java.io.StringReader;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a certificate states, by whose signature, and what it brings. */
class CertificatesTest extends WithSubject {
    private static final String TYPE = "application/vnd.chancery.erasure-certificate+json";

    private void erases() {
        process().answer(tenant, subject, request);
        process().destroy(tenant, subject);
        process().complete(tenant, subject, Duration.ZERO);
    }

    private static JsonObject parsed(String json) {
        try (var reader = Json.createReader(new StringReader(json))) {
            return reader.readObject();
        }
    }

    /** As DSSE has it: whoever signs says what type and how long what follows is. */
    @Test
    void itIsSignedByTheKeyForErasuresTogetherWithItsTypeAndLength() throws RefusedException {
        erases();

        JsonObject envelope = parsed(issued().getCertificate());

        byte[] payload = Base64.getDecoder().decode(envelope.getString("payload"));
        VerifierKey key = new SigningKeys(database, sealer)
                .signer(LogFixture.INSTANCE + "/erasure")
                .verifierKey();
        JsonObject signature = envelope.getJsonArray("signatures").getJsonObject(0);
        assertThat(envelope.getString("payloadType")).isEqualTo(TYPE);
        assertThat(envelope.getJsonArray("signatures")).hasSize(1);
        assertThat(signature.getString("keyid"))
                .isEqualTo(key.name() + "+" + HexFormat.of().toHexDigits(key.keyId()));
        var signed = new ByteArrayOutputStream();
        signed.writeBytes(("DSSEv1 " + TYPE.length() + " " + TYPE + " " + payload.length + " ").getBytes(UTF_8));
        signed.writeBytes(payload);
        assertThat(Ed25519Verifier.verify(
                        key.publicKey(),
                        signed.toByteArray(),
                        Base64.getDecoder().decode(signature.getString("sig"))))
                .isTrue();
    }

    @Test
    void itSaysOfWhomByWhichInstanceAndWhen() throws RefusedException {
        erases();

        JsonObject statement = parsed(certificate());

        assertThat(statement.getString("type")).isEqualTo("chancery-erasure-2");
        assertThat(statement.getString("instance")).isEqualTo(LogFixture.INSTANCE);
        assertThat(statement.getString("organisation")).isEqualTo(tenant);
        assertThat(statement.getString("subject")).isEqualTo(subject);
        assertThat(statement.getString("issued_at")).isEqualTo("2026-05-28T20:26:40Z");
        assertThat(statement.getJsonArray("not_proved")).isNotEmpty();
    }

    /** Its reader compares bytes: members stand in the order of their names, with nothing between. */
    @Test
    void itIsCanonical() throws RefusedException {
        erases();
        for (String json : List.of(issued().getCertificate(), certificate())) {
            JsonObject object = parsed(json);
            isSorted(object);
            assertThat(object).hasToString(json);
        }
    }

    private static void isSorted(JsonValue value) {
        switch (value) {
            case JsonObject object -> {
                assertThat(List.copyOf(object.keySet())).isSorted();
                object.values().forEach(CertificatesTest::isSorted);
            }
            case JsonArray array -> array.forEach(CertificatesTest::isSorted);
            default -> {}
        }
    }

    @Test
    void itBringsEachRecordThatItNamesWithItsEvents() throws RefusedException, InvalidProtocolBufferException {
        erases();

        List<CertifiedRecord> records = issued().getRecordsList();

        JsonObject named = parsed(certificate()).getJsonArray("classes").getJsonObject(0);
        assertThat(records)
                .extracting(CertifiedRecord::getPosition)
                .containsExactly(
                        position(named, "decided"), position(named, "keys_destroyed"), position(named, "completed"));
        assertThat(records)
                .extracting(CertificatesTest::action)
                .containsExactly(
                        "retention.subject.answer", "retention.subject.destroy-keys", "retention.subject.complete");
        assertThat(DestructionDecided.parseFrom(only(records.get(0))).getRequestId())
                .isEqualTo(request);
        assertThat(KeysDestroyed.parseFrom(only(records.get(1))).getKeys()).isOne();
        assertThat(DestructionCompleted.parseFrom(only(records.get(2))).getClassesList())
                .containsExactlyElementsOf(Eraser.erasable());
    }

    private static long position(JsonObject named, String step) {
        return named.getJsonObject(step).getJsonNumber("position").longValueExact();
    }

    private static ByteString only(CertifiedRecord record) {
        assertThat(record.getEventsList()).hasSize(1);
        return record.getEvents(0);
    }

    private static String action(CertifiedRecord record) {
        try {
            byte[] entry = record.getEntry().toByteArray();
            return Statement.parser()
                    .parseFrom(entry, 1, EntryFrame.of(entry).statementBytes())
                    .getAction();
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aHoldIsStatedWithItsMatterAndKeepsWhatItCovers() throws RefusedException {
        append(
                0,
                decided(RetentionRules.set(
                        true,
                        loaded().state(),
                        hold("h1").toBuilder()
                                .setMatter("Kestrel/2026-17")
                                .addClasses(RetentionClass.RETENTION_CLASS_EVIDENCE)
                                .build(),
                        NOW)));
        erases();

        JsonObject statement = parsed(certificate());

        assertThat(statement.getJsonArray("holds").getJsonObject(0))
                .hasToString("{\"classes\":[\"evidence\"],\"hold\":\"h1\",\"matter\":\"Kestrel/2026-17\","
                        + "\"set_position\":0}");
        List<JsonObject> evidence = statement.getJsonArray("kept").getValuesAs(JsonObject.class).stream()
                .filter(kept -> kept.getString("class", "").equals("evidence"))
                .toList();
        assertThat(evidence).isNotEmpty().allSatisfy(kept -> assertThat(
                        kept.getJsonArray("holds").getValuesAs(JsonString::getString))
                .containsExactly("h1"));
        assertThat(statement.getJsonArray("classes").getJsonObject(0).getJsonObject("decided"))
                .as("the hold was considered, and covers none of what is gone")
                .hasToString("{\"considered_holds\":[\"h1\"],\"position\":1}");
    }
}
