package dev.chancery.firewall;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TargetTest {
    private static String hostOf(String url) {
        return Target.parse(url) instanceof Target target ? target.host().text() : "refused";
    }

    /** The right column is what the URL Standard's host parser gives. */
    @ParameterizedTest
    @CsvSource({
        "http://example.com, example.com",
        "HTTPS://EXAMPLE.com:8443/a?b#c, example.com",
        "http://example.com., example.com.",
        "http://example.com?a@b, example.com",
        "http://example.com#@evil.test, example.com",
        "http://ex-.ample.com, ex-.ample.com",
        "http://a_b.example, a_b.example",
        "http://ab--cd.example, ab--cd.example",
        "http://bücher.example, xn--bcher-kva.example",
        "http://faß.example, xn--fa-hia.example",
        "http://xn--bcher-kva.example, xn--bcher-kva.example",
        "http://ＧＯ.com, go.com",
        "http://a。b．c｡d, a.b.c.d",
        "http://a\u00adb.example, ab.example",
        "http://日本語.example, xn--wgv71a119e.example",
        "http://127.1, 127.0.0.1",
        "http://0x7f.1, 127.0.0.1",
        "http://0177.0.0.01, 127.0.0.1",
        "http://2130706433, 127.0.0.1",
        "http://0x7f000001, 127.0.0.1",
        "http://127.0.0.1., 127.0.0.1",
        "http://１２７.０.０.１, 127.0.0.1",
        "http://0, 0.0.0.0",
        "http://0x, 0.0.0.0",
        "http://4294967295, 255.255.255.255",
        "http://192.168.257, 192.168.1.1",
        "http://1.256, 1.0.1.0",
        "http://[::1], [::1]",
        "http://[2001:DB8:0:0:1:0:0:1], [2001:db8::1:0:0:1]",
        "http://[::ffff:127.0.0.1], [::ffff:7f00:1]",
        "http://[64:ff9b::10.0.0.1]:80, [64:ff9b::a00:1]",
        "http://[1:0::], [1::]",
        "http://[0:0:0:0:0:0:0:0], [::]",
        "http://[0:1:2:3:4:5:6:7], [0:1:2:3:4:5:6:7]",
        "http://[1:2:3:4:5:6:0:0], [1:2:3:4:5:6::]",
        "http://[1:2:0:4:5:6:7:8], [1:2:0:4:5:6:7:8]",
    })
    void aHostIsReadAsTheUrlStandardReadsIt(String url, String host) {
        assertThat(hostOf(url)).isEqualTo(host);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "example.com",
                "//example.com",
                "http:",
                "http:/example.com",
                "http:example.com",
                "http://",
                "http:///example.com",
                "http:\\\\example.com",
                "http://example.com\\@evil.test",
                " http://example.com",
                "http://example.com ",
                "http://exa\tmple.com",
                "http://exa\nmple.com",
                "http://example.com/\u0000",
                "http://exa mple.com",
                "http://exa%6dple.com",
                "http://exa<mple.com",
                "http://exa^mple.com",
                "http://a..b",
                "http://.",
                "http://..",
                "http://xn--",
                "http://xn--a",
                "http://xn--a.example",
                "http://\u200d.example",
                "http://\u00ad",
                "http://1.2.3.4.5",
                "http://256.256.256.256",
                "http://4294967296",
                "http://0x100000000",
                "http://1.2.3.256",
                "http://1..2",
                "http://09.1",
                "http://foo.0x",
                "http://foo.09",
                "http://foo.1.2.3.4",
                "http://[::1",
                "http://::1",
                "http://[::1%25eth0]",
                "http://[::1%eth0]",
                "http://[1:2:3:4:5:6:7]",
                "http://[1:2:3:4:5:6:7:8:9]",
                "http://[1::2::3]",
                "http://[:1:2:3:4:5:6:7]",
                "http://[1:2:3:4:5:6:7:]",
                "http://[::12345]",
                "http://[::1.2.3]",
                "http://[::1.2.3.4.5]",
                "http://[::01.2.3.4]",
                "http://[::1.2.3.256]",
                "http://[1:2:3:4:5:6:7:1.2.3.4]",
                "http://[1.2.3.4::]",
                "http://[::1]x",
                "http://[::１]",
                "http://[]",
                "http://example.com:0",
                "http://example.com:65536",
                "http://example.com:8a",
                "http://example.com:-1",
                "http://example.com:１",
                "http://a:b:c",
                "http://example.com/\ufffd",
                "1http://example.com/é",
            })
    void whatParsersReadDifferentlyOrNotAtAllIsMalformed(String url) {
        ParsedUrl parsed = Target.parse(url);
        if (url.startsWith("1")) {
            assertThat(parsed).isEqualTo(new Refused(Reason.SCHEME_NOT_ALLOWED));
        } else {
            assertThat(parsed).isEqualTo(new Refused(Reason.MALFORMED_URL));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ftp://example.com", "file:///etc/passwd", "javascript:alert(1)", "gopher://example.com"})
    void otherSchemesAreRefused(String url) {
        assertThat(Target.parse(url)).isEqualTo(new Refused(Reason.SCHEME_NOT_ALLOWED));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"http://user@example.com", "http://a:b@example.com", "http://good.test@evil.test", "http://@x.y"
            })
    void credentialsAreRefused(String url) {
        assertThat(Target.parse(url)).isEqualTo(new Refused(Reason.CREDENTIALS_IN_URL));
    }

    @ParameterizedTest
    @CsvSource({"http://a.b, 80", "https://a.b:, 443", "ws://a.b, 80", "wss://a.b, 443", "http://a.b:00443/x, 443"})
    void thePortIsTheUrlsOrItsSchemes(String url, int port) {
        assertThat(Target.parse(url)).isInstanceOfSatisfying(Target.class, target -> assertThat(target.port())
                .isEqualTo(port));
    }

    @Property(tries = 2_000)
    void anyTextIsReadOrRefused(@ForAll String text) {
        assertThat(Target.parse("http://" + text)).isNotNull();
    }

    @Property(tries = 500)
    void anAddressIsReadFromWhatItIsWrittenAs(@ForAll byte[] octets) throws Exception {
        byte[] sixteen = java.util.Arrays.copyOf(octets, 16);
        // Through the parser, since InetAddress turns mapped addresses into IPv4.
        var groups = new StringBuilder();
        for (int i = 0; i < 16; i += 2) {
            groups.append(i == 0 ? "" : ":")
                    .append(Integer.toHexString((sixteen[i] & 255) << 8 | sixteen[i + 1] & 255));
        }
        IpAddress address = IpAddress.parseV6(groups.toString()).orElseThrow();
        assertThat(IpAddress.parseV6(address.text())).contains(address);
        assertThat(address.octets()).isEqualTo(sixteen);
    }
}
