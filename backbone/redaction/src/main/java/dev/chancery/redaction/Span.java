package dev.chancery.redaction;

/**
 * A place in a text that is redacted.
 *
 * @param start of its first character, in UTF-16 units from the text's beginning
 * @param end after its last character
 * @param kind one of {@link Profile#ALL}'s
 */
public record Span(int start, int end, String kind) {}
