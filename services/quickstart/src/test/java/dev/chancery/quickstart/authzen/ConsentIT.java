package dev.chancery.quickstart.authzen;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.client.DecisionPointSettings;
import dev.chancery.client.LocalDecision;
import dev.chancery.client.LocalDecisionPoint;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.CheckAllRequest;
import dev.chancery.schema.access.v1.CheckRequest;
import dev.chancery.schema.access.v1.Consistency;
import dev.chancery.schema.access.v1.DefineCapabilityRequest;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.access.v1.ProveDecisionRequest;
import dev.chancery.schema.access.v1.SearchActionsRequest;
import dev.chancery.schema.access.v1.SearchResourcesRequest;
import dev.chancery.schema.access.v1.SearchSubjectsRequest;
import dev.chancery.schema.consent.v1.CheckConsentRequest;
import dev.chancery.schema.consent.v1.DefinePurposeRequest;
import dev.chancery.schema.consent.v1.EndRepresentativeRequest;
import dev.chancery.schema.consent.v1.GetConsentReceiptRequest;
import dev.chancery.schema.consent.v1.GrantConsentRequest;
import dev.chancery.schema.consent.v1.LegalBasis;
import dev.chancery.schema.consent.v1.ListConsentHistoryRequest;
import dev.chancery.schema.consent.v1.ListConsentsRequest;
import dev.chancery.schema.consent.v1.PublishNoticeRequest;
import dev.chancery.schema.consent.v1.RecordGuardianRequest;
import dev.chancery.schema.consent.v1.RenewConsentRequest;
import dev.chancery.schema.consent.v1.WithdrawConsentRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Consent, as subjects and those who ask them see it: over REST, against the packaged process. */
@Order(28)
class ConsentIT {
    private static final String SERVICE = "chancery.consent.v1.ConsentService/";
    private static final long WITHDRAWN_NANOS = 1_000_000_000L;
    private static final Duration FOLLOWED = Duration.ofSeconds(20);

    private final SharedInstance shared = SharedInstance.shared();
    private final OrganisationCalls calls = new OrganisationCalls(shared);
    private Client administrator = shared.owner;
    private Client sue = shared.owner;
    private Client clinic = shared.owner;

    @TempDir
    private Path directory;

    @BeforeEach
    void anOrganisationThatAsks() {
        administrator = calls.organisation();
        sue = user();
        clinic = calls.somebody(administrator, "consent:check");
        calls.done(
                administrator,
                DefinePurposeRequest.newBuilder()
                        .setPurpose("research")
                        .setDescription("Find out which treatments work.")
                        .setLegalBasis(LegalBasis.LEGAL_BASIS_EXPLICIT_CONSENT)
                        .addScopes("record:read")
                        .setMaxDays(365));
        publish("clinic");
    }

    private Client user() {
        return calls.somebody(
                PrincipalType.USER,
                administrator,
                "consent:grant",
                "consent:withdraw",
                "consent:renew",
                "consent:read");
    }

    private void publish(String... recipients) {
        calls.done(
                administrator,
                PublishNoticeRequest.newBuilder()
                        .setPurpose("research")
                        .setUri("https://kestrel.example/notices/research")
                        .setLanguage("en")
                        .setTextSha256(ByteString.copyFrom(new byte[32]))
                        .addAllRecipients(List.of(recipients))
                        .addDataCategories("health"));
    }

    private static GrantConsentRequest.Builder grant() {
        return GrantConsentRequest.newBuilder()
                .setPurpose("research")
                .setResource("record")
                .setAction("read")
                .setRecipient("clinic")
                .setNoticeVersion(1)
                .setReason("I want to help.");
    }

    private CheckConsentRequest.Builder check(Client subject) {
        return CheckConsentRequest.newBuilder()
                .setSubjectId(OrganisationCalls.id(subject))
                .setPurpose("research")
                .setResource("record")
                .setAction("read")
                .setRecipient("clinic");
    }

    /** A read that takes into account what was written before. */
    private JsonObject read(Client caller, String method, Message.Builder request, Reply after) {
        Map<String, String> headers = new HashMap<>(caller.headers());
        headers.put("Chancery-Position", after.position());
        Reply reply = shared.wire.rest(shared.method(SERVICE + method), request.build(), headers);
        assertThat(reply.succeeded()).as("%s", reply).isTrue();
        return reply.json();
    }

    private JsonArray listed(Client caller, ListConsentsRequest.Builder request, Reply after) {
        return read(caller, "ListConsents", request, after).getJsonArray("consents", new JsonArray());
    }

    @Test
    void aConsentIsGivenListedWithdrawnAndProvenOffline() throws IOException {
        assertThat(calls.done(clinic, check(sue)).json().getString("reason")).isEqualTo("no-consent");
        assertThat(calls.done(clinic, check(sue)).json().getString("scope")).isEqualTo("record:read for research");

        Reply granted = calls.done(sue, grant());
        String consent = granted.json().getString("consentId");
        assertThat(read(clinic, "CheckConsent", check(sue), granted).getBoolean("given"))
                .isTrue();
        assertThat(calls.done(sue, grant()).json().getString("consentId")).isEqualTo(consent);

        long begun = System.nanoTime();
        Reply withdrawn = calls.done(
                sue, WithdrawConsentRequest.newBuilder().setConsentId(consent).setReason("I have moved."));
        boolean given = true;
        while (given && System.nanoTime() - begun < WITHDRAWN_NANOS) {
            given = calls.done(clinic, check(sue)).json().getBoolean("given", false);
        }
        assertThat(given).isFalse();
        assertThat(read(clinic, "CheckConsent", check(sue), withdrawn).getString("reason"))
                .isEqualTo("withdrawn");

        JsonArray list = listed(sue, ListConsentsRequest.newBuilder(), withdrawn);
        assertThat(list).hasSize(1);
        assertThat(list.getJsonObject(0).getString("state")).isEqualTo("CONSENT_STATE_WITHDRAWN");
        JsonArray history = list.getJsonObject(0).getJsonArray("history");
        assertThat(history).hasSize(2);

        Path trust = Files.writeString(directory.resolve("trust"), trust());
        for (int i = 0; i < 2; i++) {
            String receipt = calls.done(
                            sue,
                            GetConsentReceiptRequest.newBuilder()
                                    .setConsentId(consent)
                                    .setPosition(Long.parseLong(
                                            history.getJsonObject(i).getString("position"))))
                    .json()
                    .getString("receipt");
            var said = new ByteArrayOutputStream();
            assertThat(verified(receipt, trust, said)).as("%s", said).isZero();
            assertThat(said.toString(UTF_8)).contains(i == 0 ? "consent_given" : "consent_withdrawn", "PROVEN");
            assertThat(verified(changed(receipt), trust, said)).isOne();
        }
    }

    @Test
    void theRestOfALongHistoryIsReadByPage() {
        String consent = calls.done(sue, grant()).json().getString("consentId");
        Reply last = calls.done(sue, grant());
        for (int i = 0; i < 12; i++) {
            last = calls.done(
                    sue,
                    RenewConsentRequest.newBuilder()
                            .setConsentId(consent)
                            .setNoticeVersion(1)
                            .setUntilMillis(System.currentTimeMillis()
                                    + Duration.ofDays(10 + i).toMillis()));
        }

        JsonObject listed = listed(sue, ListConsentsRequest.newBuilder(), last).getJsonObject(0);
        List<String> shown = positions(listed.getJsonArray("history"));
        assertThat(shown).hasSize(10);
        List<String> earlier = new ArrayList<>();
        String page = listed.getString("earlierHistory");
        while (!page.isEmpty()) {
            JsonObject reply = calls.done(sue, history(consent).setPageSize(2).setPage(page))
                    .json();
            assertThat(reply.getJsonArray("events").size()).isBetween(1, 2);
            earlier.addAll(positions(reply.getJsonArray("events")));
            page = reply.getString("nextPage", "");
        }
        assertThat(earlier).hasSize(3);
        List<String> all = positions(calls.done(sue, history(consent)).json().getJsonArray("events"));
        assertThat(all)
                .containsExactlyElementsOf(Stream.concat(shown.reversed().stream(), earlier.stream())
                        .toList());
        assertThat(calls.send(user(), history(consent)).code()).isEqualTo("consent.no-such-consent");
        assertThat(calls.send(sue, history(consent).setPage("x")).code()).isEqualTo("consent.page");
    }

    private static ListConsentHistoryRequest.Builder history(String consent) {
        return ListConsentHistoryRequest.newBuilder().setConsentId(consent);
    }

    private static List<String> positions(JsonArray events) {
        return events.stream()
                .map(event -> ((JsonObject) event).getString("position"))
                .toList();
    }

    private String trust() {
        JsonArray keys = shared.wire
                .rest(
                        shared.method("chancery.ledger.v1.LedgerService/GetCheckpoint"),
                        dev.chancery.schema.ledger.v1.GetCheckpointRequest.getDefaultInstance(),
                        administrator.headers())
                .json()
                .getJsonArray("verifierKeys");
        return keys.stream().map(String::valueOf).collect(Collectors.joining("\n"));
    }

    /** The last characters would not do: they are of a byte that is small in every signature. */
    private static String changed(String receipt) {
        int at = receipt.length() - 20;
        return receipt.substring(0, at) + (receipt.charAt(at) == 'A' ? 'B' : 'A') + receipt.substring(at + 1);
    }

    private int verified(String receipt, Path trust, ByteArrayOutputStream said) throws IOException {
        Path file = Files.writeString(directory.resolve("receipt"), receipt);
        var out = new PrintStream(said, true, UTF_8);
        return dev.chancery.auditor.Main.run(
                new String[] {"consent", file.toString(), "--trust", trust.toString()}, out, out);
    }

    @Test
    void anAdministratorWithEveryRoleConsentsForNobody() {
        Reply granted = calls.done(sue, grant());
        String consent = granted.json().getString("consentId");
        String subject = OrganisationCalls.id(sue);
        for (Message.Builder attempt : List.of(
                grant().setSubjectId(subject),
                WithdrawConsentRequest.newBuilder().setConsentId(consent).setSubjectId(subject),
                RenewConsentRequest.newBuilder()
                        .setConsentId(consent)
                        .setSubjectId(subject)
                        .setNoticeVersion(1))) {
            assertThat(calls.send(administrator, attempt).code()).isEqualTo("consent.not-the-subject");
        }
        assertThat(calls.send(
                                administrator,
                                RecordGuardianRequest.newBuilder()
                                        .setSubjectId(subject)
                                        .setGuardianId(OrganisationCalls.id(administrator))
                                        .setGround("Because."))
                        .code())
                .isEqualTo("consent.own-guardian");
    }

    @Test
    void aGuardianConsentsUntilItIsEnded() {
        Client gus = user();
        String subject = OrganisationCalls.id(sue);
        calls.done(
                administrator,
                RecordGuardianRequest.newBuilder()
                        .setSubjectId(subject)
                        .setGuardianId(OrganisationCalls.id(gus))
                        .setGround("District court, file 7 F 12/26."));
        Reply granted = calls.done(gus, grant().setSubjectId(subject));
        assertThat(read(clinic, "CheckConsent", check(sue), granted).getBoolean("given"))
                .isTrue();
        assertThat(listed(gus, ListConsentsRequest.newBuilder(), granted)).hasSize(1);
        Reply ended = calls.done(
                administrator,
                EndRepresentativeRequest.newBuilder()
                        .setSubjectId(subject)
                        .setRepresentativeId(OrganisationCalls.id(gus)));
        assertThat(calls.send(
                                gus,
                                WithdrawConsentRequest.newBuilder()
                                        .setConsentId(granted.json().getString("consentId"))
                                        .setSubjectId(subject))
                        .code())
                .isEqualTo("consent.not-the-subject");
        assertThat(listed(gus, ListConsentsRequest.newBuilder(), ended)).isEmpty();
    }

    @Test
    void aNoticeThatNamesMoreAsksAgainAndAnotherOrganisationSeesNothing() {
        Reply granted = calls.done(sue, grant());
        publish("clinic", "insurer");
        Reply again = calls.send(sue, grant());
        assertThat(again.code()).isEqualTo("consent.notice-outdated");
        Reply renewed = calls.done(
                sue,
                RenewConsentRequest.newBuilder()
                        .setConsentId(granted.json().getString("consentId"))
                        .setNoticeVersion(2));
        assertThat(read(clinic, "CheckConsent", check(sue), renewed).getBoolean("given"))
                .isTrue();

        assertThat(listed(administrator, ListConsentsRequest.newBuilder(), renewed))
                .hasSize(1);
        Client stranger = calls.organisation();
        assertThat(calls.done(stranger, ListConsentsRequest.newBuilder())
                        .json()
                        .getJsonArray("consents", new JsonArray()))
                .isEmpty();
        assertThat(calls.send(
                                stranger,
                                GetConsentReceiptRequest.newBuilder()
                                        .setConsentId(granted.json().getString("consentId")))
                        .code())
                .isEqualTo("consent.no-such-consent");
    }

    /** Wherever the question is asked: one check, several, AuthZEN, searches, a recorded decision, in the application's own process. */
    @Test
    void aCapabilityThatTakesAConsentIsGrantedWhileWhomItIsAboutConsents() {
        calls.done(
                administrator,
                DefineCapabilityRequest.newBuilder()
                        .setCapability("record:read")
                        .setConsentRequired(true)
                        .setConsentPurpose("research"));
        calls.done(
                administrator, DefineRoleRequest.newBuilder().setRole("doctor").addCapabilities("record:read"));
        Reply assigned = calls.done(
                administrator,
                AssignRoleRequest.newBuilder()
                        .setPrincipalId(OrganisationCalls.id(clinic))
                        .setRole("doctor"));
        try (LocalDecisionPoint point = follower()) {
            assertThat(everywhere(point, assigned)).isEqualTo("consent: record:read for research");

            Reply granted = calls.done(sue, grant());
            assertThat(everywhere(point, granted)).isEqualTo("granted");
            assertThat(access(checkOf(sue), granted).getJsonObject("path").getJsonArray("consentIds"))
                    .containsExactly(granted.json().getString("consentId"));
            assertThat(access(checkOf(administrator), granted).getString("reason"))
                    .isEqualTo("consent");

            Reply withdrawn = calls.done(
                    sue,
                    WithdrawConsentRequest.newBuilder()
                            .setConsentId(granted.json().getString("consentId")));
            assertThat(everywhere(point, withdrawn)).isEqualTo("consent: record:read for research");
            for (Reply then : List.of(assigned, granted, withdrawn)) {
                var exact = Consistency.newBuilder().setExact(position(then));
                assertThat(access(checkOf(sue).setConsistency(exact), withdrawn).getBoolean("decision", false))
                        .isEqualTo(then == granted);
            }
        }
    }

    private LocalDecisionPoint follower() {
        Client follower = calls.somebody(PrincipalType.SERVICE, administrator, "access:follow");
        String[] grpc = shared.instance.grpc().split(":");
        return LocalDecisionPoint.start(DecisionPointSettings.of(
                        grpc[0],
                        Integer.parseInt(grpc[1]),
                        shared.instance.http(),
                        follower.clientId(),
                        follower.key().pair().getPrivate())
                .withoutTls());
    }

    private CheckRequest.Builder checkOf(Client about) {
        return CheckRequest.newBuilder()
                .setPrincipalId(OrganisationCalls.id(clinic))
                .setCapability("record:read")
                .setAboutId(OrganisationCalls.id(about));
    }

    private JsonObject access(Message.Builder request, Reply after) {
        String name = request.getDescriptorForType().getName().replaceFirst("Request$", "");
        Map<String, String> headers = new HashMap<>(administrator.headers());
        headers.put("Chancery-Position", after.position());
        var method = shared.method("chancery.access.v1.AccessService/" + name);
        if (method.writes()) {
            headers.put("Idempotency-Key", UUID.randomUUID().toString());
        }
        Reply reply = shared.wire.rest(method, request.build(), headers);
        assertThat(reply.succeeded()).as("%s", reply).isTrue();
        return reply.json();
    }

    private static long position(Reply reply) {
        return Long.parseLong(reply.position().substring(reply.position().indexOf('@') + 1));
    }

    /** The one answer that all give to whether the clinic may read Sue's record. */
    private String everywhere(LocalDecisionPoint point, Reply after) {
        String whose = OrganisationCalls.id(sue);
        String who = OrganisationCalls.id(clinic);
        JsonObject checked = access(checkOf(sue), after);
        String answer = said(checked.getString("reason"), checked.getString("consentScope", ""));
        boolean granted = checked.getBoolean("decision", false);

        JsonObject one = access(CheckAllRequest.newBuilder().addChecks(checkOf(sue)), after)
                .getJsonArray("answers")
                .getJsonObject(0);
        assertThat(said(one.getString("reason"), one.getString("consentScope", "")))
                .isEqualTo(answer);
        JsonObject evaluated = evaluated(after, new JsonObject().put("about", whose));
        assertThat(said(evaluated.getString("reason"), evaluated.getString("consent_scope", "")))
                .isEqualTo(answer);
        JsonObject proven = access(
                ProveDecisionRequest.newBuilder()
                        .setPrincipalId(who)
                        .setCapability("record:read")
                        .setAboutId(whose),
                after);
        assertThat(said(proven.getString("reason"), proven.getString("consentScope", "")))
                .isEqualTo(answer);
        assertThat(access(
                                SearchSubjectsRequest.newBuilder()
                                        .setCapability("record:read")
                                        .setAboutId(whose),
                                after)
                        .getJsonArray("subjects", new JsonArray()))
                .hasSize(granted ? 1 : 0);
        assertThat(access(
                                SearchActionsRequest.newBuilder()
                                        .setPrincipalId(who)
                                        .setResourceType("record")
                                        .setAboutId(whose),
                                after)
                        .getJsonArray("actions", new JsonArray()))
                .hasSize(granted ? 1 : 0);
        assertThat(access(
                                SearchResourcesRequest.newBuilder()
                                        .setPrincipalId(who)
                                        .setCapability("record:read")
                                        .setAboutId(whose),
                                after)
                        .getJsonArray("scopes", new JsonArray()))
                .hasSize(granted ? 1 : 0);

        assertThat(point.awaitPosition(position(after), FOLLOWED))
                .as("%s", point.trouble())
                .isTrue();
        LocalDecision local = point.check(who, "record:read", "", whose);
        assertThat(said(local.reason(), local.consentScope())).isEqualTo(answer);

        // About nobody, it is never granted.
        assertThat(point.check(who, "record:read", "").reason()).isEqualTo("consent");
        assertThat(evaluated(after, new JsonObject()).getString("reason")).isEqualTo("consent");
        return answer;
    }

    private static String said(String reason, String scope) {
        return scope.isEmpty() ? reason : reason + ": " + scope;
    }

    private JsonObject evaluated(Reply after, JsonObject properties) {
        var question = new JsonObject()
                .put("subject", new JsonObject().put("type", "agent").put("id", OrganisationCalls.id(clinic)))
                .put("action", new JsonObject().put("name", "read"))
                .put(
                        "resource",
                        new JsonObject().put("type", "record").put("id", "r-17").put("properties", properties));
        Map<String, String> headers = new HashMap<>(administrator.headers());
        headers.put("Chancery-Position", after.position());
        Reply reply = shared.wire.http(
                "POST", "/access/v1/evaluation", headers, question.encode().getBytes(UTF_8));
        assertThat(reply.status()).as("%s", reply).isEqualTo(200);
        return reply.json().getJsonObject("context");
    }
}
