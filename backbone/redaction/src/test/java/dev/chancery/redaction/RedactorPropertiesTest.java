package dev.chancery.redaction;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class RedactorPropertiesTest {
    @Property
    void itsOwnMarksAreLeftAlone(
            @ForAll("prose") String before, @ForAll("marked") String marked, @ForAll("prose") String after) {
        String line = before + " " + marked + " " + after;
        assertThat(Redactor.redact(line)).isEqualTo(line);
    }

    @Property
    void brokenAndOverlappingPatternsAreDealtWith(@ForAll("lines") String line) {
        String once = Redactor.redact(line);
        assertThat(once.length()).isLessThanOrEqualTo(line.length() * 16);
        assertThat(Redactor.redact(once).length()).isLessThanOrEqualTo(once.length() * 16);
    }

    /** Whatever a password begins with, holds or ends with, and wherever it stands: none of it is left, and a second pass finds none. */
    @Property(tries = 2_000)
    void aNamedPasswordIsGoneWhatever(
            @ForAll("names") String name, @ForAll("passwords") String password, @ForAll("tails") String tail) {
        String once = Redactor.redact(name + password + tail);
        assertThat(once).doesNotContain("Xy7").doesNotContain("9zQ");
        assertThat(Redactor.redact(once)).isEqualTo(once);
    }

    @Provide
    Arbitrary<String> names() {
        return Arbitraries.of(
                "password=", "DB_PASS: ", "x&secret=", "{\"pwd\": ", "api_key => ", "passphrase=", "PASSWORD_HASH=");
    }

    @Provide
    Arbitrary<String> passwords() {
        Arbitrary<String> any =
                Arbitraries.strings().withChars(",;&)]}<>\\\"'[{(=:/@$.!").ofMaxLength(3);
        return any.flatMap(begin -> any.map(within -> begin + "Xy7" + within + "9zQ"))
                // A quoted value and what follows it, or a value and the next name.
                .filter(value -> !value.matches(
                        "[=>:]*\\\\?([\"'`]).*\\1[^A-Za-z0-9].*|[=>:]*\\\\\".*\\\\\".*|.+Xy7[.\"'\\\\]*[=:].*"));
    }

    @Provide
    Arbitrary<String> tails() {
        return Arbitraries.of("", " next", "\n", ", x=1", "; y: 2", ")");
    }

    @Property
    void aSecretBetweenAnyWordsIsGone(
            @ForAll("prose") String before, @ForAll("secrets") String secret, @ForAll("prose") String after) {
        assertThat(Redactor.redact(before + " " + secret + " " + after)).doesNotContain(secret);
    }

    @Property
    void proseStays(@ForAll("prose") String prose) {
        assertThat(Redactor.redact(prose)).isEqualTo(prose);
    }

    @Provide
    Arbitrary<String> prose() {
        return Arbitraries.strings().withChars("abc xyz, .\n").ofMaxLength(40);
    }

    @Provide
    Arbitrary<String> marked() {
        return Arbitraries.of(
                "[redacted-mail]",
                "password=[redacted-secret]",
                "\"token\": \"[redacted-secret]\"",
                "Bearer [redacted-token]",
                "jdbc:x://[redacted-secret]@db/x",
                "[redacted-card][redacted-phone],[redacted-iban]",
                "Cookie: [redacted-secret]");
    }

    @Provide
    Arbitrary<String> secrets() {
        return Arbitraries.of(
                "max@example.org",
                "+49 30 1234567",
                "DE89370400440532013000",
                "4111111111111111",
                "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl",
                "AKIAIOSFODNN7EXAMPLE",
                "vault://prod/db/main");
    }

    /** Pieces of every pattern in any order, so that they overlap, touch and break each other. */
    @Provide
    Arbitrary<String> lines() {
        Arbitrary<String> piece = Arbitraries.of(
                "max",
                "@",
                "example.org",
                ".",
                "+",
                "49",
                "30 1234567",
                "(415)",
                "555-2671",
                "4111",
                "1111",
                "-",
                " ",
                "DE89",
                "370400440532013000",
                "eyJhbGciOiJFZERTQSJ9",
                "password",
                "key",
                "token",
                "cookie",
                "authorization",
                "=",
                ":",
                "\"",
                "'",
                "\\",
                "\n",
                "://",
                "vault",
                "user",
                "Bearer ",
                "Ab3dEf6hIj9lMn2pQr5t",
                "-----BEGIN ",
                "-----END ",
                "-----",
                "[redacted-",
                "mail]",
                "]",
                "AKIAIOSFODNN7EXAMPLE",
                "é",
                "/");
        return piece.list().ofMaxSize(14).map(pieces -> String.join("", pieces));
    }
}
