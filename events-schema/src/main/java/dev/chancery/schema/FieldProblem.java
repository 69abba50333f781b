package dev.chancery.schema;

/**
 * Why a message is refused. Never holds the value.
 *
 * @param fieldPath names as in the .proto file, e.g. {@code capabilities[3]}; empty for the message itself
 */
public record FieldProblem(String fieldPath, Rule rule) {
    /** The rule that the field breaks. */
    public enum Rule {
        /** Must be given, and is empty, zero, unspecified or not there. */
        REQUIRED("is required"),
        /** A string that its pattern does not match. */
        PATTERN("does not have the form it must have"),
        /** Bytes of another length. */
        LENGTH("does not have the length it must have"),
        /** More than {@link FieldRules#MAX_ITEMS} items. */
        TOO_MANY("has more than 200 items"),
        /** A number that the enum does not have, or a list with its unspecified value. */
        UNKNOWN_VALUE("has a value that is not one of its values"),
        /** The message at this path has a field that the contract does not have. */
        UNKNOWN_FIELD("has a field that is not one of its fields");

        private final String text;

        Rule(String text) {
            this.text = text;
        }

        /** For people: fits after the field's path. */
        public String text() {
            return text;
        }
    }
}
