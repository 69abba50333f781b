package dev.chancery.quickstart.atrest;

import dev.chancery.quickstart.instance.Reply;
import dev.chancery.story.ClearText;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Values that nobody else has, each with at least 16 random bytes and in another shape than the one before; and a file that takes all that
 * callers were told meanwhile.
 */
final class Canaries {
    /** What a value may have at most, in characters. */
    static final int MAX_CHARACTERS = 8_192;

    /** Chance writes none of them, and each is found though a page of a database ends within the value. */
    private static final int PART = 24;

    private static final int STRIDE = 1_000;

    private final SecureRandom random = new SecureRandom();
    private final List<Supplier<String>> shapes = List.of(
            this::plain,
            () -> word() + "\"pa\\ss\" 'wörd' " + word(),
            () -> word() + "\n-----BEGIN KEY-----\n" + base64(96) + "\r\n-----END KEY-----\n" + word(),
            () -> word() + "ü§ 日本語 \uD83D\uDD11" + word(),
            () -> word() + "%22%0A%00&a=b+c ?#/;%s${x}" + word(),
            () -> base64(48),
            () -> word() + "\t\u0001\u001b[31m\u007f\u2028" + word(),
            () -> word() + "{\"password\": \"" + word() + "\", \"a\": [1]}" + word(),
            () -> word() + "://app:" + word() + "@db.example:5432/orders?a=" + word(),
            () -> Base64.getUrlEncoder().withoutPadding().encodeToString(bytes(16)),
            () -> base64(MAX_CHARACTERS / 4 * 3),
            () -> HexFormat.of().formatHex(bytes(MAX_CHARACTERS / 4)) + "ü".repeat(MAX_CHARACTERS / 2));
    private final Set<String> values = new LinkedHashSet<>();
    private final Path answers;
    private int number;

    /** @param answers made anew; anything may be appended to it */
    Canaries(Path answers) {
        this.answers = answers;
    }

    /** Another one, in the next shape. */
    String next() {
        return noted(shapes.get(number++ % shapes.size()).get());
    }

    /** Another one that a header may have. */
    String plain() {
        return noted(word() + word());
    }

    /** One that somebody else has made. */
    String noted(String value) {
        values.add(value);
        return value;
    }

    int count() {
        return values.size();
    }

    /** Looks for each of them: as it is, and for parts of it. */
    ClearText search() {
        List<String> wanted = new ArrayList<>();
        for (String value : values) {
            if (value.length() < STRIDE) {
                wanted.add(value);
            }
            for (int at = 0; at + PART <= value.length() && at < MAX_CHARACTERS / 2 - PART; at += STRIDE) {
                wanted.add(value.substring(at, at + PART));
            }
        }
        return ClearText.of(wanted);
    }

    /** Keeps a refusal, or an answer that is to have no value. */
    Reply answered(Reply reply) {
        said(reply.everything());
        return reply;
    }

    /** Keeps what a program or a page said. */
    synchronized void said(String text) {
        try {
            Files.writeString(answers, text + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String word() {
        return HexFormat.of().formatHex(bytes(13));
    }

    private String base64(int bytes) {
        return Base64.getEncoder().encodeToString(bytes(bytes));
    }

    private byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }
}
