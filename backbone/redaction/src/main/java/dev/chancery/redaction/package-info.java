/**
 * The log boundary: whatever is about to be written to a log passes here last, so that no call site can forget it.
 *
 * <p><b>Promises:</b> mail addresses, phone numbers, IBANs, card numbers, tokens, keys, PEM blocks, {@code vault://} paths and
 * values after a secret's name are replaced in messages, arguments, request ids and exceptions alike; a log record is one line of
 * valid JSON whatever it was made from; the work grows linearly with the text, for hostile text too.
 *
 * <p><b>Does not promise:</b> to know personal data that has no shape (a person's name, a street), or a secret that stands alone
 * with neither a known prefix nor a name before it. Those are kept out by never being passed to a logger; this is the net below.
 */
@NullMarked
package dev.chancery.redaction;

import org.jspecify.annotations.NullMarked;
