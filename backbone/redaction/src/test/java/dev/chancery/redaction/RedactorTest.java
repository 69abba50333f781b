package dev.chancery.redaction;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RedactorTest {
    /** What must go, what must be left; {@code ~} stands for the mark. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "sent to max.muster+inbox@example.org today | sent to ~mail today",
                "mail=o'brien@example.co.uk, next=1 | mail=~mail, next=1",
                "<grüße@müller.example> | <~mail>",
                "Key (email)=(a@b.de) already exists | Key (email)=(~mail) already exists",
                "root@localhost is a name | ~mail is a name",
                "a@example.org.: unknown | ~mail.: unknown",
                "call +49 30 1234567 now | call ~phone now",
                "phone=+4915112345678 | phone=~phone",
                "+1 (415) 555-2671, later | ~phone, later",
                "(415) 555-2671 | ~phone",
                "415-555-2671 or 415.555.2671 | ~phone or ~phone",
                "0049 30 1234567 | ~phone",
                "ring 030 1234567 or 0171-1234567 | ring ~phone or ~phone",
                "iban DE89370400440532013000. | iban ~iban.",
                "DE89 3704 0044 0532 0130 00 is his | ~iban is his",
                "gb29nwbk60161331926819 | ~iban",
                "MT84MALT011000012345MTLCAST001S | ~iban",
                "card 4111111111111111 declined | card ~card declined",
                "card=4111-1111-1111-1111 | card=~card",
                "id 42 5555 5555 5555 4444 12/27 | id 42 ~card 12/27",
                "amex 3782 822463 10005 | amex ~card",
                "2223003122003222 | ~card",
                "got eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl here | got ~token here",
                "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0. | ~token.",
                "Bearer abcdef1234567890 | Bearer ~token",
                "bearer AbCdEfGh.x~y_z== end | bearer ~token end",
                "Basic dXNlcjpwYXNz | Basic ~token",
                "aws AKIAIOSFODNN7EXAMPLE used | aws ~token used",
                "ghp_0123456789abcdefghijABCDEFGHIJ012345 | ~token",
                "xoxb-123456789012-abcdefghij | ~token",
                "sk_live_4eC39HqLyjWDarjtT1zdp7dc | ~token",
                "AIzaSyA-1234567890abcdefghijklmnopqrstuv | ~token",
                "hvs.CAESIJabcdefghijklmnopq | ~token",
                "read vault://prod/db/password, ok | read ~vault, ok",
                "'vault://prod/a/b' | '~vault'",
                "jdbc:postgresql://app:s3cret@db.internal:5432/x | jdbc:postgresql://~secret@db.internal:5432/x",
                "password=hunter2 user=x | password=~secret user=x",
                "{\"password\":\"hun\\\"ter2\",\"a\":1} | {\"password\":\"~secret\",\"a\":1}",
                "{\\\"clientSecret\\\": \\\"abc def\\\"} | {\\\"clientSecret\\\": \\\"~secret\\\"}",
                "SPRING_DATASOURCE_PASSWORD: 'x y' | SPRING_DATASOURCE_PASSWORD: '~secret'",
                "password=[redacted-hunter2 | password=~secret",
                "password=&Xy7secretvalue | password=~secret",
                "password=\\Xy7secretvalue next | password=~secret next",
                "password=>Xy7secretvalue | password=~secret",
                "password=]} | password=~secret}",
                "password=pa,ssw0rd;x)y user=x | password=~secret user=x",
                "password=pa\"ss&w0rd | password=~secret",
                "password=a&user=x, password=b; c=d | password=~secret&user=x, password=~secret; c=d",
                "Login[user=x, password=pa}ss] failed | Login[user=x, password=~secret] failed",
                "{\"password\":12345,\"user\":\"x\"} | {\"password\":~secret,\"user\":\"x\"}",
                "{\\\"otp\\\":12345,\\\"user\\\":1} | {\\\"otp\\\":~secret,\\\"user\\\":1}",
                "{\\\"password\\\":\\\"a\\\\\\\"b\\\",\\\"user\\\":1} |"
                        + " {\\\"password\\\":\\\"~secret\\\",\\\"user\\\":1}",
                "password => 'hunter2', password := x, password == \"x\" | password => '~secret', password := ~secret,"
                        + " password == \"~secret\"",
                "password      =      hunter2 | password      =      ~secret",
                "password: `hunter 2` | password: `~secret`",
                "DB_PASS=hunter2 user.pass=x dbPass: y | DB_PASS=~secret user.pass=~secret dbPass: ~secret",
                "\"passwords\": [\"a]\", 'b]c', d], x | \"passwords\": ~secret, x",
                "\"password\": [\"hunter2hunter2\"] | \"password\": ~secret",
                "{\"client_secret\":{\"value\":\"a}\",\"n\":[1]},\"b\":1} | {\"client_secret\":~secret,\"b\":1}",
                "password={noop}hunter2 next | password=~secret next",
                "Authorization=[Bearer abc], Cookie=[a=b; c=d], x | Authorization=~secret, Cookie=~secret, x",
                "passphrase: correct horse battery staple | passphrase: ~secret",
                "seed_phrase = correct horse, battery | seed_phrase = ~secret",
                "password_hash=$2a$10$N9qo8uLOickgx2ZMRZoMye x | password_hash=~secret x",
                "clientSecretDigest: abc, hash=abc | clientSecretDigest: ~secret, hash=abc",
                "private_key=-----BEGIN PRIVATE KEY-----\\nMC4CAQ-----END PRIVATE KEY----- x | private_key=~secret x",
                "api-key=abc&x=1 | api-key=~secret&x=1",
                "Authorization: Bearer abc next | Authorization: ~secret next",
                "Cookie: a=b; c=d | Cookie: ~secret",
                "token=dGhpcyBpcyBhIHRva2Vu1 | token=~secret",
                "claim: \"Ab3dEf6hIj9lMn2pQr5tUv8xYz1bCd4fGh7jKl0nOp3\" | claim: \"~secret\"",
                "key=9f86d081884c7d659a2feaa0c55ad015 | key=~secret",
                "saw wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY8w== there | saw ~random there",
                "x=Zm9v-YmFyQUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqaw end | x=~random end"
            })
    void personalDataAndSecretsAreReplaced(String text, String expected) {
        assertThat(Redactor.redact(text)).isEqualTo(expected.replaceAll("~([a-z]+)", "[redacted-$1]"));
    }

    @Test
    void aProfileRedactsItsKindsOnly() {
        String text = "a@example.org paid with 4111111111111111 and password=hunter2";
        assertThat(Redactor.redact(text, Profile.GDPR))
                .isEqualTo("[redacted-mail] paid with [redacted-card] and password=hunter2");
        assertThat(Redactor.redact(text, Profile.SECRETS))
                .isEqualTo("a@example.org paid with 4111111111111111 and password=[redacted-secret]");
        assertThat(Redactor.spans(text, Profile.PCI))
                .containsExactly(new Span(24, 40, "card"), new Span(54, 61, "secret"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "relay.batch tenant=0199f2a0-7c3a-7d52-8e11-3b5a0c9d4e21 from=18230 to=18493 millis=12",
                "principal=00123456-1234-7234-8234-123456789012 assignment=01234567-0301-7234-8901-123456789abc",
                "key=0199f2a0-7c3a-7d52-8e11-3b5a0c9d4e21 token=0199f2a0-7c3a-7d52-8e11-3b5a0c9d4e21",
                "consistency=0199f2a0-7c3a-7d52-8e11-3b5a0c9d4e21@42",
                "recorded_at_micros=1766361234567890 deadline_nanos=1766361234567890123",
                "position=4111111111111112 offset=0000000000000042 size=123456789012",
                "at 2026-01-01T00:00:00.123456Z, 2026-01-01 12:00:00.123456+00:00, 00:00:00.123456",
                "from 2026-01-01 to 2026-12-31, 01.02.2026 and 12/27",
                "root=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "hash 4111111111111111aa, trace=de89370400440532013000aa11223344",
                "DE89370400440532013001 has the wrong check digits, ZZ89370400440532013000 no country",
                "listening on 127.0.0.1:8080 and http://127.0.0.1:41817/health, 192.168.100.200",
                "java.base@25.0.1/java.lang.Thread.run, dev.chancery.relay.Relay@1b6d3586, @Override",
                "the bearer token is missing, Basic authentication is off, Bearer of news",
                "stream=access/role-model key=access/assignments/0199f2a0-7c3a-7d52-8e11-3b5a0c9d4e21",
                "key=role-model token=expired claim=used tokens=12345678901234567890 secrets are kept",
                "public_key=MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=",
                "vkey: example.org/log+1a2b3c4d+AUm0r2nDkTWvJt0Z9c0lFqEnQpaeB3zVQ0lfGk2mXyZ1",
                "the password for role chancery_identity was set, passwordless sign-in",
                "eyJ is how a JWT begins, eyJa too, sk-learn, xoxb-short, AKIA",
                "bypass=true, compass: north, passed=3",
                "the vault is sealed, vault: none, -----BEGINNING of the end-----",
                "1e+10 and 3+12 and a+1234567890 and UTC+02:00 and (12) and (100 200 300)",
                "version 0.1.0, 17.6.0, 3.4.1.Final, 001/x234/067, tile/0/x001/067.p/12",
                "SELECT count(*) FROM log.record WHERE tenant = $1",
                ""
            })
    void whatOnlyLooksAlikeStays(String text) {
        assertThat(Redactor.redact(text)).isSameAs(text);
    }

    @Test
    void aPemBlockGoesWholeAndACutOneToTheEnd() {
        assertThat(Redactor.redact("a\n-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----\nb"))
                .isEqualTo("a\n[redacted-pem]\nb");
        assertThat(Redactor.redact("a -----BEGIN PRIVATE KEY-----\nMC4CAQ")).isEqualTo("a [redacted-pem]");
    }

    @Test
    void aCookieHeaderGoesToTheEndOfItsLine() {
        assertThat(Redactor.redact("Set-Cookie: sid=1; HttpOnly\nHost: x"))
                .isEqualTo("Set-Cookie: [redacted-secret]\nHost: x");
    }

    @Test
    void aPassphraseGoesToTheEndOfItsLine() {
        assertThat(Redactor.redact("passphrase: correct horse\r\nuser: x"))
                .isEqualTo("passphrase: [redacted-secret]\r\nuser: x");
    }

    @Test
    void neighboursAreAllFound() {
        assertThat(Redactor.redact("a@b.de,c@d.de;+49301234567 password=x token"))
                .isEqualTo("[redacted-mail],[redacted-mail];[redacted-phone] password=[redacted-secret] token");
    }

    /** Quadratic work on two million characters would take hours; the bound only ends a run that hangs. */
    @ParameterizedTest
    @Timeout(60)
    @ValueSource(
            strings = {
                "@",
                "a@",
                "a.@",
                "1 ",
                "12-",
                "+1",
                "+(1",
                "(1)",
                "0049",
                "4111 ",
                "key=",
                "key=a",
                "hash=",
                "hash",
                "token:",
                "password=",
                "password=\"",
                "password='\\",
                "-----BEGIN ",
                "-----BEGIN x-----END ",
                "eyJ.",
                "eyJaaaaaaaaaa.",
                "://",
                "://a:",
                "a://b:c@",
                "vault://",
                "Bearer ",
                "Bearer a",
                "AKIA",
                "DE89",
                "DE89 ",
                "cookie:",
                "authorization: ",
                "=",
                ":",
                "\\\"",
                "a",
                "é",
                "\uD83D",
                "x_y-z.w="
            })
    void hostileRepetitionIsLinear(String unit) {
        assertThat(Redactor.redact(unit.repeat(2_000_000 / unit.length()))).isNotNull();
    }

    /** What may stand around a name, so that its value has not ended, is empty, or is looked for in vain. */
    private static final List<String> AROUND = List.of(
            "%s=",
            "%s:", "%s = ", "%s=a", "%s=,", "%s=,a", "%s=\"", "\"%s\":\\", "%s=[", "%s={\"", "%s: '\\", "%s=(x[{");

    static Stream<String> namedUnits() {
        Map<NamedSecrets.Kind, String> each = new EnumMap<>(NamedSecrets.Kind.class);
        NamedSecrets.ENDINGS.forEach(ending -> each.put(ending.kind(), ending.name()));
        return Stream.concat(
                        NamedSecrets.ENDINGS.stream().map(ending -> ending.name() + "="),
                        each.values().stream().flatMap(name -> AROUND.stream().map(around -> around.formatted(name))))
                .distinct();
    }

    /** Four times the text takes four times as long; were the work quadratic, sixteen times. */
    @ParameterizedTest
    @Timeout(300)
    @MethodSource("namedUnits")
    void theWorkForNamesGrowsWithTheText(String unit) {
        long few = Long.MAX_VALUE;
        long many = Long.MAX_VALUE;
        // The least of some runs: the compiler has done its work then.
        for (int i = 0; i < 8 && (i < 2 || many > 9 * few); i++) {
            few = Math.min(few, nanos(unit.repeat(100_000 / unit.length())));
            many = Math.min(many, nanos(unit.repeat(400_000 / unit.length())));
        }
        assertThat(many)
                .as("nanoseconds for 400,000 characters, of %d for 100,000", few)
                .isLessThanOrEqualTo(9 * few);
    }

    /** Of the processor, for this thread: what else the machine does is left out. */
    private static long nanos(String text) {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long begin = threads.getCurrentThreadCpuTime();
        assertThat(Redactor.redact(text)).isNotNull();
        return Math.max(1, threads.getCurrentThreadCpuTime() - begin);
    }
}
