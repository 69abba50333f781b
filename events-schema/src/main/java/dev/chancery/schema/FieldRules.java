package dev.chancery.schema;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.chancery.schema.FieldProblem.Rule;
import dev.chancery.schema.options.v1.FieldContract;
import dev.chancery.schema.options.v1.Format;
import dev.chancery.schema.options.v1.Options;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Checks requests and events against what their fields declare, nested messages included.
 *
 * <p>Empty means absent: an empty string or byte string breaks no rule but {@code required}. Items of a list are never empty. Patterns
 * match the whole string. Time is linear in the message's size, whatever it holds: a test proves that of every pattern in the contract.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public final class FieldRules {
    /** Items of a repeated field at most. */
    public static final int MAX_ITEMS = 200;

    private final Map<Descriptor, List<FieldRule>> rules = new HashMap<>();

    /** @param text what a string must be; null where any will do */
    private record FieldRule(
            FieldDescriptor field,
            boolean required,
            int length,
            List<Integer> orLengths,
            @Nullable Predicate<String> text) {}

    /** The rules of all requests and events. */
    public static FieldRules of(Contract contract) {
        return new FieldRules(Stream.concat(
                        contract.methods().stream().map(ContractMethod::input),
                        contract.events().values().stream()
                                .map(event -> event.prototype().getDescriptorForType()))
                .toList());
    }

    FieldRules(Collection<Descriptor> messages) {
        messages.forEach(this::compile);
    }

    private void compile(Descriptor message) {
        if (rules.containsKey(message)) {
            return;
        }
        List<FieldRule> compiled = new ArrayList<>();
        rules.put(message, compiled);
        for (FieldDescriptor field : message.getFields()) {
            compiled.add(compile(field));
            if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                compile(field.getMessageType());
            }
        }
    }

    private static FieldRule compile(FieldDescriptor field) {
        FieldContract declared = field.getOptions().getExtension(Options.field);
        return new FieldRule(
                field, declared.getRequired(), declared.getLength(), declared.getOrLengthList(), text(declared));
    }

    private static @Nullable Predicate<String> text(FieldContract declared) {
        if (declared.getFormat() == Format.FORMAT_ID) {
            return TextFormat::isId;
        }
        return declared.getPattern().isEmpty()
                ? null
                : Pattern.compile(declared.getPattern()).asMatchPredicate();
    }

    /**
     * The first problem, in order of the fields' declaration.
     *
     * @throws IllegalArgumentException if the message is neither a request nor an event of the contract
     */
    public Optional<FieldProblem> check(Message message) {
        return Optional.ofNullable(problem("", message));
    }

    private @Nullable FieldProblem problem(String path, Message message) {
        List<FieldRule> fields = rules.get(message.getDescriptorForType());
        if (fields == null) {
            throw new IllegalArgumentException(
                    "not of the contract: " + message.getDescriptorForType().getFullName());
        }
        if (!message.getUnknownFields().isEmpty()) {
            return new FieldProblem(path, Rule.UNKNOWN_FIELD);
        }
        for (FieldRule rule : fields) {
            String name = path.isEmpty()
                    ? rule.field().getName()
                    : path + "." + rule.field().getName();
            FieldProblem problem =
                    rule.field().isRepeated() ? listProblem(name, rule, message) : singleProblem(name, rule, message);
            if (problem != null) {
                return problem;
            }
        }
        return null;
    }

    private @Nullable FieldProblem singleProblem(String name, FieldRule rule, Message message) {
        Object value = message.getField(rule.field());
        boolean absent = rule.field().hasPresence()
                ? !message.hasField(rule.field())
                : value.equals(rule.field().getDefaultValue());
        if (absent) {
            return rule.required() ? new FieldProblem(name, Rule.REQUIRED) : null;
        }
        return valueProblem(name, rule, value);
    }

    private @Nullable FieldProblem listProblem(String name, FieldRule rule, Message message) {
        int count = message.getRepeatedFieldCount(rule.field());
        if (count == 0 && rule.required()) {
            return new FieldProblem(name, Rule.REQUIRED);
        }
        if (count > MAX_ITEMS) {
            return new FieldProblem(name, Rule.TOO_MANY);
        }
        for (int i = 0; i < count; i++) {
            FieldProblem problem = valueProblem(name + "[" + i + "]", rule, message.getRepeatedField(rule.field(), i));
            if (problem != null) {
                return problem;
            }
        }
        return null;
    }

    private @Nullable FieldProblem valueProblem(String name, FieldRule rule, Object value) {
        if (value instanceof String text) {
            boolean matches = rule.text() == null || rule.text().test(text);
            return matches ? null : new FieldProblem(name, Rule.PATTERN);
        }
        if (value instanceof ByteString bytes) {
            boolean fits = rule.length() == 0
                    || bytes.size() == rule.length()
                    || rule.orLengths().contains(bytes.size());
            return fits ? null : new FieldProblem(name, Rule.LENGTH);
        }
        if (value instanceof EnumValueDescriptor constant) {
            // An index below zero is protobuf's mark of a number that the enum does not have. Zero is "unspecified".
            boolean known = constant.getIndex() >= 0 && constant.getNumber() != 0;
            return known ? null : new FieldProblem(name, Rule.UNKNOWN_VALUE);
        }
        return value instanceof Message nested ? problem(name, nested) : null;
    }
}
