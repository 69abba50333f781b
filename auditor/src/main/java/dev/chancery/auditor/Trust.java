package dev.chancery.auditor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The keys that the auditor's owner believes in. One name may have several keys (a rotation), told apart by their ids. */
final class Trust {
    private static final int MAX_BYTES = 1 << 20;

    private final Map<String, VerifierKey> byLabel = new HashMap<>();

    private Trust() {}

    /**
     * @throws IOException when it cannot be read
     * @throws WrongUsage when it can, and is no trust file
     */
    static Trust read(Path file) throws IOException, WrongUsage {
        byte[] bytes = InputFile.read(file, MAX_BYTES);
        if (bytes.length > MAX_BYTES) {
            throw new WrongUsage("trust file: longer than " + MAX_BYTES + " bytes");
        }
        try {
            return parse(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (CharacterCodingException e) {
            throw new WrongUsage("trust file: not UTF-8");
        }
    }

    static Trust parse(String text) throws WrongUsage {
        Trust trust = new Trust();
        String lines = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
        int number = 0;
        for (String line : lines.split("\n", -1)) {
            number++;
            try {
                VerifierKey key = VerifierKey.parse(line);
                if (trust.byLabel.put(key.label(), key) != null) {
                    throw new Malformed("a key of this name and id stands above");
                }
            } catch (Malformed e) {
                throw new WrongUsage("trust file: line " + number + ": " + e.reason());
            }
        }
        return trust;
    }

    @Nullable
    VerifierKey key(String name, int id) {
        return byLabel.get(VerifierKey.label(name, id));
    }
}
