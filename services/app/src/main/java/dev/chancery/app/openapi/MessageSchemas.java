package dev.chancery.app.openapi;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import dev.chancery.schema.FieldRules;
import dev.chancery.schema.options.v1.FieldContract;
import dev.chancery.schema.options.v1.Format;
import dev.chancery.schema.options.v1.Options;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Messages as JSON Schemas (2020-12) of their proto3 JSON, with the rules that their fields declare. */
final class MessageSchemas {
    private static final String ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
    private static final String DECIMAL = "^-?[0-9]{1,20}$";

    private final Map<String, JsonObject> schemas = new TreeMap<>();

    /** What a request's body may hold: no other fields than these, and without those that its path has. */
    JsonObject request(Descriptor message, Collection<String> inPath) {
        return reference(message, Set.copyOf(inPath), true);
    }

    JsonObject reply(Descriptor message) {
        return reference(message, Set.of(), false);
    }

    /** All that were asked for, and those that they refer to, by name. */
    JsonObject all() {
        var all = new JsonObject();
        schemas.forEach(all::put);
        return all;
    }

    private JsonObject reference(Descriptor message, Set<String> without, boolean request) {
        // A request may also be an item of another: then it is all there.
        String name = message.getFullName().replaceFirst("^chancery\\.", "") + (without.isEmpty() ? "" : "Body");
        if (!schemas.containsKey(name)) {
            var schema = new JsonObject();
            schemas.put(name, schema);
            fill(schema, message, without, request);
        }
        return new JsonObject().put("$ref", "#/components/schemas/" + name);
    }

    private void fill(JsonObject schema, Descriptor message, Set<String> without, boolean request) {
        var properties = new JsonObject();
        var required = new JsonArray();
        for (FieldDescriptor field : message.getFields()) {
            if (without.contains(field.getName())) {
                continue;
            }
            properties.put(field.getJsonName(), property(field, request));
            if (rules(field).getRequired()) {
                required.add(field.getJsonName());
            }
        }
        schema.put("type", "object").put("properties", properties);
        if (!required.isEmpty()) {
            schema.put("required", required);
        }
        if (request) {
            schema.put("additionalProperties", false);
        }
    }

    private JsonObject property(FieldDescriptor field, boolean request) {
        if (!field.isRepeated()) {
            return value(field, request);
        }
        var list = new JsonObject().put("type", "array").put("items", value(field, request));
        if (request) {
            list.put("maxItems", FieldRules.MAX_ITEMS);
        }
        return rules(field).getRequired() ? list.put("minItems", 1) : list;
    }

    private JsonObject value(FieldDescriptor field, boolean request) {
        return field.getJavaType() == FieldDescriptor.JavaType.MESSAGE
                ? reference(field.getMessageType(), Set.of(), request)
                : scalar(field);
    }

    /** A value that isn't a message. Where it may be left out, empty counts as left out, and is what a reply says. */
    static JsonObject scalar(FieldDescriptor field) {
        FieldContract rules = rules(field);
        boolean present = rules.getRequired() || field.isRepeated();
        return switch (field.getJavaType()) {
            case STRING -> text(rules, present);
            case BYTE_STRING -> bytes(rules, present);
            case ENUM -> constants(field, present);
            case BOOLEAN -> new JsonObject().put("type", "boolean");
            case LONG ->
                new JsonObject()
                        .put("type", "string")
                        .put("format", field.getType() == FieldDescriptor.Type.UINT64 ? "uint64" : "int64")
                        .put("pattern", DECIMAL);
            case INT -> new JsonObject().put("type", "integer").put("format", "int32");
            case FLOAT, DOUBLE -> new JsonObject().put("type", "number");
            case MESSAGE -> throw new IllegalArgumentException("not a scalar: " + field.getFullName());
        };
    }

    private static JsonObject text(FieldContract rules, boolean present) {
        var text = new JsonObject().put("type", "string");
        String pattern = rules.getFormat() == Format.FORMAT_ID ? ID : rules.getPattern();
        return pattern.isEmpty() ? text : text.put("pattern", "^(?:" + pattern + (present ? ")$" : ")?$"));
    }

    private static JsonObject bytes(FieldContract rules, boolean present) {
        var bytes = new JsonObject().put("type", "string").put("contentEncoding", "base64");
        if (rules.getLength() > 0) {
            int longest = rules.getOrLengthList().stream().max(Integer::compare).orElse(rules.getLength());
            bytes.put(
                            "description",
                            Stream.concat(Stream.of(rules.getLength()), rules.getOrLengthList().stream())
                                            .map(String::valueOf)
                                            .collect(Collectors.joining(" or "))
                                    + " bytes")
                    .put("maxLength", (longest + 2) / 3 * 4);
            if (present) {
                // Without padding.
                bytes.put("minLength", (rules.getLength() * 4 + 2) / 3);
            }
        }
        return bytes;
    }

    private static JsonObject constants(FieldDescriptor field, boolean present) {
        var names = new JsonArray();
        field.getEnumType().getValues().stream()
                .filter(value -> !present || value.getNumber() != 0)
                .map(EnumValueDescriptor::getName)
                .forEach(names::add);
        return new JsonObject().put("type", "string").put("enum", names);
    }

    private static FieldContract rules(FieldDescriptor field) {
        return field.getOptions().getExtension(Options.field);
    }
}
