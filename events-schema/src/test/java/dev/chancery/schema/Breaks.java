package dev.chancery.schema;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.EnumDescriptorProto;
import com.google.protobuf.DescriptorProtos.EnumValueDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.DescriptorProtos.MethodDescriptorProto;
import dev.chancery.schema.options.v1.ActionContract;
import dev.chancery.schema.options.v1.FieldContract;
import dev.chancery.schema.options.v1.Format;
import dev.chancery.schema.options.v1.MethodContract;
import dev.chancery.schema.options.v1.Options;
import dev.chancery.schema.options.v1.StandardEndpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a release takes away from the one before: what old clients, old records and old promises could not bear. */
final class Breaks {
    private final List<String> found = new ArrayList<>();

    private Breaks() {}

    static List<String> between(FileDescriptorSet before, FileDescriptorSet after) {
        var breaks = new Breaks();
        breaks.each("", messages(before), messages(after), breaks::message);
        breaks.each("", enums(before), enums(after), breaks::enumeration);
        breaks.each("", methods(before), methods(after), breaks::method);
        breaks.each("", endpoints(before), endpoints(after), (name, pair) -> {
            breaks.refuse(!pair.before().getPublic() && pair.after().getPublic(), name, "became public");
            breaks.same(name, "capability", pair, StandardEndpoint::getCapability);
        });
        // Logs hold their records for ever.
        breaks.each(
                "action ",
                actions(before),
                actions(after),
                (name, pair) -> breaks.same(name, "recorder", pair, ActionContract::getBy));
        breaks.each("extension ", extensions(before), extensions(after), (name, pair) -> {
            breaks.same(name, "number", pair, FieldDescriptorProto::getNumber);
            breaks.same(name, "type", pair, Breaks::type);
        });
        return breaks.found;
    }

    private record Pair<T>(T before, T after) {}

    /** Compares what has the same key; what is gone is a break. */
    private <T> void each(
            String prefix, Map<String, T> before, Map<String, T> after, BiConsumer<String, Pair<T>> compare) {
        before.forEach((key, old) -> {
            T now = after.get(key);
            if (now == null) {
                found.add(prefix + key + " is gone");
            } else {
                compare.accept(prefix + key, new Pair<>(old, now));
            }
        });
    }

    private <T> void same(String name, String what, Pair<T> pair, Function<T, Object> of) {
        Object before = of.apply(pair.before());
        Object after = of.apply(pair.after());
        if (!Objects.equals(before, after)) {
            found.add(name + " has another " + what);
        }
    }

    private void refuse(boolean broken, String name, String what) {
        if (broken) {
            found.add(name + " " + what);
        }
    }

    private void message(String name, Pair<DescriptorProto> pair) {
        same(name, "feature", pair, message -> message.getOptions().getExtension(Options.eventOf));
        Map<String, FieldDescriptorProto> before = fields(pair.before());
        Map<String, FieldDescriptorProto> after = fields(pair.after());
        each(name + " field ", before, after, this::field);
        after.forEach((number, field) -> refuse(
                !before.containsKey(number) && contract(field).getRequired(),
                name + " field " + number,
                "is new and required"));
    }

    private void field(String name, Pair<FieldDescriptorProto> pair) {
        same(name, "name", pair, FieldDescriptorProto::getName);
        same(name, "JSON name", pair, FieldDescriptorProto::getJsonName);
        same(name, "type", pair, Breaks::type);
        same(name, "oneof", pair, field -> field.hasOneofIndex());
        FieldContract before = contract(pair.before());
        FieldContract after = contract(pair.after());
        // Their numbers grow with the care they ask for.
        refuse(before.getClass_().getNumber() > after.getClass_().getNumber(), name, "has a lower class");
        refuse(before.getTarget() && !after.getTarget(), name, "is no target any more");
        refuse(!before.getRequired() && after.getRequired(), name, "became required");
        same(name, "subject", pair, field -> contract(field).getSubject());
        same(name, "retention", pair, field -> contract(field).getRetention());
        refuse(
                before.getResidency() != after.getResidency() && before.getResidencyValue() != 0,
                name,
                "has another residency");
        // A format that has a name is the pattern that it stands for.
        same(
                name,
                "pattern",
                pair,
                field -> contract(field).getFormat() == Format.FORMAT_ID
                        ? TextFormatTest.ID
                        : contract(field).getPattern());
        same(name, "length", pair, field -> contract(field).getLength());
    }

    private void enumeration(String name, Pair<EnumDescriptorProto> pair) {
        each(
                name + " value ",
                values(pair.before()),
                values(pair.after()),
                (value, values) -> same(value, "name", values, EnumValueDescriptorProto::getName));
    }

    private void method(String name, Pair<MethodDescriptorProto> pair) {
        same(name, "request", pair, MethodDescriptorProto::getInputType);
        same(name, "reply", pair, MethodDescriptorProto::getOutputType);
        same(name, "streaming", pair, method -> method.getClientStreaming() || method.getServerStreaming());
        MethodContract before = pair.before().getOptions().getExtension(Options.method);
        MethodContract after = pair.after().getOptions().getExtension(Options.method);
        refuse(!before.getPublic() && after.getPublic(), name, "became public");
        refuse(before.getPrivileged() && !after.getPrivileged(), name, "is not privileged any more");
        refuse(before.getInstanceOnly() && !after.getInstanceOnly(), name, "is not the instance's alone any more");
        refuse(stepsDown(before.getStepUpSeconds(), after.getStepUpSeconds()), name, "accepts an older authentication");
        refuse(
                !before.getCapability().equals(after.getCapability()) && !before.getPublic(),
                name,
                "has another capability");
        refuse(
                !before.getAuditAction().isEmpty() && !before.getAuditAction().equals(after.getAuditAction()),
                name,
                "has another audit action");
        refuse(!before.getRest().equals(after.getRest()), name, "has another path");
    }

    /** 0 asks for none. */
    private static boolean stepsDown(int before, int after) {
        return before != 0 && (after == 0 || after > before);
    }

    private static FieldContract contract(FieldDescriptorProto field) {
        return field.getOptions().getExtension(Options.field);
    }

    private static String type(FieldDescriptorProto field) {
        return field.getLabel() + " " + field.getType() + " " + field.getTypeName() + " " + field.getProto3Optional();
    }

    private static Map<String, FieldDescriptorProto> fields(DescriptorProto message) {
        return message.getFieldList().stream()
                .collect(Collectors.toMap(field -> Integer.toString(field.getNumber()), Function.identity()));
    }

    private static Map<String, EnumValueDescriptorProto> values(EnumDescriptorProto enumeration) {
        return enumeration.getValueList().stream()
                .collect(Collectors.toMap(
                        value -> Integer.toString(value.getNumber()), Function.identity(), (first, alias) -> first));
    }

    private static Map<String, DescriptorProto> messages(FileDescriptorSet set) {
        return own(set).flatMap(file ->
                        file.getMessageTypeList().stream().flatMap(message -> nested(file.getPackage(), message)))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    private static Stream<Map.Entry<String, DescriptorProto>> nested(String outer, DescriptorProto message) {
        String name = outer + "." + message.getName();
        return Stream.concat(
                Stream.of(Map.entry(name, message)),
                message.getNestedTypeList().stream().flatMap(inner -> nested(name, inner)));
    }

    private static Map<String, EnumDescriptorProto> enums(FileDescriptorSet set) {
        Stream<Map.Entry<String, EnumDescriptorProto>> top = own(set).flatMap(file ->
                file.getEnumTypeList().stream().map(type -> Map.entry(file.getPackage() + "." + type.getName(), type)));
        Stream<Map.Entry<String, EnumDescriptorProto>> inner = messages(set).entrySet().stream()
                .flatMap(message -> message.getValue().getEnumTypeList().stream()
                        .map(type -> Map.entry(message.getKey() + "." + type.getName(), type)));
        return Stream.concat(top, inner).collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    private static Map<String, MethodDescriptorProto> methods(FileDescriptorSet set) {
        return own(set).flatMap(
                        file -> file.getServiceList().stream().flatMap(service -> service.getMethodList().stream()
                                .map(method -> Map.entry(
                                        file.getPackage() + "." + service.getName() + "/" + method.getName(), method))))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    private static Map<String, ActionContract> actions(FileDescriptorSet set) {
        return own(set).flatMap(file -> file.getOptions().getExtension(Options.action).stream())
                .collect(Collectors.toMap(ActionContract::getName, Function.identity()));
    }

    private static Map<String, StandardEndpoint> endpoints(FileDescriptorSet set) {
        return own(set).flatMap(file -> file.getServiceList().stream())
                .flatMap(service -> service.getOptions().getExtension(Options.standard).stream())
                .collect(Collectors.toMap(endpoint -> endpoint.getRest() + endpoint.getGrpc(), Function.identity()));
    }

    private static Map<String, FieldDescriptorProto> extensions(FileDescriptorSet set) {
        return own(set).flatMap(file -> file.getExtensionList().stream()
                        .map(field -> Map.entry(file.getPackage() + "." + field.getName(), field)))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    private static Stream<FileDescriptorProto> own(FileDescriptorSet set) {
        return set.getFileList().stream().filter(file -> file.getPackage().startsWith("chancery."));
    }
}
