package dev.chancery.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.redaction.Findings;
import dev.chancery.schema.consent.v1.GetConsentReceiptReply;
import dev.chancery.schema.egress.v1.EvaluateReply;
import dev.chancery.schema.identity.v1.IssueTokenReply;
import dev.chancery.schema.identity.v1.ListPrincipalsReply;
import dev.chancery.schema.identity.v1.ListedPrincipal;
import dev.chancery.schema.rbac.v1.ListRolesReply;
import dev.chancery.schema.rbac.v1.Role;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FieldScanTest {
    private static final String TOKEN = "eyJ" + "hbGciOiJFZERTQSJ9.eyJ" + "zdWIiOiJhIn0.c2lnbmF0dXJl";

    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private final FieldScan scan = new FieldScan(Findings.Sink.REPLY);

    @BeforeEach
    void count() {
        Metrics.addRegistry(metrics);
    }

    @AfterEach
    void stop() {
        Metrics.removeRegistry(metrics);
    }

    private double counted(String kind, String outcome) {
        Counter counter = metrics.find("chancery.dlp.findings")
                .tags("sink", "reply", "kind", kind, "outcome", outcome)
                .counter();
        return counter == null ? 0 : counter.count();
    }

    private void staysAsItIs(Message reply) {
        assertThat(scan.withoutCredentials(reply)).isSameAs(reply);
        assertThat(metrics.find("chancery.dlp.findings").counters())
                .allSatisfy(counter -> assertThat(counter.count()).isZero());
    }

    @Test
    void aCredentialInAFieldForSomethingElseDoesNotGoOut() {
        var reply = EvaluateReply.newBuilder()
                .setAllow(true)
                .setHost("x " + TOKEN + " y")
                .build();
        assertThat(scan.withoutCredentials(reply))
                .isEqualTo(reply.toBuilder().setHost("x [redacted-token] y").build());
        assertThat(counted("token", "blocked")).isEqualTo(1);
    }

    @Test
    void inAListTheOthersStayAsTheyAre() {
        var good = Role.newBuilder().setRole("auditor").build();
        var reply = ListRolesReply.newBuilder()
                .addRoles(good)
                .addRoles(Role.newBuilder().setRole("r").addCapabilities("a:b").addCapabilities("password=Xy7-9zQ"))
                .build();
        assertThat(scan.withoutCredentials(reply))
                .isEqualTo(ListRolesReply.newBuilder()
                        .addRoles(good)
                        .addRoles(Role.newBuilder()
                                .setRole("r")
                                .addCapabilities("a:b")
                                .addCapabilities("password=[redacted-secret]"))
                        .build());
    }

    @Test
    void personalDataInAFieldForSomethingElseAlerts() {
        var reply = EvaluateReply.newBuilder().setHost("ada@example.org").build();
        assertThat(scan.withoutCredentials(reply)).isSameAs(reply);
        assertThat(counted("mail", "alerted")).isEqualTo(1);
        var card = ListPrincipalsReply.newBuilder()
                .addPrincipals(ListedPrincipal.newBuilder().setDisplayName("4111 1111 1111 1111"))
                .build();
        assertThat(scan.withoutCredentials(card)).isSameAs(card);
        assertThat(counted("card", "alerted")).isEqualTo(1);
    }

    @Test
    void aCapabilityIsNoSecretByItsName() {
        staysAsItIs(ListRolesReply.newBuilder()
                .addRoles(
                        Role.newBuilder().addCapabilities("secret:read").addCapabilities("app.password" + ":reset-v2"))
                .build());
        var random = ListRolesReply.newBuilder()
                .addRoles(Role.newBuilder().addCapabilities("secret" + ":f9e86d081884c7d659a2feaa0c55ad015"))
                .build();
        assertThat(((ListRolesReply) scan.withoutCredentials(random))
                        .getRoles(0)
                        .getCapabilities(0))
                .isEqualTo("secret:[redacted-secret]");
    }

    @Test
    void whatAFieldDeclaresStays() {
        staysAsItIs(IssueTokenReply.newBuilder().setAccessToken(TOKEN).build());
        staysAsItIs(GetConsentReceiptReply.newBuilder().setReceipt(TOKEN).build());
        staysAsItIs(ListPrincipalsReply.newBuilder()
                .addPrincipals(ListedPrincipal.newBuilder()
                        .setPrincipalId("0199f2aa-0000-7000-8000-00000000000a")
                        .setEmail("ada@example.org"))
                .build());
    }
}
