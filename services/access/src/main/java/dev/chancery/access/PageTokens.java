package dev.chancery.access;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.command.RefusedException;
import dev.chancery.keyring.Keyring;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/**
 * Where a search goes on. A token says position, moment and the last candidate that was looked at, and is bound to the organisation and
 * to the question by a keyed hash: nobody makes one, and none serves another question. Nothing is kept for it here.
 */
final class PageTokens {
    private static final String PURPOSE = "access.search-page";
    private static final int HASH_BYTES = 16;
    private static final int HEAD_BYTES = HASH_BYTES + 2 * Long.BYTES;

    /** @param after the candidate that was looked at last; empty: none was */
    record Place(long position, long atMicros, String after) {}

    private final Keyring keyring;

    PageTokens(Keyring keyring) {
        this.keyring = keyring;
    }

    /** @param question all that makes it what it is */
    String token(String tenant, List<String> question, Place place) {
        byte[] after = place.after().getBytes(UTF_8);
        var token = ByteBuffer.allocate(HEAD_BYTES + after.length)
                .put(hash(tenant, question, place))
                .putLong(place.position())
                .putLong(place.atMicros())
                .put(after);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(token.array());
    }

    /** @throws RefusedException where the token isn't one that was given for this question, in this organisation */
    Place place(String tenant, List<String> question, String token) throws RefusedException {
        try {
            var bytes = ByteBuffer.wrap(Base64.getUrlDecoder().decode(token));
            byte[] hash = new byte[HASH_BYTES];
            bytes.get(hash);
            var place = new Place(
                    bytes.getLong(), bytes.getLong(), UTF_8.decode(bytes).toString());
            // The encoded form too: the last letter of base64 has bits that decoding drops.
            if (MessageDigest.isEqual(hash, hash(tenant, question, place))
                    && token(tenant, question, place).equals(token)) {
                return place;
            }
        } catch (IllegalArgumentException | java.nio.BufferUnderflowException e) {
            // Said below.
        }
        throw new RefusedException(AccessRejection.PAGE);
    }

    private byte[] hash(String tenant, List<String> question, Place place) {
        var all = new ByteArrayOutputStream();
        for (String part : question) {
            framed(all, part);
        }
        framed(all, place.after());
        all.writeBytes(ByteBuffer.allocate(2 * Long.BYTES)
                .putLong(place.position())
                .putLong(place.atMicros())
                .array());
        return Arrays.copyOf(keyring.keyedHash(tenant, PURPOSE, all.toByteArray()), HASH_BYTES);
    }

    private static void framed(ByteArrayOutputStream all, String part) {
        byte[] bytes = part.getBytes(UTF_8);
        all.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
        all.writeBytes(bytes);
    }
}
