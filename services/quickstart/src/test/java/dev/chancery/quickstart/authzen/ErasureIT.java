package dev.chancery.quickstart.authzen;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.quickstart.instance.SigningKey;
import dev.chancery.schema.identity.v1.ChangeEmailRequest;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.DeactivatePrincipalRequest;
import dev.chancery.schema.identity.v1.ListPrincipalsRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.options.v1.DataClass;
import dev.chancery.schema.options.v1.RetentionClass;
import dev.chancery.schema.retention.v1.ClearHoldRequest;
import dev.chancery.schema.retention.v1.EraseSubjectRequest;
import dev.chancery.schema.retention.v1.ErasureGround;
import dev.chancery.schema.retention.v1.GetErasureCertificateRequest;
import dev.chancery.schema.retention.v1.ListErasuresRequest;
import dev.chancery.schema.retention.v1.ListHoldsRequest;
import dev.chancery.schema.retention.v1.ListSchedulesRequest;
import dev.chancery.schema.retention.v1.PreviewRetirementRequest;
import dev.chancery.schema.retention.v1.SetHoldRequest;
import dev.chancery.schema.retention.v1.SetScheduleRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Holds and erasures, against the packaged process. Its horizon is short: RunningInstance says so. */
@Order(29)
class ErasureIT {
    private static final String SERVICE = "chancery.retention.v1.RetentionService/";
    private static final long PATIENCE_NANOS = Duration.ofSeconds(20).toNanos();

    private final SharedInstance shared = SharedInstance.shared();
    private final OrganisationCalls calls = new OrganisationCalls(shared);
    private Client administrator = shared.owner;

    @TempDir
    private Path directory;

    @BeforeEach
    void anOrganisation() {
        administrator = calls.organisation();
    }

    private String somebody(String name, String email) {
        return calls.done(
                        administrator,
                        CreatePrincipalRequest.newBuilder()
                                .setType(PrincipalType.USER)
                                .setDisplayName(name)
                                .setEmail(email)
                                .setPublicKey(ByteString.copyFrom(Base64.getDecoder()
                                        .decode(SigningKey.generate().publicKey()))))
                .json()
                .getString("principalId");
    }

    private Reply hold(String subject, RetentionClass... classes) {
        return calls.done(administrator, holding(subject, classes));
    }

    private static SetHoldRequest.Builder holding(String subject, RetentionClass... classes) {
        return SetHoldRequest.newBuilder()
                .setPrincipalId(subject)
                .setMatter("Kestrel/2026-17")
                .addAllClasses(List.of(classes))
                .setReviewMillis(Instant.now().plus(Duration.ofDays(90)).toEpochMilli())
                .setReason("The court of appeal asks for it.");
    }

    private Reply erase(String subject) {
        return calls.done(
                administrator,
                EraseSubjectRequest.newBuilder()
                        .setPrincipalId(subject)
                        .setGround(ErasureGround.ERASURE_GROUND_REQUEST)
                        .setReason("The subject asked for it."));
    }

    private JsonObject read(String method, Message.Builder request, Reply after) {
        Map<String, String> headers = new HashMap<>(administrator.headers());
        headers.put("Chancery-Position", after.position());
        Reply reply = shared.wire.rest(shared.method(SERVICE + method), request.build(), headers);
        assertThat(reply.succeeded()).as("%s", reply).isTrue();
        return reply.json();
    }

    private List<String> states(String subject, Reply after) {
        return objects(
                        read("ListErasures", ListErasuresRequest.newBuilder().setPrincipalId(subject), after),
                        "erasures")
                .map(each -> each.getString("retentionClass").replace("RETENTION_CLASS_", "") + " "
                        + each.getString("state").replace("ERASURE_STATE_", ""))
                .sorted()
                .toList();
    }

    private static Stream<JsonObject> objects(JsonObject of, String name) {
        return of.getJsonArray(name, new JsonArray()).stream().map(JsonObject.class::cast);
    }

    private void until(String subject, Reply after, String... states) {
        long begun = System.nanoTime();
        while (!states(subject, after).equals(List.of(states)) && System.nanoTime() - begun < PATIENCE_NANOS) {
            Thread.onSpinWait();
        }
        assertThat(states(subject, after)).containsExactly(states);
    }

    private JsonObject certificate(String subject) {
        String envelope = calls.done(
                        administrator, GetErasureCertificateRequest.newBuilder().setPrincipalId(subject))
                .json()
                .getString("certificate");
        return new JsonObject(
                new String(Base64.getDecoder().decode(new JsonObject(envelope).getString("payload")), UTF_8));
    }

    /** By the command line, and that the certificate's records are what it takes. */
    private void assertProven(String subject, String... says) throws IOException {
        var commands = new ProofCommands(shared, directory, "erasure");
        Path proof = commands.get(administrator, subject);
        String file = Files.readString(proof);
        assertThat(commands.verify(administrator, proof))
                .contains(says)
                .containsPattern("records +[1-9]")
                .endsWith("PROVEN\n")
                .doesNotContain("NOT PROVEN");
        Files.writeString(proof, file.replaceFirst("\"records\":\\[.*\\],\"signatures\"", "\"signatures\""));
        assertThat(commands.verify(administrator, proof)).contains("NOT PROVEN", "`chancery erasure proof`");
        Files.delete(proof);
    }

    private String displayName(String principal) {
        return objects(
                        calls.done(administrator, ListPrincipalsRequest.newBuilder())
                                .json(),
                        "principals")
                .filter(each -> each.getString("principalId").equals(principal))
                .map(each -> each.getString("displayName", ""))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void whatAHoldWithholdsGoesOnByItselfAndOthersStayReadable() throws IOException {
        String unique = UUID.randomUUID().toString();
        String grace = somebody("Grace " + unique, "grace-" + unique + "@kestrel.example");
        String other = somebody("Other " + unique, "other-" + unique + "@kestrel.example");
        String hold = hold(grace, RetentionClass.RETENTION_CLASS_AUDIT).json().getString("holdId");
        String second = hold(grace, RetentionClass.RETENTION_CLASS_AUDIT).json().getString("holdId");

        Reply erased = erase(grace);
        assertThat(erased.json().getJsonArray("withheld").getString(0)).isEqualTo("RETENTION_CLASS_AUDIT");
        assertThat(erased.json().getJsonArray("holdIds")).hasSize(2);
        assertThat(erased.json().getJsonArray("kept").getString(0)).isEqualTo("RETENTION_CLASS_EVIDENCE");
        until(grace, erased, "ACCOUNT COMPLETED", "AUDIT WITHHELD");
        assertThat(certificate(grace).getString("state")).isEqualTo("withheld");
        assertThat(calls.send(administrator, holding(grace)).code()).isEqualTo("hold.too-late");

        assertProven(grace, "state       withheld", "classes     account completed, audit withheld");

        clear(grace, hold);
        assertThat(states(grace, clear(grace, hold))).containsExactly("ACCOUNT COMPLETED", "AUDIT WITHHELD");
        Reply cleared = clear(grace, second);
        assertThat(cleared.json().getJsonArray("resumed").getString(0)).isEqualTo("RETENTION_CLASS_AUDIT");
        until(grace, cleared, "ACCOUNT COMPLETED", "AUDIT COMPLETED");

        JsonObject certificate = certificate(grace);
        assertThat(certificate.getString("state")).isEqualTo("completed");
        assertThat(certificate.getJsonArray("classes")).hasSize(2);
        assertThat(certificate.encode()).doesNotContain(unique);
        assertProven(grace, "state       completed", "classes     account completed, audit completed");
        assertThat(read("ListHolds", ListHoldsRequest.newBuilder().setPrincipalId(grace), cleared)
                        .getJsonArray("holds", new JsonArray()))
                .isEmpty();
        assertThat(displayName(grace)).doesNotContain(unique);
        assertThat(displayName(other)).isEqualTo("Other " + unique);
        // Everybody goes on under the newer keys; a name that was forgotten is free again.
        assertThat(displayName(somebody("Next " + unique, "grace-" + unique + "@kestrel.example")))
                .isEqualTo("Next " + unique);
    }

    /** Also where the key is gone that a hold's ground is sealed by; and who comes too late is told what for. */
    @Test
    void whatIsLeftOfAHalfErasedSubjectCanStillBeHeld() {
        String unique = UUID.randomUUID().toString();
        String grace = somebody("Grace " + unique, "grace-" + unique + "@kestrel.example");
        String first =
                hold(grace, RetentionClass.RETENTION_CLASS_ACCOUNT).json().getString("holdId");
        Reply erased = erase(grace);
        until(grace, erased, "ACCOUNT WITHHELD", "AUDIT COMPLETED");

        Reply refused = calls.send(administrator, holding(grace));
        assertThat(refused.code()).isEqualTo("hold.too-late");
        assertThat(refused.json().getString("message"))
                .contains(
                        "RETENTION_CLASS_AUDIT (its keys were destroyed at position ",
                        "It can name RETENTION_CLASS_ACCOUNT and RETENTION_CLASS_EVIDENCE.");
        hold(grace, RetentionClass.RETENTION_CLASS_ACCOUNT);

        assertThat(states(grace, clear(grace, first))).containsExactly("ACCOUNT WITHHELD", "AUDIT COMPLETED");
        assertThat(displayName(grace)).isEqualTo("Grace " + unique);
    }

    /** A hold by a name is of who has the name then, however it is spelt, and outlasts the name: in erasure and in retention. */
    @Test
    void aHoldByAnAliasKeepsItsSubjectWhateverBecomesOfTheName() {
        String unique = UUID.randomUUID().toString();
        String address = "grace-" + unique + "@kestrel.example";
        String grace = somebody("Grace " + unique, address);
        String left = calls.done(
                        administrator,
                        CreatePrincipalRequest.newBuilder()
                                .setType(PrincipalType.USER)
                                .setDisplayName("Left " + unique)
                                .setExternalName("HR-" + unique)
                                .setPublicKey(ByteString.copyFrom(Base64.getDecoder()
                                        .decode(SigningKey.generate().publicKey()))))
                .json()
                .getString("principalId");
        SetHoldRequest.Builder byAlias = holding("");
        assertThat(calls.send(administrator, byAlias).code()).isEqualTo("hold.subject");
        assertThat(calls.send(administrator, holding(grace).setAlias(address)).code())
                .isEqualTo("hold.subject");
        assertThat(calls.send(administrator, byAlias.setAlias("nobody-" + address))
                        .code())
                .isEqualTo("retention.no-such-subject");

        JsonObject held = calls.done(administrator, byAlias.setAlias(address.toUpperCase(Locale.ROOT)))
                .json();
        JsonObject heldByExternalName =
                calls.done(administrator, byAlias.setAlias("HR-" + unique)).json();
        assertThat(held.getString("principalId")).isEqualTo(grace);
        assertThat(heldByExternalName.getString("principalId")).isEqualTo(left);
        calls.done(
                administrator,
                ChangeEmailRequest.newBuilder().setPrincipalId(grace).setEmail("new-" + address));
        String next = somebody("Next " + unique, address);

        Reply erased = erase(grace);
        assertThat(erased.json().getJsonArray("holdIds").getString(0)).isEqualTo(held.getString("holdId"));
        assertThat(states(grace, erased)).containsExactly("ACCOUNT WITHHELD", "AUDIT WITHHELD");
        leave(left);
        keep(RetentionClass.RETENTION_CLASS_AUDIT, "P0D");
        Reply kept = keep(RetentionClass.RETENTION_CLASS_ACCOUNT, "P0D");
        until(next, erase(next), "ACCOUNT COMPLETED", "AUDIT COMPLETED");
        assertThat(preview(Duration.ZERO, kept)).containsExactly("0", "2");
        assertThat(displayName(grace)).isEqualTo("Grace " + unique);
        assertThat(displayName(left)).isEqualTo("Left " + unique);

        until(grace, clear(grace, held.getString("holdId")), "ACCOUNT COMPLETED", "AUDIT COMPLETED");
        until(left, clear(left, heldByExternalName.getString("holdId")), "ACCOUNT COMPLETED", "AUDIT COMPLETED");
    }

    /** Whoever sets a shorter period sees before what it retires; a hold keeps it, and nothing else has to be told when that ends. */
    @Test
    void whatIsOverIsPreviewedAndRetiredByItselfUnlessAHoldKeepsIt() throws IOException {
        String unique = UUID.randomUUID().toString();
        String grace = somebody("Grace " + unique, "grace-" + unique + "@kestrel.example");
        String held = somebody("Held " + unique, "held-" + unique + "@kestrel.example");
        String stays = somebody("Stays " + unique, "stays-" + unique + "@kestrel.example");
        String hold = hold(held).json().getString("holdId");
        leave(grace);
        Reply left = leave(held);

        assertThat(preview(Duration.ofDays(7 * 365), left)).containsExactly("0", "0");
        assertThat(preview(Duration.ofDays(7 * 365 + 3), left)).containsExactly("3", "3");
        assertThat(read(
                                "PreviewRetirement",
                                PreviewRetirementRequest.newBuilder()
                                        .setByMillis(Instant.now()
                                                .plus(Duration.ofDays(3_000))
                                                .toEpochMilli())
                                        .setPageSize(3),
                                left)
                        .encode())
                .contains(grace, held, "\"held\":true", "nextPage")
                .doesNotContain(stays, unique);

        keep(RetentionClass.RETENTION_CLASS_ACCOUNT, "P0D");
        Reply set = keep(RetentionClass.RETENTION_CLASS_AUDIT, "P0D");
        assertThat(set.json().getString("previousPeriod")).isEqualTo("P7Y");
        assertThat(objects(read("ListSchedules", ListSchedulesRequest.newBuilder(), set), "schedules")
                        .map(each -> each.getString("dataClass") + " " + each.getString("period")))
                .contains("DATA_CLASS_PERSONAL P0D", "DATA_CLASS_CONFIDENTIAL P7Y", "DATA_CLASS_INTERNAL UNLIMITED");
        until(grace, set, "ACCOUNT COMPLETED", "AUDIT COMPLETED");
        assertThat(displayName(grace)).doesNotContain(unique);
        assertThat(states(held, set)).isEmpty();
        assertThat(displayName(held)).isEqualTo("Held " + unique);
        assertThat(displayName(stays)).isEqualTo("Stays " + unique);

        until(held, clear(held, hold), "ACCOUNT COMPLETED", "AUDIT COMPLETED");
        assertThat(preview(Duration.ofDays(3_000), set)).containsExactly("2", "0");
        JsonObject retired = certificate(held).getJsonArray("classes").getJsonObject(0);
        assertThat(retired.getString("ground")).isEqualTo("retention-ended");
        assertThat(retired.getJsonObject("retention").getString("period")).isEqualTo("P0D");
        assertProven(held, "state       completed");

        assertThat(certificate(held).getJsonArray("kept").encode())
                .contains("RequestRefused.explanation", "\"until\":\"P7Y after ");
        Reply ended = keep(RetentionClass.RETENTION_CLASS_EVIDENCE, "P0D");
        until(held, ended, "ACCOUNT COMPLETED", "AUDIT COMPLETED", "EVIDENCE COMPLETED");
        assertThat(certificate(held).getJsonArray("kept")).hasSize(1);
        keep(RetentionClass.RETENTION_CLASS_EVIDENCE, "P7Y");
    }

    private Reply leave(String subject) {
        return calls.done(administrator, DeactivatePrincipalRequest.newBuilder().setPrincipalId(subject));
    }

    private Reply keep(RetentionClass retention, String period) {
        return calls.done(
                administrator,
                SetScheduleRequest.newBuilder()
                        .setDataClass(DataClass.DATA_CLASS_PERSONAL)
                        .setRetentionClass(retention)
                        .setPeriod(period)
                        .setReason("The board decided so."));
    }

    /** How many classes of subjects are over so much later, and how many of those holds keep. */
    private List<String> preview(Duration later, Reply after) {
        JsonObject preview = read(
                "PreviewRetirement",
                PreviewRetirementRequest.newBuilder()
                        .setByMillis(Instant.now().plus(later).toEpochMilli()),
                after);
        return List.of(preview.getString("due", "0"), preview.getString("held", "0"));
    }

    private Reply clear(String subject, String hold) {
        return calls.done(
                administrator,
                ClearHoldRequest.newBuilder()
                        .setPrincipalId(subject)
                        .setHoldId(hold)
                        .setReason("The matter is closed."));
    }
}
