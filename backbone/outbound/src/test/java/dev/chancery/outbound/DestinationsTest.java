package dev.chancery.outbound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chancery.firewall.AddressRanges;
import dev.chancery.firewall.EgressPolicy;
import dev.chancery.firewall.HostPattern;
import dev.chancery.firewall.Target;
import java.net.InetAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class DestinationsTest {
    private static final Instant NOW = Instant.ofEpochSecond(1_790_000_000);
    private static final AddressRanges FORBIDDEN = AddressRanges.forbidden();
    private static final AddressRanges OPENED = FORBIDDEN.except(List.of("10.1.0.0/16", "127.0.0.0/8"));

    private final List<String> lookups = new ArrayList<>();

    private Destinations destinations(AddressRanges forbidden, String... addresses) {
        return new Destinations(forbidden, name -> {
            lookups.add(name);
            return Stream.of(addresses).map(DestinationsTest::address).toList();
        });
    }

    private static InetAddress address(String text) {
        return InetAddress.ofLiteral(text);
    }

    private static EgressPolicy policy(AddressRanges forbidden, List<String> allowed, List<String> denied) {
        return new EgressPolicy(
                forbidden,
                denied.stream().map(HostPattern::deny).toList(),
                List.of(),
                allowed.stream().map(each -> HostPattern.allow(each, forbidden)).toList(),
                Map.of(),
                List.of());
    }

    private static Target target(String url) {
        return (Target) Target.parse(url);
    }

    @Test
    void aListedNameIsLookedUpOnceAndWhatWasJudgedIsDialled() throws NotReached {
        assertThat(destinations(FORBIDDEN, "93.184.215.14", "93.184.215.15")
                        .address(
                                target("https://issuer.example.com"),
                                policy(FORBIDDEN, List.of("issuer.example.com"), List.of()),
                                NOW))
                .isEqualTo(address("93.184.215.14"));
        assertThat(lookups).containsExactly("issuer.example.com");
    }

    @Test
    void aNameIsLookedUpWithoutTheDotAtItsEnd() throws NotReached {
        destinations(FORBIDDEN, "93.184.215.14")
                .address(
                        target("https://issuer.example.com./"),
                        policy(FORBIDDEN, List.of("issuer.example.com"), List.of()),
                        NOW);
        assertThat(lookups).containsExactly("issuer.example.com");
    }

    @Test
    void aNameThatNoListHasIsNotEvenLookedUp() {
        assertThatThrownBy(() -> destinations(FORBIDDEN, "93.184.215.14")
                        .address(target("https://issuer.example.com"), policy(FORBIDDEN, List.of(), List.of()), NOW))
                .hasMessage("egress-denied");
        assertThat(lookups).isEmpty();
    }

    @Test
    void oneForbiddenAddressOfSeveralDenies() {
        assertThatThrownBy(() -> destinations(FORBIDDEN, "93.184.215.14", "169.254.169.254")
                        .address(
                                target("https://issuer.example.com"),
                                policy(FORBIDDEN, List.of("issuer.example.com"), List.of()),
                                NOW))
                .hasMessage("egress-denied");
    }

    @Test
    void anAddressInAnOpenedNetworkNeedsNoListAndAListMayDenyIt() throws NotReached {
        var target = target("https://10.1.2.3:8443");
        assertThat(destinations(OPENED).address(target, policy(OPENED, List.of(), List.of()), NOW))
                .isEqualTo(address("10.1.2.3"));
        assertThatThrownBy(
                        () -> destinations(OPENED).address(target, policy(OPENED, List.of(), List.of("10.1.2.3")), NOW))
                .hasMessage("egress-denied");
        assertThatThrownBy(() -> destinations(FORBIDDEN).address(target, policy(FORBIDDEN, List.of(), List.of()), NOW))
                .hasMessage("egress-denied");
    }

    @Test
    void whatIsSentIsProtectedByTlsOrStaysOnAnOpenedLoopback() {
        for (String url :
                new String[] {"https://crm.example.com/dsar", "https://10.0.0.1", "http://127.0.0.1:8080/a"}) {
            assertThat(destinations(OPENED).isProtected(url)).as(url).isTrue();
        }
        for (String url : new String[] {
            "http://crm.example.com", "http://localhost", "http://10.1.0.1", "ws://127.0.0.1", "http://[::1]", "crm"
        }) {
            assertThat(destinations(OPENED).isProtected(url)).as(url).isFalse();
        }
        assertThat(destinations(FORBIDDEN).isProtected("http://127.0.0.1:8080/a"))
                .isFalse();
    }
}
