package dev.chancery.boundary.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import dev.chancery.boundary.ContextFields;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.RefusedException;
import io.vertx.core.http.HttpServerRequest;
import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonReaderFactory;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads a request's body as proto3 JSON, strictly: UTF-8, one object, each name once and known to the method. What a name is
 * matters: one of {@link ContextFields} is told apart from one that is merely unknown.
 */
final class JsonBody {
    private static final int MAX_DEPTH = 16;
    private static final JsonFactory STRICT = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(
                    StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
            .build();
    private static final JsonReaderFactory OBJECTS = Json.createReaderFactory(Map.of());
    private static final JsonFormat.Parser PROTO = JsonFormat.parser();

    /** A number as proto3 JSON may write an integer. Larger exponents name nothing that fits, and take the reader minutes to work out. */
    private static final Pattern INTEGER = Pattern.compile("-?[0-9]{1,20}([.][0-9]{1,20})?([eE][+-]?[0-9]{1,2})?");

    /** What an enum's number is where it names no constant. */
    private static final Set<String> NONE = Set.of("0", "-0");

    private JsonBody() {}

    static void merge(byte[] body, Message.Builder into) throws RefusedException {
        if (body.length == 0) {
            return;
        }
        String text = utf8(body);
        Descriptor descriptor = into.getDescriptorForType();
        try (JsonParser parser = STRICT.createParser(text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new RefusedException(BoundaryRejection.MALFORMED);
            }
            object(parser, descriptor);
            if (parser.nextToken() != null) {
                throw new RefusedException(BoundaryRejection.MALFORMED);
            }
            PROTO.merge(text, into);
        } catch (InvalidProtocolBufferException e) {
            throw new RefusedException(BoundaryRejection.MALFORMED);
        } catch (IOException e) {
            throw new RefusedException(BoundaryRejection.MALFORMED);
        }
    }

    static void requireMediaType(HttpServerRequest request) throws RefusedException {
        String mediaType = Optional.ofNullable(request.getHeader("Content-Type"))
                .map(value -> value.toLowerCase(Locale.ROOT).replace(" ", ""))
                .orElse("");
        boolean json = mediaType.equals("application/json") || mediaType.equals("application/json;charset=utf-8");
        if (!json || request.headers().contains("Content-Encoding")) {
            throw new RefusedException(BoundaryRejection.MEDIA_TYPE);
        }
    }

    /** Reads an object, any names allowed. */
    static JsonObject read(HttpServerRequest request, byte[] body) throws RefusedException {
        requireMediaType(request);
        String text = utf8(body);
        try (JsonParser parser = STRICT.createParser(text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new RefusedException(BoundaryRejection.MALFORMED);
            }
            parser.skipChildren();
            if (parser.nextToken() != null) {
                throw new RefusedException(BoundaryRejection.MALFORMED);
            }
            return OBJECTS.createReader(new StringReader(text)).readObject();
        } catch (IOException | JsonException e) {
            throw new RefusedException(BoundaryRejection.MALFORMED);
        }
    }

    private static String utf8(byte[] body) throws RefusedException {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(body))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new RefusedException(BoundaryRejection.MALFORMED);
        }
    }

    /** Walks an object's names; the parser stands on its opening brace and is left on the closing one. */
    private static void object(JsonParser parser, Descriptor descriptor) throws IOException, RefusedException {
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            FieldDescriptor field = field(descriptor, name);
            if (field == null) {
                throw new RefusedException(
                        ContextFields.isContext(name)
                                ? BoundaryRejection.CONTEXT_FIELD
                                : BoundaryRejection.UNKNOWN_FIELD);
            }
            value(parser, field);
        }
    }

    private static void value(JsonParser parser, FieldDescriptor field) throws IOException, RefusedException {
        JsonToken token = parser.nextToken();
        if (token == JsonToken.START_ARRAY) {
            if (!field.isRepeated()) {
                throw new RefusedException(BoundaryRejection.MALFORMED);
            }
            while ((token = parser.nextToken()) != JsonToken.END_ARRAY) {
                nested(parser, token, field);
            }
        } else {
            nested(parser, token, field);
        }
    }

    private static void nested(JsonParser parser, JsonToken token, FieldDescriptor field)
            throws IOException, RefusedException {
        if (token == JsonToken.START_OBJECT) {
            if (field.getJavaType() != FieldDescriptor.JavaType.MESSAGE) {
                throw new RefusedException(BoundaryRejection.MALFORMED);
            }
            object(parser, field.getMessageType());
        } else if (token == null || !fits(parser, token, field)) {
            throw new RefusedException(BoundaryRejection.MALFORMED);
        }
    }

    /** Whether a value is of the field's type, where protobuf's own parser is lenient: it takes a number for a text. */
    private static boolean fits(JsonParser parser, JsonToken token, FieldDescriptor field) throws IOException {
        if (token == JsonToken.VALUE_NULL) {
            return true;
        }
        return switch (field.getJavaType()) {
            case STRING -> token == JsonToken.VALUE_STRING && isUnicode(parser.getText());
            case BYTE_STRING -> token == JsonToken.VALUE_STRING && isBase64(parser.getText());
            case BOOLEAN -> token.isBoolean();
            // 0 is no constant that anybody means: whoever means none leaves the field out.
            case ENUM ->
                token == JsonToken.VALUE_STRING
                        || token == JsonToken.VALUE_NUMBER_INT && !NONE.contains(parser.getText());
            case INT, LONG ->
                (token == JsonToken.VALUE_STRING || token.isNumeric())
                        && INTEGER.matcher(parser.getText()).matches();
            case FLOAT, DOUBLE -> token == JsonToken.VALUE_STRING || token.isNumeric();
            case MESSAGE -> false;
        };
    }

    /** Half a surrogate pair can be written as an escape and is no character. */
    private static boolean isUnicode(String text) {
        return StandardCharsets.UTF_8.newEncoder().canEncode(text);
    }

    /** Of either alphabet, padded or not; protobuf's own parser drops a last character that is no whole byte. */
    private static boolean isBase64(String text) {
        try {
            var _ = Base64.getDecoder().decode(text.replace('-', '+').replace('_', '/'));
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static @Nullable FieldDescriptor field(Descriptor descriptor, String name) {
        for (FieldDescriptor field : descriptor.getFields()) {
            if (field.getJsonName().equals(name) || field.getName().equals(name)) {
                return field;
            }
        }
        return null;
    }
}
