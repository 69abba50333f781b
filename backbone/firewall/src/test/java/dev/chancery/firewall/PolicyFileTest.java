package dev.chancery.firewall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.StringReader;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PolicyFileTest {
    private static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");

    @Test
    void everyMemberTakesEffect() throws Exception {
        EgressPolicy policy = PolicyFile.read(new StringReader("""
                allow:
                  - api.example.com
                  - "**.example.org"
                deny: [secret.example.org]
                connectors:
                  forge: [api.forge.example]
                overrides:
                  - {host: debug.example.net, until: 2026-06-01T13:00:00Z, reason: an incident}
                  - {host: old.example.net, until: "2026-06-01T11:00:00Z"}
                """));
        assertThat(policy.evaluate("https://api.example.com", NOW).reason()).isEqualTo(Reason.WORKSPACE_ALLOW);
        assertThat(policy.evaluate("https://a.b.example.org", NOW).reason()).isEqualTo(Reason.WORKSPACE_ALLOW);
        assertThat(policy.evaluate("https://secret.example.org", NOW).reason()).isEqualTo(Reason.EXPLICIT_DENY);
        assertThat(policy.evaluate("https://api.forge.example", NOW).reason()).isEqualTo(Reason.CONNECTOR_ALLOW);
        assertThat(policy.evaluate("https://debug.example.net", NOW).reason()).isEqualTo(Reason.OVERRIDE);
        assertThat(policy.evaluate("https://old.example.net", NOW).reason()).isEqualTo(Reason.NOT_ALLOWLISTED);
    }

    @Test
    void anEmptyFileAllowsNothing() throws Exception {
        EgressPolicy policy = PolicyFile.read(new StringReader("# nothing\n"));
        assertThat(policy.evaluate("https://example.com", NOW).reason()).isEqualTo(Reason.NOT_ALLOWLISTED);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "allow: [com] | names a public suffix",
                "allow: example.com | allow is no list",
                "allow: [5] | allow holds something that is no text",
                "allow: [*.example.com] | it is no YAML",
                "allwo: [] | unknown member \"allwo\"",
                "[] | no mapping",
                "overrides: [{host: a.example.com}] | has no end",
                "overrides: [{host: a.example.com, until: soon}] | is no time",
                "overrides: [{until: 2026-01-01}] | names no host",
                "connectors: {x: a.b} | connectors.x is no list",
                "'allow: [a.example]\nallow: [b.example]' | it is no YAML",
                "!!java.net.URL [x] | it is no YAML",
            })
    void aFileThatIsNoPolicySaysWhy(String text, String why) {
        assertThatExceptionOfType(PolicyFile.Unusable.class)
                .isThrownBy(() -> PolicyFile.read(new StringReader(text)))
                .withMessageContaining(why);
    }
}
