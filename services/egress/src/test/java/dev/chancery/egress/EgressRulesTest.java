package dev.chancery.egress;

import static dev.chancery.egress.EgressRejection.DLP_POLICY;
import static dev.chancery.egress.EgressRejection.NO_SUCH_OVERRIDE;
import static dev.chancery.egress.EgressRejection.OVER;
import static dev.chancery.egress.EgressRejection.SELF_APPROVAL;
import static dev.chancery.egress.EgressRejection.TOO_LONG;
import static dev.chancery.egress.EgressRejection.TOO_MANY;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.firewall.AddressRanges;
import dev.chancery.firewall.EgressDecision;
import dev.chancery.firewall.Reason;
import dev.chancery.kernel.Decision;
import dev.chancery.kernel.Rejection;
import dev.chancery.schema.egress.v1.AllowedHostAdded;
import dev.chancery.schema.egress.v1.AllowedHostRemoved;
import dev.chancery.schema.egress.v1.ConnectorConnected;
import dev.chancery.schema.egress.v1.ConnectorDisconnected;
import dev.chancery.schema.egress.v1.DeniedHostAdded;
import dev.chancery.schema.egress.v1.DeniedHostRemoved;
import dev.chancery.schema.egress.v1.DlpPolicySet;
import dev.chancery.schema.egress.v1.OverrideApproved;
import dev.chancery.schema.egress.v1.OverrideRequested;
import dev.chancery.schema.egress.v1.OverrideRevoked;
import dev.chancery.schema.egress.v1.OverrideState;
import dev.chancery.schema.egress.v1.SandboxSet;
import dev.chancery.testkit.log.Decider;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EgressRulesTest {
    private static final String W = "0199f2aa-0000-7000-8000-000000000001";
    private static final long NOW = 1_780_000_000_000_000L;
    private static final long MINUTE = 60_000_000L;

    private final Decider<WorkspaceEgress> workspace = new Decider<>(WorkspaceEgress.FOLD);

    private Decision<Message> allow(String host) {
        return workspace.when(before -> EgressRules.allow(
                before,
                AllowedHostAdded.newBuilder().setWorkspaceId(W).setHost(host).build()));
    }

    private Decision<Message> deny(String host) {
        return workspace.when(before -> EgressRules.deny(
                before,
                DeniedHostAdded.newBuilder().setWorkspaceId(W).setHost(host).build()));
    }

    private Decision<Message> connect(String connector, String... hosts) {
        return workspace.when(before -> EgressRules.connect(
                before,
                ConnectorConnected.newBuilder()
                        .setConnector(connector)
                        .addAllHosts(List.of(hosts))
                        .build()));
    }

    private Decision<Message> request(String id, String requester, String actingFor, int minutes) {
        return workspace.when(before -> EgressRules.request(
                before,
                OverrideRequested.newBuilder()
                        .setOverrideId(id)
                        .setHost("api.example.org")
                        .setRequesterId(requester)
                        .setActingForId(actingFor)
                        .build(),
                minutes,
                NOW));
    }

    private Decision<Message> approve(String id, Set<String> approver, long at) {
        return workspace.when(before -> EgressRules.approve(
                before,
                approver::contains,
                OverrideApproved.newBuilder()
                        .setOverrideId(id)
                        .setApproverId("ap")
                        .build(),
                at));
    }

    private Decision<Message> revoke(String id, long at) {
        return workspace.when(before -> EgressRules.revoke(
                before, OverrideRevoked.newBuilder().setOverrideId(id).build(), at));
    }

    private EgressDecision evaluate(String url, long at) {
        return new Policies((tenant, id) -> Optional.of(workspace.state()), AddressRanges.forbidden(), BuiltInHosts.ALL)
                .of("t", W)
                .orElseThrow()
                .policy()
                .evaluate(url, Policies.instant(at));
    }

    private Reason reason(String url) {
        return evaluate(url, NOW).reason();
    }

    private static Rejection rejection(Decision<Message> decision) {
        return ((Decision.Rejected<Message>) decision).rejection();
    }

    @Test
    void whatIsOnTheListIsAllowedUntilItIsTakenOff() {
        assertThat(reason("https://api.example.com/")).isEqualTo(Reason.NOT_ALLOWLISTED);
        allow("API.example.com.");
        assertThat(workspace.state().allow()).containsExactly("api.example.com");
        assertThat(reason("https://api.example.com/")).isEqualTo(Reason.WORKSPACE_ALLOW);
        assertThat(allow("api.example.com")).isInstanceOf(Decision.Nothing.class);

        Decision<Message> removed = workspace.when(before -> EgressRules.removeAllowed(
                before,
                AllowedHostRemoved.newBuilder().setHost("api.example.com").build()));
        assertThat(removed).isInstanceOf(Decision.Events.class);
        assertThat(reason("https://api.example.com/")).isEqualTo(Reason.NOT_ALLOWLISTED);
    }

    @Test
    void aPatternIsRefusedWithTheEnginesReason() {
        assertThat(rejection(allow("*.co.uk")).message()).contains("public suffix");
        assertThat(rejection(allow("127.1")).message()).contains("never allowed");
        assertThat(rejection(allow("example.com/path")).message()).contains("has a path");
        assertThat(rejection(allow("a." + "x".repeat(60) + "." + "y".repeat(60) + ".example.com"))
                        .message())
                .contains("longer than 128");
        assertThat(rejection(connect("chat", "ok.example.com", "com")).message())
                .contains("public suffix");
        assertThat(rejection(allow("a*.example.com")).code()).isEqualTo("egress.pattern");
        assertThat(deny("com")).isInstanceOf(Decision.Events.class);
    }

    @Test
    void whatIsDeniedIsDeniedWhateverAllowsIt() {
        allow("api.example.com");
        connect("chat", "api.example.com");
        request("o", "r", "", 10);
        approve("o", Set.of("ap"), NOW);
        deny("**.example.com");
        deny("**.example.org");
        deny("data.iana.org");

        assertThat(reason("https://api.example.com/")).isEqualTo(Reason.EXPLICIT_DENY);
        assertThat(reason("https://api.example.org/")).isEqualTo(Reason.EXPLICIT_DENY);
        assertThat(reason("https://data.iana.org/")).isEqualTo(Reason.EXPLICIT_DENY);
    }

    @Test
    void aDenialIsTakenOffAsItWasPut() {
        allow("api.example.com");
        deny("api.example.com");
        assertThat(reason("https://api.example.com/")).isEqualTo(Reason.EXPLICIT_DENY);

        assertThat(removeDenied("API.example.com.")).isInstanceOf(Decision.Events.class);
        assertThat(reason("https://api.example.com/")).isEqualTo(Reason.WORKSPACE_ALLOW);
        assertThat(removeDenied("api.example.com")).isInstanceOf(Decision.Nothing.class);
    }

    private Decision<Message> removeDenied(String host) {
        return workspace.when(before -> EgressRules.removeDenied(
                before, DeniedHostRemoved.newBuilder().setHost(host).build()));
    }

    @Test
    void aConnectorsHostsComeAndGoWithIt() {
        connect("chat", "api.example.com", "*.files.example.com");
        assertThat(reason("https://a.files.example.com/")).isEqualTo(Reason.CONNECTOR_ALLOW);
        assertThat(connect("chat", "*.files.example.com", "api.example.com")).isInstanceOf(Decision.Nothing.class);
        connect("chat", "api.example.com");
        assertThat(reason("https://a.files.example.com/")).isEqualTo(Reason.NOT_ALLOWLISTED);

        allow("api.example.com");
        workspace.when(before -> EgressRules.disconnect(
                before, ConnectorDisconnected.newBuilder().setConnector("chat").build()));
        assertThat(reason("https://api.example.com/")).isEqualTo(Reason.WORKSPACE_ALLOW);
        assertThat(workspace.state().connectors()).isEmpty();
    }

    @Test
    void aSandboxReachesNothingByDefault() {
        assertThat(reason("https://data.iana.org/")).isEqualTo(Reason.BUILT_IN_ALLOW);
        workspace.when(before -> EgressRules.sandbox(
                before, SandboxSet.newBuilder().setSandbox(true).build()));
        assertThat(reason("https://data.iana.org/")).isEqualTo(Reason.NOT_ALLOWLISTED);
    }

    @Test
    void anOverrideIsInForceFromItsApprovalToItsEnd() {
        request("o", "r", "", 10);
        assertThat(reason("https://api.example.org/")).isEqualTo(Reason.NOT_ALLOWLISTED);
        assertThat(approve("o", Set.of("ap"), NOW + MINUTE)).isInstanceOf(Decision.Events.class);
        assertThat(approve("o", Set.of("ap"), NOW + MINUTE)).isInstanceOf(Decision.Nothing.class);

        assertThat(evaluate("https://api.example.org/", NOW + 10 * MINUTE - 1).reason())
                .isEqualTo(Reason.OVERRIDE);
        assertThat(evaluate("https://api.example.org/", NOW + 10 * MINUTE).reason())
                .isEqualTo(Reason.NOT_ALLOWLISTED);
        assertThat(workspace.state().override("o").orElseThrow().state(NOW + 10 * MINUTE))
                .isEqualTo(OverrideState.OVERRIDE_STATE_EXPIRED);
    }

    @Test
    void aRevokedOverrideIsOver() {
        request("o", "r", "", 10);
        approve("o", Set.of("ap"), NOW);
        assertThat(revoke("o", NOW + 1)).isInstanceOf(Decision.Events.class);
        assertThat(reason("https://api.example.org/")).isEqualTo(Reason.NOT_ALLOWLISTED);
        assertThat(revoke("o", NOW + 2)).isInstanceOf(Decision.Nothing.class);
        assertThat(rejection(approve("o", Set.of("ap"), NOW + 2))).isEqualTo(OVER);
    }

    @Test
    void nobodyApprovesTheirOwn() {
        request("o", "agent", "human", 10);
        assertThat(rejection(approve("o", Set.of("agent"), NOW))).isEqualTo(SELF_APPROVAL);
        assertThat(rejection(approve("o", Set.of("human"), NOW))).isEqualTo(SELF_APPROVAL);
        assertThat(rejection(approve("o", Set.of("other-agent", "human"), NOW))).isEqualTo(SELF_APPROVAL);
        assertThat(rejection(approve("x", Set.of("ap"), NOW))).isEqualTo(NO_SUCH_OVERRIDE);
        assertThat(rejection(revoke("x", NOW))).isEqualTo(NO_SUCH_OVERRIDE);
        assertThat(rejection(approve("o", Set.of("ap"), NOW + 10 * MINUTE))).isEqualTo(OVER);
    }

    @Test
    void whatAWorkspaceHoldsIsBounded() {
        assertThat(rejection(request("o", "r", "", 0))).isEqualTo(TOO_LONG);
        assertThat(EgressRules.request(
                        workspace.state(),
                        OverrideRequested.newBuilder()
                                .setHost("api.example.org")
                                .build(),
                        EgressRules.MAX_MINUTES,
                        NOW))
                .isInstanceOf(Decision.Events.class);
        assertThat(rejection(request("o", "r", "", EgressRules.MAX_MINUTES + 1)))
                .isEqualTo(TOO_LONG);
        for (int i = 0; i < EgressRules.MAX_OVERRIDES; i++) {
            assertThat(request("o" + i, "r", "", 10)).isInstanceOf(Decision.Events.class);
        }
        assertThat(rejection(request("one-more", "r", "", 10))).isEqualTo(TOO_MANY);
        for (int i = 0; i < EgressRules.MAX_PATTERNS; i++) {
            allow("h" + i + ".example.com");
        }
        assertThat(rejection(allow("one-more.example.com"))).isEqualTo(TOO_MANY);
        assertThat(rejection(connect("empty"))).isEqualTo(TOO_MANY);
    }

    @Test
    void connectorsAreBoundedInNumberAndHosts() {
        List<String> hosts = IntStream.rangeClosed(0, EgressRules.MAX_CONNECTOR_HOSTS)
                .mapToObj(i -> "h" + i + ".example.com")
                .toList();
        assertThat(rejection(connect("wide", hosts.toArray(String[]::new)))).isEqualTo(TOO_MANY);
        assertThat(connect("wide", hosts.subList(1, hosts.size()).toArray(String[]::new)))
                .isInstanceOf(Decision.Events.class);
        for (int i = 1; i < EgressRules.MAX_CONNECTORS; i++) {
            assertThat(connect("c" + i, "api.example.com")).isInstanceOf(Decision.Events.class);
        }
        assertThat(rejection(connect("one-more", "api.example.com"))).isEqualTo(TOO_MANY);
        assertThat(connect("wide", "api.example.com")).isInstanceOf(Decision.Events.class);
    }

    @Test
    void overridesThatAreOverAreForgottenInTheirOrder() {
        for (int i = 0; i < WorkspaceEgress.KEPT + 5; i++) {
            request("o" + i, "r", "", 10);
            revoke("o" + i, NOW);
        }
        assertThat(workspace.state().overrides()).hasSize(WorkspaceEgress.KEPT);
        assertThat(workspace.state().override("o4")).isEmpty();
        assertThat(workspace.state().override("o5")).isPresent();
    }

    private Decision<Message> dlp(List<String> block, List<String> alert) {
        return workspace.when(before -> EgressRules.dlp(
                before,
                DlpPolicySet.newBuilder()
                        .setWorkspaceId(W)
                        .addAllBlock(block)
                        .addAllAlert(alert)
                        .build()));
    }

    @Test
    void aDlpPolicyReplacesTheOneBefore() {
        assertThat(workspace.state().dlp()).isEqualTo(DlpPolicy.STANDARD);
        assertThat(dlp(List.copyOf(DlpPolicy.STANDARD.block()), List.copyOf(DlpPolicy.STANDARD.alert())))
                .isEqualTo(Decision.nothing());
        dlp(List.of("mail", "card"), List.of("unreadable"));
        assertThat(workspace.state().dlp()).isEqualTo(new DlpPolicy(List.of("card", "mail"), List.of("unreadable")));
        assertThat(dlp(List.of("card", "mail", "card"), List.of("unreadable"))).isEqualTo(Decision.nothing());
        assertThat(dlp(List.of("mail", "card"), List.of("card"))).isEqualTo(Decision.reject(DLP_POLICY));
        assertThat(dlp(List.of("name"), List.of())).isEqualTo(Decision.reject(DLP_POLICY));
        assertThat(dlp(List.of(), List.of("Mail"))).isEqualTo(Decision.reject(DLP_POLICY));
        dlp(List.of(), List.of());
        assertThat(workspace.state().dlp().isEmpty()).isTrue();
    }
}
