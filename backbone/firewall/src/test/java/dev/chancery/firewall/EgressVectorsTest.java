package dev.chancery.firewall;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.firewall.EgressPolicy.Override;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What the engine decides about many URLs, as a file that every other implementation of it is tested with ({@code client/typescript}).
 * {@code -Dchancery.write=true} writes it; a change of the file is a change of what customers' programs may reach.
 */
class EgressVectorsTest {
    private static final Path FILE =
            Path.of(System.getProperty("chancery.root", "../.."), "client/typescript/vectors/egress.json");
    private static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");
    private static final int DRAWN = 2_000;

    private static final List<String> DENY = List.of("evil.example.com", "https://**.bad.example", "co.uk", "8.8.4.4");
    private static final List<String> BUILT_IN = List.of("https://data.iana.org");
    private static final List<String> ALLOW = List.of(
            "example.com",
            "*.example.com",
            "**.deep.example",
            "https://only-tls.example",
            "http://only-plain.example:8080",
            "ws://socket.example",
            "port.example:8443",
            "bücher.example",
            "93.184.216.34",
            "[2606:4700::1111]",
            "**.bad.example",
            "evil.example.com",
            "xn--wgv71a119e.example");
    private static final Map<String, List<String>> CONNECTORS = Map.of("chat", List.of("hooks.example.net"));
    private static final Map<String, Instant> OVERRIDES =
            Map.of("over.example.org", NOW.plusSeconds(1), "past.example.org", NOW);

    private static final List<String> URLS = List.of(
            "",
            "example.com",
            "//example.com",
            "http:",
            "http:/example.com",
            "http:///example.com",
            "http:\\\\example.com",
            "http://example.com\\@evil.example.com",
            " http://example.com",
            "http://example.com ",
            "http://exa\tmple.com",
            "http://exa mple.com",
            "http://exa%6dple.com",
            "http://example.com/%00\u0000",
            "http://user@example.com",
            "http://user:pass@example.com/",
            "http://example.com@evil.example.com",
            "http://example.com/a@b",
            "http://example.com?a@b",
            "http://example.com#@b",
            "ftp://example.com",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "1http://example.com",
            "HTTPS://EXAMPLE.COM:443/",
            "https://example.com:/",
            "https://example.com:0/",
            "https://example.com:00443/",
            "https://example.com:65536/",
            "https://example.com:4 43/",
            "https://example.com:+443/",
            "https://example.com.",
            "https://example.com..",
            "https://.example.com",
            "https://a..example.com",
            "https://a.example.com",
            "https://a.b.example.com",
            "https://a.b.c.deep.example",
            "https://deep.example",
            "http://only-tls.example",
            "https://only-tls.example",
            "wss://only-tls.example",
            "http://only-plain.example:8080",
            "http://only-plain.example",
            "ws://socket.example",
            "wss://socket.example",
            "https://port.example:8443",
            "https://port.example",
            "https://x.bad.example",
            "http://x.bad.example",
            "https://x.bad.example:8443",
            "https://evil.example.com:9999",
            "https://co.uk",
            "https://data.iana.org",
            "http://data.iana.org",
            "https://hooks.example.net",
            "https://over.example.org",
            "https://past.example.org",
            "https://bücher.example",
            "https://BÜCHER.example",
            "https://xn--bcher-kva.example",
            "https://日本語.example",
            "https://ｅｘａｍｐｌｅ.com",
            "https://example。com",
            "https://exa\u00admple.com",
            "https://faß.example",
            "https://xn--a.example",
            "https://xn--.example",
            "https://a\u200db.example",
            "https://a_b.example.com",
            "https://-a.example.com",
            "https://a-.example.com",
            "https://ab--cd.example.com",
            "https://ex\uff05ample.com",
            "https://ex\uff0fample.com",
            "https://\ufffd.example.com",
            "https://" + "a".repeat(63) + ".example.com",
            "https://" + "a".repeat(64) + ".example.com",
            "https://" + "a.".repeat(120) + "deep.example",
            "https://" + "a.".repeat(121) + "deep.example",
            "https://127.0.0.1",
            "https://127.1",
            "https://0x7f.1",
            "https://0177.0.0.01",
            "https://2130706433",
            "https://0x7f000001",
            "https://127.0.0.1.",
            "https://１２７.０.０.１",
            "https://0",
            "https://0x",
            "https://4294967295",
            "https://4294967296",
            "https://256.256.256.256",
            "https://1.2.3.4.5",
            "https://1.2.3.08",
            "https://09.1",
            "https://a.09",
            "https://a.0x",
            "https://93.184.216.34",
            "https://0x5db8d822",
            "https://1572395042",
            "https://93.184.55330",
            "https://8.8.8.8",
            "https://8.8.4.4:1",
            "https://168.63.129.16",
            "https://169.254.169.254",
            "https://100.64.0.1",
            "https://100.128.0.1",
            "https://172.15.255.255",
            "https://172.16.0.0",
            "https://172.32.0.0",
            "https://198.20.0.0",
            "https://[::1]",
            "https://[::]",
            "https://[::ffff:93.184.216.34]",
            "https://[64:ff9b::5db8:d822]",
            "https://[2002:5db8:d822::1]",
            "https://[2001::1]",
            "https://[2001:db8::1]",
            "https://[fe80::1%25eth0]",
            "https://[fe80::1]",
            "https://[fc00::1]",
            "https://[ff02::1]",
            "https://[2606:4700::1111]",
            "https://[2606:4700:0:0::1111]",
            "https://[2606:4700::1111]:8443",
            "https://[2606:4700::0:5efe:7f00:1]",
            "https://[2606:4700:::1111]",
            "https://[2606:4700::1111",
            "https://2606:4700::1111",
            "https://[2606:4700::11111]",
            "https://[1:2:3:4:5:6:7]",
            "https://[1:2:3:4:5:6:7:8:9]",
            "https://[::1.2.3]",
            "https://[::1.2.3.04]",
            "https://[3fff::1]",
            "https://[4000::1]");

    private static final List<List<String>> ADDRESSES = List.of(
            List.of(),
            List.of("93.184.216.34"),
            List.of("93.184.216.34", "10.0.0.1"),
            List.of("127.0.0.1"),
            List.of("::1"),
            List.of("2606:4700::1111"),
            List.of("2606:4700::1111", "fd00::1"),
            List.of("64:ff9b::7f00:1"),
            List.of("2002:7f00:1::"),
            List.of("2001:0:7f00:1::"),
            List.of("2606:4700::5efe:7f00:1"));

    private record Case(String url, List<String> addresses, boolean resolved) {}

    @Test
    void theFileSaysWhatTheEngineDecides() throws IOException {
        String expected = file();
        if (Boolean.getBoolean("chancery.write")) {
            Files.createDirectories(FILE.getParent());
            Files.writeString(FILE, expected);
        }
        assertThat(Files.readString(FILE))
                .as("client/typescript/vectors/egress.json is stale; write it with -Dchancery.write=true")
                .isEqualTo(expected);
    }

    private static String file() throws IOException {
        var policy = new EgressPolicy(
                AddressRanges.forbidden(),
                patterns(DENY),
                patterns(BUILT_IN),
                patterns(ALLOW),
                Map.of("chat", patterns(CONNECTORS.get("chat"))),
                OVERRIDES.entrySet().stream()
                        .map(one -> new Override(HostPattern.deny(one.getKey()), one.getValue()))
                        .toList());
        List<Case> cases = new ArrayList<>();
        URLS.forEach(url -> cases.add(new Case(url, List.of(), false)));
        ADDRESSES.forEach(addresses -> cases.add(new Case("https://example.com", addresses, true)));
        drawn().forEach(url -> cases.add(new Case(url, List.of(), false)));
        List<String> lines = new ArrayList<>();
        for (Case one : cases) {
            lines.add("    " + line(policy, one));
        }
        return "{\n  \"now\": " + text(NOW.toString()) + ",\n  \"deny\": " + texts(DENY) + ",\n  \"builtIn\": "
                + texts(BUILT_IN) + ",\n  \"allow\": " + texts(ALLOW) + ",\n  \"connectors\": {\"chat\": "
                + texts(CONNECTORS.get("chat")) + "},\n  \"overrides\": ["
                + OVERRIDES.entrySet().stream()
                        .sorted(Map.Entry.comparingByKey())
                        .map(one -> "{\"host\": " + text(one.getKey()) + ", \"until\": "
                                + text(one.getValue().toString()) + "}")
                        .collect(Collectors.joining(", "))
                + "],\n  \"cases\": [\n" + String.join(",\n", lines) + "\n  ]\n}\n";
    }

    private static String line(EgressPolicy policy, Case one) throws IOException {
        EgressDecision decision = policy.evaluate(one.url(), NOW);
        if (one.resolved()) {
            List<InetAddress> addresses = new ArrayList<>();
            for (String address : one.addresses()) {
                addresses.add(InetAddress.getByName(address));
            }
            decision = policy.admit(decision, addresses);
        }
        return "{\"url\": " + text(one.url()) + (one.resolved() ? ", \"addresses\": " + texts(one.addresses()) : "")
                + ", \"reason\": " + text(decision.reason().code()) + ", \"host\": " + text(decision.host()) + "}";
    }

    /** Put together at random, always the same. */
    private static List<String> drawn() {
        var random = new Random(16);
        List<String> schemes = List.of("http", "https", "ws", "wss", "HTTP", "ftp");
        List<String> hosts = Stream.concat(
                        ALLOW.stream().map(pattern -> pattern.replaceAll("^[a-z]+://|\\*+\\.|:[0-9]{4}$", "")),
                        Stream.of("evil.example.com", "x.bad.example", "a.b", "over.example.org"))
                .toList();
        List<String> parts = List.of("0", "1", "10", "127", "255", "256", "0x7f", "0177", "08", "0x", "65535", "a", "");
        List<String> ends =
                List.of("", "/", "/p?q", "#f", ":", ":80", ":443", ":8080", ":8443", ":65536", ".", "..", "@b");
        String groups = "0123456789abcdefABCDEF:::.";
        List<String> urls = new ArrayList<>();
        while (urls.size() < DRAWN) {
            String scheme = draw(random, schemes);
            String host =
                    switch (random.nextInt(4)) {
                        case 0 -> draw(random, List.of("", "a.", "a.b.", "*.", "_.", "é.")) + draw(random, hosts);
                        case 1 ->
                            Stream.generate(() -> draw(random, parts))
                                    .limit(1 + random.nextInt(5))
                                    .collect(Collectors.joining("."));
                        case 2 ->
                            "["
                                    + Stream.generate(() ->
                                                    String.valueOf(groups.charAt(random.nextInt(groups.length()))))
                                            .limit(2 + random.nextInt(20))
                                            .collect(Collectors.joining())
                                    + "]";
                        default ->
                            "["
                                    + Stream.generate(() -> Integer.toHexString(
                                                    random.nextInt(3) == 0 ? 0 : random.nextInt(0x10000)))
                                            .limit(8)
                                            .collect(Collectors.joining(":"))
                                    + "]";
                    };
            urls.add(scheme + "://" + host + draw(random, ends));
        }
        return urls;
    }

    private static String draw(Random random, List<String> from) {
        return from.get(random.nextInt(from.size()));
    }

    private static List<HostPattern> patterns(List<String> texts) {
        return texts.stream().map(HostPattern::deny).toList();
    }

    private static String texts(List<String> texts) {
        return texts.stream().map(EgressVectorsTest::text).collect(Collectors.joining(", ", "[", "]"));
    }

    private static String text(String text) {
        return text.chars()
                .mapToObj(c -> c == '"' || c == '\\'
                        ? "\\" + (char) c
                        : c < 0x20 || c > 0x7e ? "\\u%04x".formatted(c) : String.valueOf((char) c))
                .collect(Collectors.joining("", "\"", "\""));
    }
}
