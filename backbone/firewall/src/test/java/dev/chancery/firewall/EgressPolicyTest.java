package dev.chancery.firewall;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.firewall.EgressPolicy.Override;
import java.net.InetAddress;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EgressPolicyTest {
    private static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");
    private static final AddressRanges FORBIDDEN = AddressRanges.forbidden();

    private static List<HostPattern> allow(String... patterns) {
        return Stream.of(patterns)
                .map(pattern -> HostPattern.allow(pattern, FORBIDDEN))
                .toList();
    }

    private static EgressPolicy workspace(String... patterns) {
        return new EgressPolicy(FORBIDDEN, List.of(), List.of(), allow(patterns), Map.of(), List.of());
    }

    @ParameterizedTest
    @CsvSource({
        "example.com, https://example.com/a, true",
        "example.com, http://example.com, true",
        "example.com, https://EXAMPLE.com., true",
        "example.com, https://a.example.com, false",
        "example.com, https://example.com:8443, false",
        "example.com, https://example.com.evil.test, false",
        "example.com, https://notexample.com, false",
        "example.com:8443, https://example.com:8443, true",
        "example.com:8443, https://example.com, false",
        "https://example.com, http://example.com, false",
        "https://example.com, https://example.com, true",
        "https://example.com, https://example.com:444, false",
        "*.example.com, https://a.example.com, true",
        "*.example.com, https://a.b.example.com, false",
        "*.example.com, https://example.com, false",
        "**.example.com, https://a.example.com, true",
        "**.example.com, https://a.b.c.example.com, true",
        "**.example.com, https://example.com, false",
        "bücher.example, https://xn--bcher-kva.example, true",
        "93.184.216.34, https://93.184.216.34, true",
        "93.184.216.34, https://0x5db8d822, true",
        "[2606:4700::1111], 'https://[2606:4700:0:0::1111]', true",
    })
    void aPatternAllowsItsHostsAndNoOthers(String pattern, String url, boolean allowed) {
        Reason reason = workspace(pattern).evaluate(url, NOW).reason();
        assertThat(reason).isEqualTo(allowed ? Reason.WORKSPACE_ALLOW : Reason.NOT_ALLOWLISTED);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "com",
                "localhost",
                "*.com",
                "**.co.uk",
                "*.github.io",
                "github.io",
                "*",
                "**",
                "*.*.example.com",
                "a*.example.com",
                "example.com/path",
                "https://example.com/",
                "example.com:0",
                "example.com:",
                "example.com:65536",
                "ftp://example.com",
                "user@example.com",
                "*.93.184.216.34",
                "127.0.0.1",
                "10.0.0.1",
                "[::1]",
                "2130706433",
                "",
                " example.com",
                "exa mple.com",
            })
    void whatWouldAllowTooMuchOrNothingIsRefused(String pattern) {
        org.assertj.core.api.Assertions.assertThatExceptionOfType(PatternRefused.class)
                .isThrownBy(() -> HostPattern.allow(pattern, FORBIDDEN))
                .withMessageContaining("the pattern \"" + pattern + "\" ");
    }

    @Test
    void aDenialBeatsEveryAllowanceOnEveryPort() {
        List<HostPattern> all = allow("bad.example.com", "bad.example.com:8443", "*.example.com");
        var policy = new EgressPolicy(
                FORBIDDEN,
                List.of(HostPattern.deny("bad.example.com"), HostPattern.deny("**.zip")),
                all,
                all,
                Map.of("c", all),
                List.of(new Override(all.get(0), Instant.MAX)));
        for (String url : List.of(
                "https://bad.example.com",
                "https://bad.example.com.",
                "https://bad.example.com:8443",
                "ws://a.b.zip")) {
            assertThat(policy.evaluate(url, NOW).reason()).as(url).isEqualTo(Reason.EXPLICIT_DENY);
        }
        assertThat(policy.evaluate("https://good.example.com", NOW).reason()).isEqualTo(Reason.BUILT_IN_ALLOW);
    }

    @Test
    void anOverrideEndsOnTime() {
        Instant end = NOW.plusSeconds(60);
        var policy = new EgressPolicy(
                FORBIDDEN,
                List.of(),
                List.of(),
                List.of(),
                Map.of("forge", allow("api.forge.example")),
                List.of(
                        new Override(allow("debug.example.com").get(0), end),
                        new Override(allow("debug.example.com").get(0), end.minusSeconds(30))));
        assertThat(policy.evaluate("https://api.forge.example", NOW).reason()).isEqualTo(Reason.CONNECTOR_ALLOW);
        assertThat(policy.evaluate("https://debug.example.com", end.minusNanos(1))
                        .reason())
                .isEqualTo(Reason.OVERRIDE);
        assertThat(policy.evaluate("https://debug.example.com", end).reason()).isEqualTo(Reason.NOT_ALLOWLISTED);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "127.255.255.255",
                "0.0.0.0",
                "10.1.2.3",
                "172.16.0.1",
                "172.31.255.255",
                "192.168.0.1",
                "169.254.169.254",
                "100.64.0.1",
                "100.100.100.200",
                "100.127.255.255",
                "192.0.0.192",
                "198.18.0.1",
                "198.19.255.255",
                "224.0.0.1",
                "255.255.255.255",
                "240.0.0.1",
                "168.63.129.16",
                "192.88.99.1",
                "2130706433",
                "0x7f.1",
                "0177.1",
                "127.1",
                "127.0.0.1.",
                "１２７.0.0.1",
                "[::]",
                "[::1]",
                "[::ffff:127.0.0.1]",
                "[::ffff:8.8.8.8]",
                "[::127.0.0.1]",
                "[64:ff9b::7f00:1]",
                "[64:ff9b:1::1]",
                "[2002:7f00:1::]",
                "[2001::1]",
                "[2001:0:1::1]",
                "[fc00::1]",
                "[fd00:ec2::254]",
                "[fe80::1]",
                "[fec0::1]",
                "[ff02::1]",
                "[100::1]",
                "[2001:db8::1]",
                "[3fff::1]",
                "[5f00::1]",
                "[2606:4700::5efe:127.0.0.1]",
                "[2606:4700::200:5efe:7f00:1]",
            })
    void everySpellingOfAnAddressInsideIsForbidden(String host) {
        EgressDecision decision = workspace("example.com").evaluate("http://" + host + "/", NOW);
        assertThat(decision.reason()).isEqualTo(Reason.FORBIDDEN_ADDRESS);
        assertThat(decision.detail()).isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "8.8.8.8",
                "1.0.0.0",
                "11.0.0.0",
                "100.63.255.255",
                "100.128.0.0",
                "126.255.255.255",
                "128.0.0.0",
                "169.253.255.255",
                "172.15.255.255",
                "172.32.0.0",
                "192.167.255.255",
                "198.17.255.255",
                "198.20.0.0",
                "223.255.255.255",
                "[2606:4700::1111]",
                "[2001:200::1]",
                "[2003::1]",
                "[3ffe::1]"
            })
    void theNeighboursOfTheRangesAreNot(String host) {
        assertThat(workspace("example.com")
                        .evaluate("http://" + host + "/", NOW)
                        .reason())
                .isEqualTo(Reason.NOT_ALLOWLISTED);
    }

    @Test
    void oneForbiddenAnswerDeniesTheName() throws Exception {
        EgressPolicy policy = workspace("example.com");
        EgressDecision allowed = policy.evaluate("https://example.com", NOW);
        InetAddress outside = InetAddress.getByName("93.184.216.34");
        InetAddress inside = InetAddress.getByName("10.0.0.1");
        assertThat(policy.admit(allowed, List.of(outside)).allowed()).isTrue();
        assertThat(policy.admit(allowed, List.of(outside, inside)).reason()).isEqualTo(Reason.FORBIDDEN_ADDRESS);
        assertThat(policy.admit(allowed, List.of()).allowed()).isFalse();
        EgressDecision denied = policy.evaluate("https://other.example", NOW);
        assertThat(policy.admit(denied, List.of(outside))).isEqualTo(denied);
    }

    @Test
    void aTableOfTheTestsLetsLoopbackStandForTheInternet() {
        AddressRanges ranges = AddressRanges.only("127.0.0.2/32", "::2/128");
        var policy = new EgressPolicy(
                ranges, List.of(), List.of(), List.of(HostPattern.allow("127.0.0.1", ranges)), Map.of(), List.of());
        assertThat(policy.evaluate("http://127.0.0.1", NOW).allowed()).isTrue();
        assertThat(policy.evaluate("http://127.0.0.2", NOW).reason()).isEqualTo(Reason.FORBIDDEN_ADDRESS);
    }
}
