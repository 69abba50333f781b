package dev.chancery.cli;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.options.v1.FieldContract;
import dev.chancery.schema.options.v1.Format;
import dev.chancery.schema.options.v1.Options;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;

/** What somebody who calls a method has to know: its path, its fields with their rules, and a request to begin with. */
final class MethodPage {
    /** For a pattern, the first that matches. */
    private static final List<String> EXAMPLES = List.of(
            "example",
            "document:read",
            "anna@example.org",
            "document",
            "https://example.org/",
            "A".repeat(43),
            "deadbeef",
            "https://example.org/notice",
            "urn:ietf:params:oauth:token-type:jwt",
            "chr_" + "A".repeat(120),
            "eyJhbGciOiJFZDI1NTE5In0.eyJpc3MiOiIifQ.c2lnbmF0dXJl",
            "a/b",
            "a/b:deadbeef",
            "en",
            "P7Y");

    private static final String ID = "0199f2aa-0000-7000-8000-000000000001";
    /** Nested messages are shown so deep. */
    private static final int MAX_DEPTH = 4;

    private MethodPage() {}

    static void print(ContractMethod method, PrintStream out) throws InvalidProtocolBufferException {
        out.println(method.fullName());
        out.println("  " + method.httpMethod() + " " + method.pathTemplate().text());
        out.println("  capability " + (method.capability().isEmpty() ? "none" : method.capability()) + "; "
                + String.join(", ", ContractCommand.flags(method)));
        out.println();
        fields("request", method.input(), out);
        out.println();
        fields("reply", method.output(), out);
        out.println();
        out.println("example request (what the path holds may be left out of a body):");
        out.println(JsonFormat.printer().print(example(method.input())));
    }

    private static void fields(String what, Descriptor message, PrintStream out) {
        Table table = new Table(what.toUpperCase(Locale.ROOT), "TYPE", "RULES");
        addFields("", message, table, MAX_DEPTH);
        table.print(out);
    }

    private static void addFields(String prefix, Descriptor message, Table table, int depth) {
        for (FieldDescriptor field : message.getFields()) {
            String name = prefix + field.getJsonName() + (field.isRepeated() ? "[]" : "");
            table.add(name, type(field), rules(field.getOptions().getExtension(Options.field)));
            if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE && depth > 1) {
                addFields(name + ".", field.getMessageType(), table, depth - 1);
            }
        }
    }

    private static String type(FieldDescriptor field) {
        return switch (field.getJavaType()) {
            case ENUM ->
                String.join(
                        " | ",
                        field.getEnumType().getValues().stream()
                                .filter(value -> value.getNumber() != 0)
                                .map(EnumValueDescriptor::getName)
                                .toList());
            case MESSAGE -> field.getMessageType().getName();
            case BYTE_STRING -> "base64";
            case LONG -> "64-bit number, as a string";
            default -> field.getType().name().toLowerCase(Locale.ROOT);
        };
    }

    private static String rules(FieldContract rules) {
        StringBuilder text = new StringBuilder(rules.getRequired() ? "required" : "");
        if (rules.getFormat() == Format.FORMAT_ID) {
            text.append(" UUID in lower case");
        }
        if (!rules.getPattern().isEmpty()) {
            text.append(" ").append(rules.getPattern());
        }
        if (rules.getLength() > 0) {
            text.append(" ").append(rules.getLength());
            rules.getOrLengthList().forEach(other -> text.append(" or ").append(other));
            text.append(" bytes");
        }
        return text.toString().strip();
    }

    /** With every field set, but for those that no example fits. */
    static Message example(Descriptor message) {
        return example(message, MAX_DEPTH);
    }

    private static Message example(Descriptor message, int depth) {
        DynamicMessage.Builder builder = DynamicMessage.newBuilder(message);
        for (FieldDescriptor field : message.getFields()) {
            Object value = value(field, depth);
            if (value.equals("") || (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE && depth == 1)) {
                continue;
            }
            if (field.isRepeated()) {
                builder.addRepeatedField(field, value);
            } else {
                builder.setField(field, value);
            }
        }
        return builder.build();
    }

    private static Object value(FieldDescriptor field, int depth) {
        FieldContract rules = field.getOptions().getExtension(Options.field);
        return switch (field.getJavaType()) {
            case STRING -> rules.getFormat() == Format.FORMAT_ID ? ID : text(rules.getPattern());
            case BYTE_STRING -> ByteString.copyFrom(new byte[rules.getLength()]);
            case ENUM -> field.getEnumType().getValues().getLast();
            case MESSAGE -> depth == 1 ? "" : example(field.getMessageType(), depth - 1);
            case BOOLEAN -> true;
            case INT -> 1;
            case LONG -> 1L;
            case FLOAT -> 1f;
            case DOUBLE -> 1d;
        };
    }

    private static String text(String pattern) {
        return EXAMPLES.stream()
                .filter(example -> pattern.isEmpty() || example.matches(pattern))
                .findFirst()
                .orElse(ID.matches(pattern) ? ID : "");
    }
}
